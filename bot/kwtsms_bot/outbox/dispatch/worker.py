"""Dispatches queued calls. Decides nothing: `retry` and `circuit_breaker` do.

For each call: wait for a slot, claim the call, make "in flight" durable, and only then send.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import structlog

from kwtsms_bot import logs
from kwtsms_bot.background import poll
from kwtsms_bot.database import DatabaseError, InvalidValue
from kwtsms_bot.outbox.dispatch import retry
from kwtsms_bot.outbox.dispatch.claim_store import ClaimStore
from kwtsms_bot.outbox.dispatch.lease_reaper import LeaseReaper
from kwtsms_bot.outbox.dispatch.lease_store import LeaseStore
from kwtsms_bot.outbox.dispatch.ports import GatewayTransport, RateLimiter
from kwtsms_bot.outbox.dispatch.send_guard import SendAborted, SendGuard
from kwtsms_bot.outbox.dispatch.settlement_store import SettlementStore
from kwtsms_bot.outbox.flow_control.breaker_store import BreakerStore
from kwtsms_bot.outbox.message import ClaimedCall, Priority
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_client import KwtSMSError, protocol

MAX_IN_FLIGHT = 8  # So that a slow answer delays no other message.
MIN_WAIT_SECONDS = 0.05
POLL_SECONDS = 2.0  # How often the queue is checked while nothing is due.
RETRY_SECONDS = 1.0
MAX_REFUSED_WRITES = 30  # Of one outcome, by a database that accepts others.
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
    """Dispatcher of queued calls; any number of workers may share one database."""

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
        self._must_release = False  # Whether a database error has left claims in doubt.
        # Calls that may be recorded as in flight, and of which nothing has left.
        self._unconfirmed: list[ClaimedCall] = []
        self._progress_at = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """The seconds since the loop last moved on; it checks the queue every two seconds."""
        return time.monotonic() - self._progress_at

    def wake(self) -> None:
        """Signals that there is something new to send."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Dispatches until `stop` is set, and then finishes the calls in flight."""
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
        finally:  # Outcomes not written by now become unknown once the lease expires.
            for task in (*loops, *self._send_tasks):
                task.cancel()

    async def _dispatch_until(self, stop: asyncio.Event) -> None:
        step = partial(self._dispatch_due, stop)
        await poll(stop, step, self._on_database_error, errors=DatabaseError, wake=self._woken)

    def _on_database_error(self, error: DatabaseError) -> float:
        log.error("database trouble", error=str(error))
        self._must_release = True
        return RETRY_SECONDS

    def _notify_change(self) -> None:
        self.wake()
        self._on_change()

    async def _dispatch_due(self, stop: asyncio.Event) -> float:
        """Sends all that is due; returns the seconds until the queue is to be checked again."""
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
        self._on_change()  # A claim may have deferred recipients, or expired them.
        due = await self._claims.next_due()
        self._progress_at = time.monotonic()
        wait = POLL_SECONDS if due is None else (due - self._clock()).total_seconds()
        return max(MIN_WAIT_SECONDS, min(POLL_SECONDS, wait))

    async def _release_unsent(self) -> None:
        """Requeues calls that a database error left in doubt and that certainly were not sent.

        The answer to a claim may have been lost, or to "in flight". Only this coroutine claims, and
        it holds no call at this point, so all that we have claimed is of that kind.
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
        """Starts one call; waits for the slot first, to claim what is most urgent at that time."""
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
            log.error("call abandoned", exc_info=error)  # Its lease expires: it becomes unknown.

    async def _send(self, call: ClaimedCall, acquired_at: float) -> None:
        logs.continue_request(call.request)
        settlement = await self._exchange(call, acquired_at)
        await self._store_outcome(call, settlement)
        if settlement.balance_after is not None:
            self._on_balance(settlement.balance_after)
        await self._record_response(call, settlement)
        self._notify_change()

    async def _exchange(self, call: ClaimedCall, acquired_at: float) -> Settlement:
        """Sends the call once, and renews its lease until there is an answer."""
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
            acceptance = exchange.result()
            if acceptance.implausible:
                log.warning(
                    "gateway figures ignored", message=call.ref, fields=acceptance.implausible
                )
            return retry.accepted(acceptance, len(numbers), self._clock())
        except SendAborted as error:
            log.warning("stayed here", message=call.ref, reason=str(error))
            return retry.not_sent_after_stall(self._clock())
        except KwtSMSError as error:
            tries = max(one.tries for one in call.recipients)
            urgent = call.priority is Priority.URGENT
            return retry.failed(error, tries, self._clock(), urgent=urgent)
        finally:
            exchange.cancel()  # If we are cancelled, nobody waits for it any more.

    async def _renew(self, call: ClaimedCall) -> bool:
        """Renews the lease, if it is still ours; whether the database accepted the write."""
        try:
            await self._settlements.renew(call, self._lease, self._clock())
        except DatabaseError as error:
            log.warning("lease not renewed", message=call.ref, error=str(error))
            return False
        return True

    async def _store_outcome(self, call: ClaimedCall, settlement: Settlement) -> None:
        """Stores the outcome; what the database never accepts is left out of it."""
        for form in settlement.storable_forms:
            if await self._settle(call, form):
                break
        else:
            # Its lease expires, and it becomes unknown.
            log.error("outcome abandoned", message=call.ref)
            return
        log.info(
            "call settled",
            message=call.ref,
            recipients=len(call.recipients),
            state=settlement.state.value,
            code=settlement.code,
            gateway_id=settlement.gateway_id,
        )

    async def _settle(self, call: ClaimedCall, settlement: Settlement) -> bool:
        """Stores it, however long the database is away: only this process knows the outcome.

        Returns False if the database does not accept it, though it accepts other writes.
        """
        refused = 0
        while refused < MAX_REFUSED_WRITES:
            try:
                await self._settlements.settle(call, settlement, self._clock())
                return True
            except InvalidValue as error:
                log.error("outcome not written", message=call.ref, error=str(error))
                return False
            except DatabaseError as error:
                log.error("outcome not written", message=call.ref, error=str(error))
                refused += await self._renew(call)
                await asyncio.sleep(RETRY_SECONDS)
        return False

    async def _record_response(self, call: ClaimedCall, settlement: Settlement) -> None:
        """Records for the circuit breaker whether the answer could be read."""
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
