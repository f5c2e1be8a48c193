"""Polls the balance. Decides nothing: `rules` does, and `store` keeps the samples.

Polls once per interval, and at once if the answer to a call shows that a threshold was crossed. The
balance in that answer is not recorded, because answers of several calls arrive in any order.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import structlog

from kwtsms_bot.balance.rules import BalanceLevel, NoticeRules, Thresholds
from kwtsms_bot.balance.store import JOB
from kwtsms_bot.balance.store.samples import SampleStore
from kwtsms_bot.config import BalanceAlertSettings as Settings
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.database.job_slots import slot_of
from kwtsms_client import Balance, KwtSMSError, Rejected

FAILED_POLL_SECONDS = 10.0  # Between a failed extra poll and the next one.
log = structlog.get_logger(__name__)


class BalanceSource(Protocol):
    """A source of the balance."""

    async def balance(self) -> Balance:
        """Returns the credits on the account."""


class BalanceMonitor:
    """Polls the balance once in each slot, however many replicas there are."""

    def __init__(
        self,
        settings: Settings,
        samples: SampleStore,
        source: BalanceSource,
        *,
        targets: Iterable[str],
        on_change: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._targets = tuple(targets)
        thresholds = Thresholds(settings.warn, settings.critical, settings.remind_after)
        self._rules = NoticeRules(thresholds, settings.zone)
        self._samples, self._source, self._on_change = samples, source, on_change
        self._hint_lock = asyncio.Lock()
        self._not_before = 0.0

    async def poll_if_due(self, now: datetime) -> None:
        """Polls if the slot is free, records the balance and queues the notice that is due."""
        if await self._samples.claim_slot(JOB, slot_of(now, self._settings.every)):
            await self._poll(now)

    async def on_balance_hint(self, available: Decimal, now: datetime) -> None:
        """Polls if the balance in a call's answer crosses a threshold; raises nothing."""
        if not (self._targets and self._rules.crosses_threshold(available, BalanceLevel.FINE)):
            return  # The usual case, without a database query.
        async with self._hint_lock:  # One poll may cover several hints.
            if time.monotonic() < self._not_before:
                return
            try:
                level = await self._samples.last_level()
                if self._rules.crosses_threshold(available, level) and not await self._poll(now):
                    self._not_before = time.monotonic() + FAILED_POLL_SECONDS
            except DatabaseError as error:
                log.error("balance not checked", error=str(error))

    async def _poll(self, now: datetime) -> bool:
        """Polls the balance; returns whether the gateway reported it."""
        after = await self._samples.newest_sample_id()
        rules, targets = self._rules, self._targets
        balance = None
        try:
            balance = await self._source.balance()
        except KwtSMSError as error:
            log.warning("balance not known", error=type(error).__name__)
            notice = await self._samples.record_failed_poll(
                _code(error), now, after=after, rules=rules, targets=targets
            )
        else:
            notice = await self._samples.record_sample(
                balance.available, now, after=after, rules=rules, targets=targets
            )
            kind = notice and notice.kind
            log.info("balance seen", available=str(balance.available), notice=kind)
        if notice:
            self._on_change()
        return balance is not None


def _code(error: KwtSMSError) -> str:
    """Returns the gateway's error code; empty if it gave no answer that can be read."""
    return error.code if isinstance(error, Rejected) else ""
