"""The sandbox's own HTTP API, for tests in another process or another language.

Reads with GET, changes with POST and a JSON body. It is not part of kwtSMS, counts towards no limit
and needs no password: it listens on loopback and guards nothing of value.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, TypeVar

from aiohttp import web

from kwtsms_sandbox.gateway.accounts import GatewayAccount, check_amounts
from kwtsms_sandbox.gateway.behaviour import Behaviour
from kwtsms_sandbox.gateway.fault_plan import FaultSpec
from kwtsms_sandbox.gateway.json_reader import load, read
from kwtsms_sandbox.gateway.ledger import UnknownRecordError
from kwtsms_sandbox.gateway.models import as_json
from kwtsms_sandbox.gateway.simulation import Simulation

PREFIX = "/admin/"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """Credits to add or, for `balance`, to set."""

    points: Decimal
    username: str | None = None

    def __post_init__(self) -> None:
        """Checks the amount.

        Raises:
            ValueError: the amount is out of range.
        """
        check_amounts([("points", self.points)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """Message to delete from the queue."""

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStatus:
    """Status that /status/ is to report for a message: a word, or an error code."""

    message_id: str
    status: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """Delivery reports that /dlr/ is to give for a message: a status by number."""

    message_id: str
    deliveries: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockAdvance:
    """Seconds by which to advance the clock."""

    advance: float


class AdminApi:
    """Routes that read and change one simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._readers: Mapping[str, Callable[[], Any]] = {
            "ledger": lambda: [as_json(entry) for entry in simulation.ledger],
            "requests": lambda: [as_json(request) for request in simulation.requests],
            "inbox": self._inboxes,
            "balance": self._balances,
            "knobs": lambda: asdict(simulation.behaviour),
            "faults": lambda: [asdict(planned) for planned in simulation.faults],
            "clock": lambda: simulation.clock.now().isoformat(),
        }
        self._writers: Mapping[str, Callable[[Any], Any]] = {
            "topup": self._top_up,
            "balance": self._set_credits,
            "account": self._change_account,
            "queue/delete": self._delete,
            "status": self._set_status,
            "dlr": self._set_report,
            "clock": self._advance,
            "knobs": self._configure,
            "faults": self._add_fault,
            "faults/clear": lambda _: simulation.faults.clear(),
            "hold": lambda _: simulation.withhold_responses(),
            "release": lambda _: simulation.release_responses(),
            "reset": lambda _: simulation.reset(),
        }

    def routes(self) -> Sequence[web.RouteDef]:
        """Returns the routes for an application's router."""
        return (
            web.get(PREFIX + "{name:.*}", self._get),
            web.post(PREFIX + "{name:.*}", self._post),
        )

    async def _get(self, request: web.Request) -> web.Response:
        read_value = self._readers.get(request.match_info["name"])
        if read_value is None:
            return _problem(404, f"GET {PREFIX}: one of {', '.join(self._readers)}")
        return _json(read_value())

    async def _post(self, request: web.Request) -> web.Response:
        change = self._writers.get(request.match_info["name"])
        if change is None:
            return _problem(404, f"POST {PREFIX}: one of {', '.join(self._writers)}")
        if request.content_type != "application/json":
            # A browser sends this type across origins only after a CORS preflight.
            return _problem(415, "expected Content-Type: application/json")
        try:
            body = await request.read()
            return _json(change(load(body) if body else {}))
        except ValueError as error:  # ScenarioError, or a value that the clock rejects.
            return _problem(400, *str(error).splitlines())
        except UnknownRecordError as error:
            return _problem(404, str(error.args[0]))

    def _inboxes(self) -> dict[str, Any]:
        inboxes = self._simulation.inboxes()
        return {number: [as_json(sms) for sms in received] for number, received in inboxes.items()}

    def _balances(self) -> dict[str, Decimal]:
        return {name: self._simulation.balance(name) for name in self._simulation.records.accounts}

    def _top_up(self, body: Any) -> dict[str, Decimal]:
        given = read(Credits, body, where="topup")
        self._simulation.top_up(given.points, username=given.username)
        return self._balances()

    def _set_credits(self, body: Any) -> dict[str, Decimal]:
        given = read(Credits, body, where="balance")
        self._simulation.set_credits(given.points, username=given.username)
        return self._balances()

    def _change_account(self, body: Any) -> dict[str, Any]:
        named = body.get("username") if isinstance(body, dict) else None
        name = str(named or self._simulation.account.username)
        account = self._simulation.records.account_balance(name).account
        changed = asdict(read(GatewayAccount, body, where="account", base=account))
        changes = {field: changed[field] for field in body.keys() - {"username"}}
        self._simulation.change_account(name, **changes)
        return {field: value for field, value in changed.items() if field != "password"}

    def _delete(self, body: Any) -> dict[str, Any]:
        given = read(Deletion, body, where="queue/delete")
        return as_json(self._simulation.delete_from_queue(given.message_id))

    def _set_status(self, body: Any) -> None:
        given = read(NewStatus, body, where="status")
        self._simulation.set_status(given.message_id, given.status, given.description)

    def _set_report(self, body: Any) -> None:
        given = read(NewReport, body, where="dlr")
        self._simulation.set_dlr(given.message_id, given.deliveries)

    def _advance(self, body: Any) -> str:
        self._simulation.advance(read(ClockAdvance, body, where="clock").advance)
        return self._simulation.clock.now().isoformat()

    def _configure(self, body: Any) -> dict[str, Any]:
        self._simulation.behaviour = read(
            Behaviour, body, where="knobs", base=self._simulation.behaviour
        )
        return asdict(self._simulation.behaviour)

    def _add_fault(self, body: Any) -> None:
        self._simulation.plan(read(FaultSpec, body, where="faults").to_planned_fault())


def _json(value: Any) -> web.Response:
    return web.json_response(value, dumps=lambda what: json.dumps(what, default=str))


def _problem(status: int, *problems: str) -> web.Response:
    return web.json_response({"problems": list(problems)}, status=status)
