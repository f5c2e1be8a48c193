"""A kwtSMS gateway in memory, with everything about it in reach of a test.

The methods do what the vendor, the dashboard, the phones and bad luck do to the real one. Knows no
HTTP; it never leaves the machine and never sends an SMS.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from kwtsms_sandbox.clock import Clock
from kwtsms_sandbox.gateway.accounts import DEMO_ACCOUNT, Account
from kwtsms_sandbox.gateway.answers import Json
from kwtsms_sandbox.gateway.books import Books
from kwtsms_sandbox.gateway.endpoints import ENDPOINTS, Desk
from kwtsms_sandbox.gateway.events import Announcer, Subscription
from kwtsms_sandbox.gateway.faults import Fault, FaultOrder, FaultPlan, Planned
from kwtsms_sandbox.gateway.journal import Journal
from kwtsms_sandbox.gateway.knobs import Knobs, Turned
from kwtsms_sandbox.gateway.limiter import Limiter
from kwtsms_sandbox.gateway.records import Entry, Event, Kind, Seen, Sms, as_json


class Simulation:
    """Accounts, knobs and a clock in; a ledger, phones and a journal of requests out."""

    def __init__(
        self,
        *,
        accounts: Sequence[Account] = (DEMO_ACCOUNT,),
        knobs: Knobs | None = None,
        clock: Clock | None = None,
        seed: int = 0,
    ) -> None:
        self.clock = clock or Clock()
        self.faults = FaultPlan()
        self._first = (tuple(accounts), knobs or Knobs(), seed)
        self._events = Announcer()
        self._open = asyncio.Event()
        self.reset()

    def reset(self) -> None:
        """Back to the beginning: accounts, credits, knobs, ledger, phones; the clock stays."""
        accounts, knobs, seed = self._first
        self._turned = Turned(knobs, self.clock.now())
        self.books = Books(accounts, seed=seed)
        self.limiter = Limiter()
        self.journal = Journal(self._tell)
        self.faults.clear()
        self._open.set()
        self._tell(Kind.CHANGED, {"what": "reset"})

    # What happened

    @property
    def ledger(self) -> list[Entry]:
        """Every accepted send, in order: what was charged, whatever its sender came to know."""
        self.settle()
        return list(self.books.entries.values())

    @property
    def requests(self) -> list[Seen]:
        """Every HTTP request to the API, in order."""
        return list(self.journal.seen)

    def inbox(self, number: str) -> list[Sms]:
        """What the phone with this number has received."""
        self.settle()
        return list(self.books.inboxes.get(number, ()))

    def inboxes(self) -> dict[str, list[Sms]]:
        """What each phone has received."""
        self.settle()
        return {number: list(received) for number, received in self.books.inboxes.items()}

    def balance(self, username: str | None = None) -> Decimal:
        """The credits left, on the first account if none is named."""
        return self.books.holding(username or self.account.username).available

    @property
    def account(self) -> Account:
        """The first account."""
        return next(iter(self.books.accounts.values()))

    def subscribe(self) -> Subscription:
        """Everything that happens from now on."""
        return self._events.subscribe()

    async def until(self, holds: Callable[[], bool], *, timeout: float = 20.0) -> None:  # noqa: ASYNC109
        """Wait, without polling, until something that happens makes `holds()` true.

        Raises:
            TimeoutError: it did not within `timeout` seconds.
        """
        with self.subscribe() as events:
            async with asyncio.timeout(timeout):
                while not holds():
                    await events.next()

    # What is done to it

    @property
    def knobs(self) -> Knobs:
        """How it behaves now; assign, or `turn(...)` single ones."""
        return self._turned.by(self.clock.now())

    @knobs.setter
    def knobs(self, knobs: Knobs) -> None:
        self._turned = Turned(knobs, self.clock.now())
        self._tell(Kind.CHANGED, {"what": "knobs"})

    def turn(self, **knobs: Any) -> None:
        """Turn the named knobs: `gateway.turn(error_status=200)`."""
        self.knobs = replace(self.knobs, **knobs)

    def change_account(self, username: str | None = None, **changes: Any) -> None:
        """Change an account's fields: `gateway.change_account(blocked=True)`."""
        holding = self.books.holding(username or self.account.username)
        holding.account = replace(holding.account, **changes)
        if "credits" in changes:
            self.set_credits(holding.account.credits, username=username)
        self._tell(Kind.CHANGED, {"what": "account", "account": holding.account.username})

    def fault(
        self,
        fault: Fault | str,
        *,
        endpoint: str | None = None,
        times: int | None = 1,
        seconds: float = 0.0,
        http_status: int | None = None,
    ) -> None:
        """Let the next `times` requests fail (None: all until `faults.clear()`).

        An error code in place of a `Fault`, such as "ERR013", is a rejection by force.
        """
        order = FaultOrder(
            fault=str(fault),
            endpoint=endpoint,
            times=times,
            seconds=seconds,
            http_status=http_status,
        )
        self.plan(order.planned())

    def plan(self, fault: Planned) -> None:
        """Add a fault to those that wait for their requests."""
        self.faults.add(fault)
        self._tell(Kind.CHANGED, {"what": "faults"})

    def hold(self) -> None:
        """Accept sends, and keep their answers back until `release()`."""
        self._open.clear()

    def release(self) -> None:
        """Let the answers go that were kept back."""
        self._open.set()

    @property
    def holds(self) -> bool:
        """Whether answers are being kept back."""
        return not self._open.is_set()

    async def answers_released(self) -> None:
        """Wait while answers are kept back."""
        await self._open.wait()

    def top_up(self, points: Decimal | int | str, *, username: str | None = None) -> None:
        """Buy credits."""
        name = username or self.account.username
        self.books.top_up(name, Decimal(points))
        self._tell_balance(name)

    def set_credits(self, points: Decimal | int | str, *, username: str | None = None) -> None:
        """Leave the account with exactly so many credits."""
        name = username or self.account.username
        self.books.holding(name).available = Decimal(points)
        self._tell_balance(name)

    def delete_from_queue(self, message_id: str) -> Entry:
        """Delete a stuck, test or waiting message, as the dashboard does: its credits come back."""
        entry = self.books.delete(message_id)
        self._tell_state(entry)
        self._tell_balance(entry.account)
        return entry

    def set_status(self, message_id: str, status: str, description: str = "") -> None:
        """Make /status/ say this of one message; an error code, such as "ERR030", refuses."""
        self.books.said_of(message_id).set_status(status, description)
        self._tell_state(self.books.entry(message_id))

    def set_dlr(self, message_id: str, deliveries: Mapping[str, str]) -> None:
        """Make /dlr/ say this of one message's numbers, at once."""
        self.books.said_of(message_id).deliveries.update(deliveries)
        self._tell_state(self.books.entry(message_id))

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self.clock.advance(seconds)
        self.settle()
        self._tell(Kind.CHANGED, {"what": "clock"})

    # How it works

    def handle(self, endpoint: str, payload: Mapping[str, Any], address: str) -> Json:
        """Carry out one request.

        Raises:
            Refused: it breaks a rule.
        """
        self.settle()
        desk = Desk(self.books, self.knobs, self.clock.now(), address)
        answer = ENDPOINTS[endpoint](desk, payload)
        if endpoint == "send":
            self._accepted(self.books.entry(answer["msg-id"]))
        return answer

    def refused(self, endpoint: str, code: str) -> None:
        """Tell that a request was refused."""
        self._tell(Kind.REJECTED, {"endpoint": endpoint, "code": code})

    def settle(self) -> None:
        """Let what is due leave the queue for the phones."""
        for entry in self.books.release_due(self.clock.now()):
            self._tell_state(entry)
            for number in entry.numbers:
                self._tell(Kind.RECEIVED, as_json(self.books.inboxes[number][-1]))

    def _accepted(self, entry: Entry) -> None:
        self._tell(Kind.ACCEPTED, as_json(entry))
        self._tell_balance(entry.account)
        self.settle()
        delay = (entry.leaves_at - entry.at).total_seconds()
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self.settle)

    def _tell_balance(self, username: str) -> None:
        facts = {"account": username, "available": str(self.balance(username))}
        self._tell(Kind.BALANCE, facts)

    def _tell_state(self, entry: Entry) -> None:
        self._tell(Kind.STATE, {"message_id": entry.message_id, "state": entry.state})

    def _tell(self, kind: Kind, facts: Mapping[str, Any]) -> None:
        self._events.tell(Event(kind, self.clock.now(), facts))
