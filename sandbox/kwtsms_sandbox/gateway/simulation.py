"""A kwtSMS gateway in memory, which a test can inspect and change.

Its methods do what the vendor, the dashboard, the phones and network faults do to the real one.
Knows no HTTP; nothing leaves the machine, and no SMS is sent.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from kwtsms_sandbox.clock import Clock
from kwtsms_sandbox.gateway.accounts import DEMO_ACCOUNT, GatewayAccount
from kwtsms_sandbox.gateway.behaviour import Behaviour, EffectiveBehaviour
from kwtsms_sandbox.gateway.endpoints import ENDPOINTS, EndpointContext
from kwtsms_sandbox.gateway.events import EventBus, Subscription
from kwtsms_sandbox.gateway.fault_plan import Fault, FaultPlan, FaultSpec, PlannedFault
from kwtsms_sandbox.gateway.ledger import Ledger
from kwtsms_sandbox.gateway.models import Entry, Event, Kind, LoggedRequest, Sms, as_json
from kwtsms_sandbox.gateway.rate_limiter import AddressRateLimiter
from kwtsms_sandbox.gateway.request_log import RequestLog
from kwtsms_sandbox.gateway.responses import Json


class Simulation:
    """Accounts, knobs and a clock in; a ledger, phones and a log of requests out."""

    def __init__(
        self,
        *,
        accounts: Sequence[GatewayAccount] = (DEMO_ACCOUNT,),
        behaviour: Behaviour | None = None,
        clock: Clock | None = None,
        seed: int = 0,
    ) -> None:
        self.clock = clock or Clock()
        self.faults = FaultPlan()
        self._initial = (tuple(accounts), behaviour or Behaviour(), seed)
        self._events = EventBus()
        self._released = asyncio.Event()
        self.reset()

    def reset(self) -> None:
        """Restores the initial accounts, credits, knobs, ledger and phones; the clock stays."""
        accounts, behaviour, seed = self._initial
        self._effective = EffectiveBehaviour(behaviour, self.clock.now())
        self.records = Ledger(accounts, seed=seed)
        self.rate_limiter = AddressRateLimiter()
        self.request_log = RequestLog(self._publish)
        self.faults.clear()
        self._released.set()
        self._publish(Kind.CHANGED, {"what": "reset"})

    # Reading the state

    @property
    def ledger(self) -> list[Entry]:
        """Every accepted send, in order: what was charged, whatever its sender learned."""
        self.settle()
        return list(self.records.entries.values())

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every HTTP request to the API, in order."""
        return list(self.request_log.requests)

    def inbox(self, number: str) -> list[Sms]:
        """Returns the messages that the phone with this number has received."""
        self.settle()
        return list(self.records.inboxes.get(number, ()))

    def inboxes(self) -> dict[str, list[Sms]]:
        """Returns the messages that each phone has received."""
        self.settle()
        return {number: list(received) for number, received in self.records.inboxes.items()}

    def balance(self, username: str | None = None) -> Decimal:
        """Returns the credits left, by default on the first account."""
        return self.records.account_balance(username or self.account.username).available

    @property
    def account(self) -> GatewayAccount:
        """The first account."""
        return next(iter(self.records.accounts.values()))

    def subscribe(self) -> Subscription:
        """Returns a subscription to the events from now on."""
        return self._events.subscribe()

    async def until(self, condition: Callable[[], bool], *, timeout: float = 20.0) -> None:  # noqa: ASYNC109
        """Waits, without polling, until an event makes `condition()` true.

        Raises:
            TimeoutError: it did not within `timeout` seconds.
        """
        with self.subscribe() as events:
            async with asyncio.timeout(timeout):
                while not condition():
                    await events.next()

    # Changing the state

    @property
    def behaviour(self) -> Behaviour:
        """The knobs now in effect; assign a new set, or change single ones by `configure(...)`."""
        return self._effective.effective_at(self.clock.now())

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._effective = EffectiveBehaviour(behaviour, self.clock.now())
        self._publish(Kind.CHANGED, {"what": "knobs"})

    def configure(self, **changes: Any) -> None:
        """Sets the named knobs: `gateway.configure(error_status=200)`."""
        self.behaviour = replace(self.behaviour, **changes)

    def change_account(self, username: str | None = None, **changes: Any) -> None:
        """Changes an account's fields: `gateway.change_account(blocked=True)`."""
        account_balance = self.records.account_balance(username or self.account.username)
        account_balance.account = replace(account_balance.account, **changes)
        if "credits" in changes:
            self.set_credits(account_balance.account.credits, username=username)
        self._publish(
            Kind.CHANGED, {"what": "account", "account": account_balance.account.username}
        )

    def fault(
        self,
        fault: Fault | str,
        *,
        endpoint: str | None = None,
        times: int | None = 1,
        seconds: float = 0.0,
        http_status: int | None = None,
    ) -> None:
        """Makes the next `times` requests fail (None: all until `faults.clear()`).

        An error code in place of a `Fault`, such as "ERR013", forces that rejection.
        """
        spec = FaultSpec(
            fault=str(fault),
            endpoint=endpoint,
            times=times,
            seconds=seconds,
            http_status=http_status,
        )
        self.plan(spec.to_planned_fault())

    def plan(self, fault: PlannedFault) -> None:
        """Adds a fault to the plan."""
        self.faults.add(fault)
        self._publish(Kind.CHANGED, {"what": "faults"})

    def withhold_responses(self) -> None:
        """Withholds the answers to accepted sends until `release_responses()`."""
        self._released.clear()

    def release_responses(self) -> None:
        """Releases the withheld answers."""
        self._released.set()

    @property
    def is_withholding(self) -> bool:
        """Whether answers are being withheld."""
        return not self._released.is_set()

    async def wait_until_released(self) -> None:
        """Waits while answers are withheld."""
        await self._released.wait()

    def top_up(self, points: Decimal | int | str, *, username: str | None = None) -> None:
        """Adds purchased credits."""
        name = username or self.account.username
        self.records.top_up(name, Decimal(points))
        self._publish_balance(name)

    def set_credits(self, points: Decimal | int | str, *, username: str | None = None) -> None:
        """Sets the credits that the account has left."""
        name = username or self.account.username
        self.records.account_balance(name).available = Decimal(points)
        self._publish_balance(name)

    def delete_from_queue(self, message_id: str) -> Entry:
        """Deletes a stuck, test or queued message and refunds it, as the dashboard does."""
        entry = self.records.delete(message_id)
        self._publish_state(entry)
        self._publish_balance(entry.account)
        return entry

    def set_status(self, message_id: str, status: str, description: str = "") -> None:
        """Sets what /status/ answers for one message; an error code, such as "ERR030", rejects."""
        self.records.admin_status(message_id).set_status(status, description)
        self._publish_state(self.records.entry(message_id))

    def set_dlr(self, message_id: str, deliveries: Mapping[str, str]) -> None:
        """Sets what /dlr/ answers for one message's numbers, at once."""
        self.records.admin_status(message_id).deliveries.update(deliveries)
        self._publish_state(self.records.entry(message_id))

    def advance(self, seconds: float) -> None:
        """Moves the clock forward, and delivers what is due by then."""
        self.clock.advance(seconds)
        self.settle()
        self._publish(Kind.CHANGED, {"what": "clock"})

    # Handling requests

    def handle(self, endpoint: str, payload: Mapping[str, Any], address: str) -> Json:
        """Handles one request.

        Raises:
            Refused: it breaks a rule.
        """
        self.settle()
        context = EndpointContext(self.records, self.behaviour, self.clock.now(), address)
        answer = ENDPOINTS[endpoint](context, payload)
        if endpoint == "send":
            self._on_accepted(self.records.entry(answer["msg-id"]))
        return answer

    def publish_refusal(self, endpoint: str, code: str) -> None:
        """Publishes that a request was refused."""
        self._publish(Kind.REJECTED, {"endpoint": endpoint, "code": code})

    def settle(self) -> None:
        """Delivers the queued messages that are due."""
        for entry in self.records.release_due(self.clock.now()):
            self._publish_state(entry)
            for number in entry.numbers:
                self._publish(Kind.RECEIVED, as_json(self.records.inboxes[number][-1]))

    def _on_accepted(self, entry: Entry) -> None:
        self._publish(Kind.ACCEPTED, as_json(entry))
        self._publish_balance(entry.account)
        self.settle()
        delay = (entry.leaves_at - entry.at).total_seconds()
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self.settle)

    def _publish_balance(self, username: str) -> None:
        facts = {"account": username, "available": str(self.balance(username))}
        self._publish(Kind.BALANCE, facts)

    def _publish_state(self, entry: Entry) -> None:
        self._publish(Kind.STATE, {"message_id": entry.message_id, "state": entry.state})

    def _publish(self, kind: Kind, facts: Mapping[str, Any]) -> None:
        self._events.publish(Event(kind, self.clock.now(), facts))
