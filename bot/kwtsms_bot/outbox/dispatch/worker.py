"""Sends what is in the outbox. Decides nothing: `retry` and `hold` do, and `store` writes it down.

For each call: wait for the turn, claim it, make "in flight" durable, and only then let a byte go.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from kwtsms_bot import logs
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.outbox.dispatch import retry
from kwtsms_bot.outbox.dispatch.claim_store import ClaimStore
from kwtsms_bot.outbox.dispatch.lease_reaper import LeaseReaper
from kwtsms_bot.outbox.dispatch.lease_store import LeaseStore
from kwtsms_bot.outbox.dispatch.ports import GatewayTransport, RateLimiter
from kwtsms_bot.outbox.dispatch.retry import Settlement
from kwtsms_bot.outbox.dispatch.send_guard import SendAborted, SendGuard
from kwtsms_bot.outbox.dispatch.settlement_store import SettlementStore
from kwtsms_bot.outbox.flow_control.breaker_store import BreakerStore
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_client import KwtSMSError, protocol

MAX_IN_FLIGHT = 8  # A slow answer keeps no other message waiting.
MIN_WAIT_SECONDS = 0.05
POLL_SECONDS = 2.0  # How often the queue is looked at while nothing is due.
RETRY_SECONDS = 1.0
FINISH_SECONDS = 20.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DispatchStores:
    """The stores that a worker uses."""

    claims: ClaimStore
    settlements: SettlementStore
    leases: LeaseStore
    breaker: BreakerStore


class Worker:
    """One process's hands in the outbox; any number of them can work on one database."""

    def __init__(
        self,
        stores: DispatchStores,
        transport: GatewayTransport,
        rate_limiter: RateLimiter,
        *,
        owner: str,
        lease: timedelta,
        clock: Callable[[], datetime],
        on_change: Callable[[], None] = lambda: None,
        on_balance: Callable[[Decimal], None] = lambda _: None,
    ) -> None:
        self._transport, self._rate_limiter = transport, rate_limiter
        self._claims, self._settlements = stores.claims, stores.settlements
        self._leases, self._breaker = stores.leases, stores.breaker
        self._owner, self._lease, self._clock = owner, lease, clock
        self._on_change, self._on_balance = on_change, on_balance
        self._woken = asyncio.Event()
        self._capacity = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._send_tasks: set[asyncio.Task[None]] = set()
        self._must_release = False  # Whether the database had trouble with what we were at.
        self._unconfirmed: list[
            ClaimedCall
        ] = []  # They may be in flight; nothing of them has left.
        self._progress_at = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """How long ago the loop last moved on; it looks at the queue every two seconds."""
        return time.monotonic() - self._progress_at

    def wake(self) -> None:
        """There is something new to send."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, and then finishes what is in flight."""
        reaper = LeaseReaper(
            self._leases, self._claims, clock=self._clock, on_change=self._notify_change
        )
        loops = [
            asyncio.create_task(self._dispatch_until(stop)),
            asyncio.create_task(reaper.run(stop)),
        ]
        try:
            ended, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_EXCEPTION)
            for loop in ended:
                loop.result()
            if self._send_tasks:
                await asyncio.wait(self._send_tasks, timeout=FINISH_SECONDS)
        finally:  # What is not written by now becomes unknown, once its lease is over.
            for task in (*loops, *self._send_tasks):
                task.cancel()

    async def _dispatch_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._woken.clear()
            try:
                delay = await self._dispatch_due(stop)
            except DatabaseError as error:
                log.error("database trouble", error=str(error))
                self._must_release = True
                delay = RETRY_SECONDS
            await self._sleep(delay, stop)

    def _notify_change(self) -> None:
        self.wake()
        self._on_change()

    async def _dispatch_due(self, stop: asyncio.Event) -> float:
        """Sends all that is due; answers when to look again, in seconds."""
        await self._release_unsent()
        while not stop.is_set() and await self._is_due():
            self._progress_at = time.monotonic()
            await self._capacity.acquire()
            launched = False
            try:
                launched = await self._start_call(stop)
            finally:
                if not launched:
                    self._capacity.release()
        self._on_change()  # A claim may have put recipients off, or given them up.
        due = await self._claims.next_due()
        self._progress_at = time.monotonic()
        wait = POLL_SECONDS if due is None else (due - self._clock()).total_seconds()
        return max(MIN_WAIT_SECONDS, min(POLL_SECONDS, wait))

    async def _release_unsent(self) -> None:
        """Gives back what the trouble left in doubt: nothing of it has left, and we alone know.

        The answer to a claim may have been lost, or to "in flight". Only this coroutine claims, and
        here it has nothing in hand, so what we have claimed is of that kind.
        """
        if not self._must_release:
            return
        await self._leases.release_owned(self._owner, self._clock())
        while self._unconfirmed:
            now = self._clock()
            await self._settlements.settle(
                self._unconfirmed[-1], retry.not_sent_after_stall(now), now
            )
            self._unconfirmed.pop()
        self._must_release = False

    async def _is_due(self) -> bool:
        due = await self._claims.next_due()
        return due is not None and due <= self._clock()

    async def _start_call(self, stop: asyncio.Event) -> bool:
        """Puts one call on its way. The turn comes first: what is urgent then is claimed then."""
        await self._rate_limiter.acquire()
        acquired_at = time.monotonic()
        if stop.is_set():
            return False
        call = await self._claims.claim(self._owner, self._lease, self._clock())
        if call is None or not await self._put_in_flight(call):
            return False
        task = asyncio.create_task(self._send(call, acquired_at))
        self._send_tasks.add(task)
        task.add_done_callback(self._on_sent)
        self._on_change()
        return True

    async def _put_in_flight(self, call: ClaimedCall) -> bool:
        try:
            return await self._settlements.put_in_flight(call, self._lease, self._clock())
        except DatabaseError:
            self._unconfirmed.append(call)
            raise

    def _on_sent(self, task: "asyncio.Task[None]") -> None:
        self._send_tasks.discard(task)
        self._capacity.release()
        if not task.cancelled() and (error := task.exception()):
            log.error("call abandoned", exc_info=error)  # Its lease runs out: it becomes unknown.

    async def _send(self, call: ClaimedCall, acquired_at: float) -> None:
        logs.continue_request(call.request)
        settlement = await self._exchange(call, acquired_at)
        await self._settle(call, settlement)
        if settlement.balance_after is not None:
            self._on_balance(settlement.balance_after)
        await self._record_response(call, settlement)
        self._notify_change()

    async def _exchange(self, call: ClaimedCall, acquired_at: float) -> Settlement:
        """Sends it, once, and holds on to the lease until there is an answer."""
        numbers = [one.phone for one in call.recipients]
        request = protocol.send(
            sender=call.sender_id, recipients=numbers, text=call.text, test=call.test
        )
        guard = SendGuard(
            self._settlements,
            self._rate_limiter,
            call,
            acquired_at=acquired_at,
            lease=self._lease,
            clock=self._clock,
        )
        exchange = asyncio.create_task(self._transport.exchange(request, leaving=guard.check))
        try:
            while not exchange.done():
                await asyncio.wait({exchange}, timeout=self._lease.total_seconds() / 3)
                if not exchange.done():
                    await self._renew(call)
            return retry.accepted(exchange.result(), len(numbers), self._clock())
        except SendAborted as error:
            log.warning("stayed here", message=call.ref, reason=str(error))
            return retry.not_sent_after_stall(self._clock())
        except KwtSMSError as error:
            tries = max(one.tries for one in call.recipients)
            return retry.failed(error, tries, self._clock())
        finally:
            exchange.cancel()  # Where we are cancelled, nobody waits for it any more.

    async def _renew(self, call: ClaimedCall) -> None:
        try:
            await self._settlements.renew(call, self._lease, self._clock())
        except DatabaseError as error:
            log.warning("lease not renewed", message=call.ref, error=str(error))

    async def _settle(self, call: ClaimedCall, settlement: Settlement) -> None:
        """Writes down what it came to, however long the database is away: only we know it."""
        while True:
            try:
                await self._settlements.settle(call, settlement, self._clock())
                break
            except DatabaseError as error:
                log.error("outcome not written", message=call.ref, error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
        log.info(
            "call settled",
            message=call.ref,
            recipients=len(call.recipients),
            state=settlement.state.value,
            code=settlement.code,
            gateway_id=settlement.gateway_id,
        )

    async def _record_response(self, call: ClaimedCall, settlement: Settlement) -> None:
        """Counts whether the answer could be read: sending is held where none can be."""
        try:
            breaker = await self._breaker.record_response(
                retry.response_kind(settlement), trial=call.trial
            )
        except DatabaseError as error:
            log.warning("answer not counted", message=call.ref, error=str(error))
            return
        if breaker is not None and breaker.opened_at is not None:
            log.error("sending held", unreadable=breaker.failures)
        elif breaker is not None:
            log.warning("sending goes on")

    async def _sleep(self, seconds: float, stop: asyncio.Event) -> None:
        """Waits until there is something to do, and no longer than so many seconds."""
        waiters = [asyncio.create_task(event.wait()) for event in (self._woken, stop)]
        await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for waiter in waiters:
            waiter.cancel()
