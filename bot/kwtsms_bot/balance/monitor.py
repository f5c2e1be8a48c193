"""Looks at the balance. Decides nothing: `balance` does, and `store` keeps it.

It looks when its time has come, and at once where the answer to a call tells of a crossing. That
answer is not taken for the balance itself: answers of several calls come in any order.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import structlog

from kwtsms_bot.balance.rules import BalanceLevel, NoticeRules, Thresholds
from kwtsms_bot.balance.store import JOB, BalanceStore
from kwtsms_bot.config import BalanceAlertSettings as Settings
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.database.job_slots import slot_of
from kwtsms_client import Balance, KwtSMSError, Rejected

FAILED_POLL_SECONDS = 10.0  # After a look out of turn that failed, until there is another one.
log = structlog.get_logger(__name__)


class BalanceSource(Protocol):
    """Something that knows the balance."""

    async def balance(self) -> Balance:
        """The credits on the account."""


class BalanceMonitor:
    """Looks at the balance, once in each slot however many replicas there are."""

    def __init__(
        self,
        settings: Settings,
        store: BalanceStore,
        source: BalanceSource,
        *,
        targets: Iterable[str],
        on_change: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._targets = tuple(targets)
        thresholds = Thresholds(settings.warn, settings.critical, settings.remind_after)
        self._rules = NoticeRules(thresholds, settings.zone)
        self._store, self._source, self._on_change = store, source, on_change
        self._hint_lock = asyncio.Lock()
        self._not_before = 0.0

    async def poll_if_due(self, now: datetime) -> None:
        """Looks, keeps what it saw, and puts the notice that is due on its way."""
        if await self._store.claim_slot(JOB, slot_of(now, self._settings.every)):
            await self._poll(now)

    async def on_balance_hint(self, available: Decimal, now: datetime) -> None:
        """The gateway has told so many credits with the answer to a call; raises nothing."""
        if not (self._targets and self._rules.crosses_threshold(available, BalanceLevel.FINE)):
            return  # As nearly always: without a question to the database.
        async with self._hint_lock:  # What several answers tell, one look may have seen.
            if time.monotonic() < self._not_before:
                return
            try:
                level = await self._store.last_level()
                if self._rules.crosses_threshold(available, level) and not await self._poll(now):
                    self._not_before = time.monotonic() + FAILED_POLL_SECONDS
            except DatabaseError as error:
                log.error("balance not checked", error=str(error))

    async def _poll(self, now: datetime) -> bool:
        """Whether the gateway has said how much is left."""
        after = await self._store.newest_sample_id()
        rules, targets = self._rules, self._targets
        balance = None
        try:
            balance = await self._source.balance()
        except KwtSMSError as error:
            log.warning("balance not known", error=type(error).__name__)
            notice = await self._store.record_failed_poll(
                _code(error), now, after=after, rules=rules, targets=targets
            )
        else:
            notice = await self._store.record_sample(
                balance.available, now, after=after, rules=rules, targets=targets
            )
            kind = notice and notice.kind
            log.info("balance seen", available=str(balance.available), notice=kind)
        if notice:
            self._on_change()
        return balance is not None


def _code(error: KwtSMSError) -> str:
    """What the gateway calls it; nothing where it gave no answer that can be read."""
    return error.code if isinstance(error, Rejected) else ""
