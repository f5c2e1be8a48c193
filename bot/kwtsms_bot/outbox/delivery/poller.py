"""Polls kwtSMS for the status and delivery report of accepted messages, and stores what is new.

Polls share the account's rate limit with sends: they use no slot while a send is due, and never
queue for one.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from kwtsms_bot.background import poll
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
# A poll takes one slot; the other is left for sends.
CHECK_INTERVAL = 2 * INTERVAL
log = structlog.get_logger(__name__)


class StatusSource(Protocol):
    """Source of the gateway's status and delivery report of a message."""

    async def try_acquire(self) -> bool:
        """Whether a request may start now; if so, the caller must start it at once."""

    async def status(self, message_id: str) -> Status:
        """Returns the gateway's status of the message."""

    async def dlr(self, message_id: str) -> DeliveryReport:
        """Returns the message's delivery report, with a status for each phone."""


class DeliveryPoller:
    """Loop that polls one message per `check_interval`; never sends anything."""

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
        """Polls due messages until `stop` is set."""
        await poll(stop, self._step, _log_error, errors=DatabaseError)

    async def _step(self) -> float:
        found = await self.check_one()
        return self._check_interval.total_seconds() if found else IDLE_SECONDS

    async def check_one(self) -> bool:
        """Polls the message that is due first; False if none is, or sends need the slots."""
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
        """Whether any poll is due; checked first, so that no slot is taken in vain."""
        due = await self._delivery.next_check()
        return due is not None and due <= self._clock()

    async def _sends_come_first(self) -> bool:
        """Whether a send is due now or within the next check interval.

        Also True until the circuit breaker is closed: its probes and trials come first.
        """
        if (await self._breaker.breaker_state()).opened_at is not None:
            return True
        due = await self._claims.next_due()
        return due is not None and due <= self._clock() + self._check_interval

    async def _fetch_update(self, call: TrackedCall) -> DeliveryUpdate:
        """Returns what the gateway says now; an empty update if it does not answer."""
        try:
            if wants_report(call, self._clock()):
                return from_report(call, await self._source.dlr(call.gateway_id))
            return from_status(call, (await self._source.status(call.gateway_id)).status)
        except Rejected as error:
            return from_refusal(call, error)
        except KwtSMSError as error:
            log.info("status not known", gateway_id=call.gateway_id, error=type(error).__name__)
            return DeliveryUpdate()


def _log_error(error: DatabaseError) -> float:
    log.warning("not tracked", error=str(error))
    return IDLE_SECONDS
