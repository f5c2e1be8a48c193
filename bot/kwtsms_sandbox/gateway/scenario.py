"""A gateway described in a JSON file: its accounts, knobs, faults and seed.

{"seed": 7,
 "accounts": [{"username": "shop", "password": "s3cret", "credits": "12.5"}],
 "knobs": {"number_style": "string", "error_status": 200},
 "faults": [{"fault": "reset_after", "endpoint": "send", "times": 2}, {"fault": "ERR013"}]}
"""

import json
from dataclasses import dataclass, field
from typing import Any

from kwtsms_sandbox.gateway.accounts import DEMO_ACCOUNT, Account
from kwtsms_sandbox.gateway.faults import FaultOrder, Planned
from kwtsms_sandbox.gateway.gateway import Gateway
from kwtsms_sandbox.gateway.knobs import Knobs
from kwtsms_sandbox.gateway.reading import ScenarioError, read

KEYS = ("accounts", "faults", "knobs", "seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything that a gateway starts with."""

    accounts: tuple[Account, ...] = (DEMO_ACCOUNT,)
    knobs: Knobs = field(default_factory=Knobs)
    faults: tuple[Planned, ...] = ()
    seed: int | None = None

    def gateway(self, *, seed: int) -> Gateway:
        """A gateway that starts so; `seed` is for a scenario that names none."""
        number = seed if self.seed is None else self.seed
        gateway = Gateway(accounts=self.accounts, knobs=self.knobs, seed=number)
        for fault in self.faults:
            gateway.plan(fault)
        return gateway


def parse(text: str) -> Scenario:
    """The scenario in a file's text.

    Raises:
        ScenarioError: it is not JSON, or something in it does not fit.
    """
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ScenarioError(f"not JSON: {error}") from error
    if not isinstance(given, dict) or given.keys() - set(KEYS):
        raise ScenarioError(f"expected an object with any of: {', '.join(KEYS)}")
    seed = given.get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise ScenarioError(f"seed: expected a whole number, got {seed!r}")
    return Scenario(
        accounts=_accounts(given.get("accounts")),
        knobs=read(Knobs, given.get("knobs", {}), where="knobs"),
        faults=tuple(
            read(FaultOrder, one, where=f"faults[{at}]").planned()
            for at, one in enumerate(_list(given.get("faults", []), "faults"))
        ),
        seed=seed,
    )


def _accounts(given: Any) -> tuple[Account, ...]:
    if given is None:
        return (DEMO_ACCOUNT,)
    listed = _list(given, "accounts")
    if not listed:
        raise ScenarioError("accounts: expected at least one; leave it out for the demo account")
    return tuple(read(Account, one, where=f"accounts[{at}]") for at, one in enumerate(listed))


def _list(given: Any, where: str) -> list[Any]:
    if not isinstance(given, list):
        raise ScenarioError(f"{where}: expected a list, got {given!r}")
    return given
