"""Sends what is in the outbox. Decides nothing: `retry` and `hold` do, and `store` writes it down.

For each call: wait for the turn, claim it, make "in flight" durable, and only then let a byte go.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from kwtsms_bot import logs
from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.outbox import retry
from kwtsms_bot.outbox.carrying import Carrier, Turns
from kwtsms_bot.outbox.departure import Departure, StayedHere
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store import Store
from kwtsms_bot.outbox.sweeper import Sweeper
from kwtsms_client import KwtSMSError, protocol

MAX_IN_FLIGHT = 8  # A slow answer keeps no other message waiting.
SHORTEST_SECONDS = 0.05
LOOK_SECONDS = 2.0  # How often the queue is looked at while nothing is due.
TROUBLE_SECONDS = 1.0
FINISH_SECONDS = 20.0
log = structlog.get_logger(__name__)


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
        self._in_doubt = False  # Whether the database had trouble with what we were at.
        self._unheard: list[ClaimedCall] = []  # They may be in flight; nothing of them has left.
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
        sweeper = Sweeper(self._store, clock=self._clock, on_change=self._changed)
        parts = [asyncio.create_task(self._work(stop)), asyncio.create_task(sweeper.run(stop))]
        try:
            ended, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_EXCEPTION)
            for part in ended:
                part.result()
            if self._carrying:
                await asyncio.wait(self._carrying, timeout=FINISH_SECONDS)
        finally:  # What is not written by now becomes unknown, once its lease is over.
            for task in (*parts, *self._carrying):
                task.cancel()

    async def _work(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._woken.clear()
            try:
                delay = await self._round(stop)
            except DatabaseTrouble as error:
                log.error("database trouble", error=str(error))
                self._in_doubt = True
                delay = TROUBLE_SECONDS
            await self._sleep(delay, stop)

    def _changed(self) -> None:
        self.wake()
        self._on_change()

    async def _round(self, stop: asyncio.Event) -> float:
        """Sends all that is due; answers when to look again, in seconds."""
        await self._put_back()
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
        wait = LOOK_SECONDS if due is None else (due - self._clock()).total_seconds()
        return max(SHORTEST_SECONDS, min(LOOK_SECONDS, wait))

    async def _put_back(self) -> None:
        """Gives back what the trouble left in doubt: nothing of it has left, and we alone know.

        The answer to a claim may have been lost, or to "in flight". Only this coroutine claims, and
        here it has nothing in hand, so what we have claimed is of that kind.
        """
        if not self._in_doubt:
            return
        await self._store.put_back(self._owner, self._clock())
        while self._unheard:
            now = self._clock()
            await self._store.settle(self._unheard[-1], retry.overslept(now), now)
            self._unheard.pop()
        self._in_doubt = False

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
        if call is None or not await self._put_in_flight(call):
            return False
        task = asyncio.create_task(self._send(call, turn))
        self._carrying.add(task)
        task.add_done_callback(self._carried)
        self._on_change()
        return True

    async def _put_in_flight(self, call: ClaimedCall) -> bool:
        try:
            return await self._store.put_in_flight(call, self._lease, self._clock())
        except DatabaseTrouble:
            self._unheard.append(call)
            raise

    def _carried(self, task: "asyncio.Task[None]") -> None:
        self._carrying.discard(task)
        self._free.release()
        if not task.cancelled() and (error := task.exception()):
            log.error("call abandoned", exc_info=error)  # Its lease runs out: it becomes unknown.

    async def _send(self, call: ClaimedCall, turn: float) -> None:
        logs.continue_request(call.request)
        plan = await self._carry(call, turn)
        await self._settle(call, plan)
        if plan.balance_after is not None:
            self._on_balance(plan.balance_after)
        await self._tell(call, plan)
        self._changed()

    async def _carry(self, call: ClaimedCall, turn: float) -> Plan:
        """Sends it, once, and holds on to the lease until there is an answer."""
        numbers = [one.phone for one in call.recipients]
        request = protocol.send(
            sender=call.sender_id, recipients=numbers, text=call.text, test=call.test
        )
        departure = Departure(
            self._store, self._turns, call, turn=turn, lease=self._lease, clock=self._clock
        )
        exchange = asyncio.create_task(self._carrier.exchange(request, leaving=departure.leaving))
        try:
            while not exchange.done():
                await asyncio.wait({exchange}, timeout=self._lease.total_seconds() / 3)
                if not exchange.done():
                    await self._renew(call)
            return retry.accepted(exchange.result(), len(numbers), self._clock())
        except StayedHere as error:
            log.warning("stayed here", message=call.ref, reason=str(error))
            return retry.overslept(self._clock())
        except KwtSMSError as error:
            tries = max(one.tries for one in call.recipients)
            return retry.failed(error, tries, self._clock())
        finally:
            exchange.cancel()  # Where we are cancelled, nobody waits for it any more.

    async def _renew(self, call: ClaimedCall) -> None:
        try:
            await self._store.renew(call, self._lease, self._clock())
        except DatabaseTrouble as error:
            log.warning("lease not renewed", message=call.ref, error=str(error))

    async def _settle(self, call: ClaimedCall, plan: Plan) -> None:
        """Writes down what it came to, however long the database is away: only we know it."""
        while True:
            try:
                await self._store.settle(call, plan, self._clock())
                break
            except DatabaseTrouble as error:
                log.error("outcome not written", message=call.ref, error=str(error))
                await asyncio.sleep(TROUBLE_SECONDS)
        log.info(
            "call settled",
            message=call.ref,
            recipients=len(call.recipients),
            state=plan.state.value,
            code=plan.code,
            gateway_id=plan.gateway_id,
        )

    async def _tell(self, call: ClaimedCall, plan: Plan) -> None:
        """Counts whether the answer could be read: sending is held where none can be."""
        try:
            changed = await self._store.heard(retry.heard(plan), trial=call.trial)
        except DatabaseTrouble as error:
            log.warning("answer not counted", message=call.ref, error=str(error))
            return
        if changed is not None and changed.since is not None:
            log.error("sending held", unreadable=changed.unread)
        elif changed is not None:
            log.warning("sending goes on")

    async def _sleep(self, seconds: float, stop: asyncio.Event) -> None:
        """Waits until there is something to do, and no longer than so many seconds."""
        news = [asyncio.create_task(event.wait()) for event in (self._woken, stop)]
        await asyncio.wait(news, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in news:
            one.cancel()
