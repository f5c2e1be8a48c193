"""A gateway described in a JSON file: its accounts, knobs, faults, seed and clock.

{"seed": 7, "clock": "2026-01-01T09:00:00+03:00",
 "accounts": [{"username": "shop", "password": "s3cret", "credits": "12.5"}],
 "knobs": {"number_style": "string", "error_status": 200},
 "faults": [{"fault": "reset_after", "endpoint": "send", "times": 2}, {"fault": "ERR013"}]}
"""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from kwtsms_sandbox.clock import Clock
from kwtsms_sandbox.gateway.accounts import DEMO_ACCOUNT, GatewayAccount
from kwtsms_sandbox.gateway.behaviour import Behaviour
from kwtsms_sandbox.gateway.fault_plan import FaultSpec, PlannedFault
from kwtsms_sandbox.gateway.json_reader import Problems, ScenarioError, load, read
from kwtsms_sandbox.gateway.server import Gateway

T = TypeVar("T")
YEARS = range(1970, 2100)  # outside these years, sums of times could overflow datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Initial state of a gateway."""

    accounts: tuple[GatewayAccount, ...] = (DEMO_ACCOUNT,)
    behaviour: Behaviour = field(default_factory=Behaviour)
    faults: tuple[PlannedFault, ...] = ()
    seed: int | None = None
    clock: datetime | None = None  # the clock is frozen at this time; None: it follows the real one

    def gateway(self, *, seed: int | None = None) -> Gateway:
        """Returns a gateway in this state; `seed` overrides the scenario's, else it is random."""
        chosen = self.seed if seed is None else seed
        gateway = Gateway(
            accounts=self.accounts,
            behaviour=self.behaviour,
            clock=Clock(self.clock),
            seed=secrets.randbits(32) if chosen is None else chosen,
        )
        for fault in self.faults:
            gateway.plan(fault)
        return gateway


def parse(text: str) -> Scenario:
    """Returns the scenario in a file's text.

    Raises:
        ScenarioError: it is not JSON, or something in it does not fit.
    """
    given = load(text)
    if not isinstance(given, dict) or given.keys() - PARTS.keys():
        raise ScenarioError(f"expected an object with any of: {', '.join(PARTS)}")
    problems = Problems()
    parts: dict[str, Any] = {
        _field(name): problems.attempt(partial(PARTS[name], value))
        for name, value in given.items()
        if value is not None
    }
    problems.raise_if_any()
    return Scenario(**parts)


def _field(key: str) -> str:
    """Returns the field of `Scenario` that a key of the file fills."""
    return "behaviour" if key == "knobs" else key


def _accounts(given: Any) -> tuple[GatewayAccount, ...]:
    listed = _list(given, "accounts")
    if not listed:
        raise ScenarioError("accounts: expected at least one; leave it out for the demo account")
    problems = Problems()
    accounts = problems.attempt(partial(_each, GatewayAccount, listed, "accounts"))
    problems.attempt(partial(_check_names, listed))
    problems.raise_if_any()
    return accounts or ()


def _check_names(accounts: list[Any]) -> None:
    named = (one.get("username") for one in accounts if isinstance(one, dict))
    count = Counter(name for name in named if isinstance(name, str))
    twice = [name for name, times in count.items() if times > 1]
    if twice:
        raise ScenarioError(f"accounts: several have the username {', '.join(map(repr, twice))}")


def _faults(given: Any) -> tuple[PlannedFault, ...]:
    return tuple(spec.to_planned_fault() for spec in _each(FaultSpec, given, "faults"))


def _seed(given: Any) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise ScenarioError(f"seed: expected a whole number, got {given!r}")
    return given


def _clock(given: Any) -> datetime:
    try:
        at = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None or at.year not in YEARS:
        limits = f"from {YEARS[0]} to {YEARS[-1]}, such as 2026-01-01T09:00:00+03:00"
        raise ScenarioError(f"clock: expected a time with its offset, {limits}; got {given!r}")
    return at.astimezone(UTC)


PARTS: Mapping[str, Callable[[Any], Any]] = {
    "accounts": _accounts,
    "clock": _clock,
    "faults": _faults,
    "knobs": lambda given: read(Behaviour, given, where="knobs"),
    "seed": _seed,
}


def _each(kind: type[T], given: Any, where: str) -> tuple[T, ...]:
    problems = Problems()
    items = [
        problems.attempt(partial(read, kind, one, where=f"{where}[{at}]"))
        for at, one in enumerate(_list(given, where))
    ]
    problems.raise_if_any()
    return tuple(one for one in items if one is not None)


def _list(given: Any, where: str) -> list[Any]:
    if not isinstance(given, list):
        raise ScenarioError(f"{where}: expected a list, got {given!r}")
    return given
