"""Follows what was accepted: asks for statuses and reports, and writes down what is new.

It shares the account's turns with what is to be sent: it takes none while anything is, and queues
for none.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from kwtsms_bot.background import sleep
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.outbox.delivery.rules import (
    DeliveryUpdate,
    TrackedCall,
    from_refusal,
    from_report,
    from_status,
    next_check,
    wants_report,
)
from kwtsms_bot.outbox.delivery.store import DeliveryStore
from kwtsms_bot.outbox.dispatch.claim_store import ClaimStore
from kwtsms_bot.outbox.flow_control.breaker_store import BreakerStore
from kwtsms_bot.outbox.flow_control.rate_limiter import INTERVAL
from kwtsms_client import DeliveryReport, KwtSMSError, Rejected, Status

IDLE_SECONDS = 5.0
CHECK_INTERVAL = (
    2 * INTERVAL
)  # A question takes one; the other is for whoever has something to send.
log = structlog.get_logger(__name__)


class StatusSource(Protocol):
    """The gateway's two questions about a message."""

    async def try_acquire(self) -> bool:
        """Whether one of them may be asked now: then it is to be asked at once."""

    async def status(self, message_id: str) -> Status:
        """What the gateway did with it."""

    async def dlr(self, message_id: str) -> DeliveryReport:
        """What became of it at the phones."""


class DeliveryPoller:
    """Asks about one message after the other, one in each `turn`, and never repeats a send."""

    def __init__(
        self,
        source: StatusSource,
        *,
        delivery: DeliveryStore,
        claims: ClaimStore,
        breaker: BreakerStore,
        clock: Callable[[], datetime],
        check_interval: timedelta = CHECK_INTERVAL,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._source, self._delivery = source, delivery
        self._claims, self._breaker = claims, breaker
        self._check_interval = check_interval
        self._clock, self._on_change = clock, on_change

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set."""
        while not stop.is_set():
            try:
                found = await self.check_one()
            except DatabaseError as error:
                log.warning("not tracked", error=str(error))
                found = False
            await sleep(stop, self._check_interval.total_seconds() if found else IDLE_SECONDS)

    async def check_one(self) -> bool:
        """Asks about the message that is due first; False if none is, or sends need the turns."""
        if not await self._is_due() or await self._sends_come_first():
            return False
        if not await self._source.try_acquire():
            return False
        call = await self._delivery.claim_check(self._clock())
        if call is None:
            return False
        update = await self._fetch_update(call)
        now = self._clock()
        next_at = next_check(call, now, finished=update.finished)
        if await self._delivery.record_check(call, update, next_at=next_at, now=now):
            self._on_change()
        return True

    async def _is_due(self) -> bool:
        """Whether there is anything to ask: a turn is not taken in vain."""
        due = await self._delivery.next_check()
        return due is not None and due <= self._clock()

    async def _sends_come_first(self) -> bool:
        """Whether something is to be sent now, or before a question's turn would be over.

        While sending is held, the questions of the scout come first.
        """
        if (await self._breaker.breaker_state()).opened_at is not None:
            return True
        due = await self._claims.next_due()
        return due is not None and due <= self._clock() + self._check_interval

    async def _fetch_update(self, call: TrackedCall) -> DeliveryUpdate:
        """What the gateway says now; no answer tells nothing."""
        try:
            if wants_report(call, self._clock()):
                return from_report(call, await self._source.dlr(call.gateway_id))
            return from_status(call, (await self._source.status(call.gateway_id)).status)
        except Rejected as error:
            return from_refusal(call, error)
        except KwtSMSError as error:
            log.info("status not known", gateway_id=call.gateway_id, error=type(error).__name__)
            return DeliveryUpdate()
