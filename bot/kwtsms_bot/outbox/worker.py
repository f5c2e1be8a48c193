"""Sends what is in the outbox. Decides nothing: `retry` does, and `store` writes it down.

For each call: claim it, wait for the turn, make "in flight" durable, and only then let a byte go.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

import structlog

from kwtsms_bot import logs
from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.outbox import retry
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store import Store
from kwtsms_bot.outbox.store.pace import LATE_SECONDS
from kwtsms_client import KwtSMSError, protocol
from kwtsms_client.protocol import Call

T = TypeVar("T")
MAX_IN_FLIGHT = 8  # A slow answer keeps no other message waiting.
SHORTEST_SECONDS = 0.05
SWEEP_SECONDS = 2.0  # How often the leases of others are looked at.
TROUBLE_SECONDS = 1.0
FINISH_SECONDS = 20.0
log = structlog.get_logger(__name__)


class Carrier(Protocol):
    """Something that carries a call to the gateway exactly once."""

    async def exchange(self, call: Call[T]) -> T:
        """The answer, or one of the client's errors."""


class Turns(Protocol):
    """Something that lets requests start one after another."""

    async def turn(self) -> None:
        """Waits until this request may start."""


class Worker:
    """One process's hands in the outbox; any number of them can work on one database."""

    def __init__(
        self,
        store: Store,
        carrier: Carrier,
        turns: Turns,
        *,
        owner: str,
        lease: timedelta,
        clock: Callable[[], datetime],
        on_change: Callable[[], None] = lambda: None,
        on_balance: Callable[[Decimal], None] = lambda _: None,
    ) -> None:
        self._store, self._carrier, self._turns = store, carrier, turns
        self._owner, self._lease, self._clock = owner, lease, clock
        self._on_change, self._on_balance = on_change, on_balance
        self._woken = asyncio.Event()
        self._free = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._carrying: set[asyncio.Task[None]] = set()
        self._moved_at = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """How long ago the loop last moved on; it looks at the queue every two seconds."""
        return time.monotonic() - self._moved_at

    def wake(self) -> None:
        """There is something new to send."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, and then finishes what is in flight."""
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            self._woken.clear()
            try:
                delay = await self._round(stop)
            except DatabaseTrouble as error:
                log.error("database trouble", error=str(error))
                delay = TROUBLE_SECONDS
            await self._sleep(delay, stopping)
        stopping.cancel()
        if self._carrying:
            await asyncio.wait(self._carrying, timeout=FINISH_SECONDS)

    async def _round(self, stop: asyncio.Event) -> float:
        """Sends all that is due; answers when to look again, in seconds."""
        now = self._clock()
        given_back, unknown = await self._store.reap(now)
        if given_back or unknown:
            log.warning("taken over", queued=given_back, unknown=unknown)
        while not stop.is_set() and await self._is_due():
            self._moved_at = time.monotonic()
            await self._free.acquire()
            launched = False
            try:
                launched = await self._launch(stop)
            finally:
                if not launched:
                    self._free.release()
        self._on_change()  # A claim may have put recipients off, or given them up.
        due = await self._store.next_due()
        self._moved_at = time.monotonic()
        wait = SWEEP_SECONDS if due is None else (due - self._clock()).total_seconds()
        return max(SHORTEST_SECONDS, min(SWEEP_SECONDS, wait))

    async def _is_due(self) -> bool:
        due = await self._store.next_due()
        return due is not None and due <= self._clock()

    async def _launch(self, stop: asyncio.Event) -> bool:
        """Puts one call on its way. The turn comes first: what is urgent then is claimed then."""
        await self._turns.turn()
        turn = time.monotonic()
        if stop.is_set():
            return False
        call = await self._store.claim(self._owner, self._lease, self._clock())
        leaving = time.monotonic()
        if call is None or not await self._store.put_in_flight(call, self._lease, self._clock()):
            return False
        task = asyncio.create_task(self._send(call, turn, leaving))
        self._carrying.add(task)
        task.add_done_callback(self._carried)
        self._on_change()
        return True

    def _carried(self, task: "asyncio.Task[None]") -> None:
        self._carrying.discard(task)
        self._free.release()
        if not task.cancelled() and (error := task.exception()):
            log.error("call abandoned", exc_info=error)  # Its lease runs out: it becomes unknown.

    async def _send(self, call: ClaimedCall, turn: float, leaving: float) -> None:
        logs.continue_request(call.request)
        if await self._may_leave(turn, leaving):
            plan = await self._carry(call)
        else:
            plan = retry.overslept(self._clock())
        await self._settle(call, plan)

    async def _may_leave(self, turn: float, leaving: float) -> bool:
        """Whether our lease still runs, after another turn where ours is long past."""
        try:
            if time.monotonic() - turn > LATE_SECONDS:
                await self._turns.turn()
        except DatabaseTrouble as error:
            log.warning("no turn", error=str(error))
            return False
        return time.monotonic() - leaving < self._lease.total_seconds()

    async def _carry(self, call: ClaimedCall) -> Plan:
        """Sends it, once, and holds on to the lease until there is an answer."""
        numbers = [one.phone for one in call.recipients]
        request = protocol.send(
            sender=call.sender_id, recipients=numbers, text=call.text, test=call.test
        )
        exchange = asyncio.create_task(self._carrier.exchange(request))
        while not exchange.done():
            await asyncio.wait({exchange}, timeout=self._lease.total_seconds() / 3)
            if not exchange.done():
                await self._renew(call)
        try:
            return retry.accepted(exchange.result(), len(numbers), self._clock())
        except KwtSMSError as error:
            tries = max(one.tries for one in call.recipients)
            return retry.failed(error, tries, self._clock())

    async def _renew(self, call: ClaimedCall) -> None:
        try:
            await self._store.renew(call, self._lease, self._clock())
        except DatabaseTrouble as error:
            log.warning("lease not renewed", message=call.ref, error=str(error))

    async def _settle(self, call: ClaimedCall, plan: Plan) -> None:
        """Writes down what it came to; as long as that fails, the call counts as unknown."""
        deadline = self._clock() + 2 * self._lease
        while True:
            try:
                await self._store.settle(call, plan, self._clock())
                break
            except DatabaseTrouble as error:
                log.error("outcome not written", message=call.ref, error=str(error))
                if self._clock() > deadline:
                    return
                await asyncio.sleep(TROUBLE_SECONDS)
        log.info(
            "call settled",
            message=call.ref,
            recipients=len(call.recipients),
            state=plan.state.value,
            code=plan.code,
            gateway_id=plan.gateway_id,
        )
        self.wake()
        self._on_change()
        if plan.balance_after is not None:
            self._on_balance(plan.balance_after)

    async def _sleep(self, seconds: float, stopping: "asyncio.Task[bool]") -> None:
        woken = asyncio.create_task(self._woken.wait())
        await asyncio.wait({woken, stopping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
