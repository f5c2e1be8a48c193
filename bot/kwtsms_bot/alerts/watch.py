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

from kwtsms_bot.alerts.balance import Level, Thresholds
from kwtsms_bot.alerts.rules import Rules
from kwtsms_bot.alerts.store import JOB, AlertStore
from kwtsms_bot.config import BalanceWatch as Settings
from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.database.ticks import slot_of
from kwtsms_client import Balance, KwtSMSError, Rejected

FAILED_SECONDS = 10.0  # After a look out of turn that failed, until there is another one.
log = structlog.get_logger(__name__)


class Account(Protocol):
    """Something that knows the balance."""

    async def balance(self) -> Balance:
        """The credits on the account."""


class BalanceWatch:
    """Looks at the balance, once in each slot however many replicas there are."""

    def __init__(
        self,
        settings: Settings,
        store: AlertStore,
        account: Account,
        *,
        targets: Iterable[str],
        on_change: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._targets = tuple(targets)
        thresholds = Thresholds(settings.warn, settings.critical, settings.remind_after)
        self._rules = Rules(thresholds, settings.zone)
        self._store, self._account, self._on_change = store, account, on_change
        self._out_of_turn = asyncio.Lock()
        self._not_before = 0.0

    async def check(self, now: datetime) -> None:
        """Looks, keeps what it saw, and puts the notice that is due on its way."""
        if await self._store.take_tick(JOB, slot_of(now, self._settings.every)):
            await self._look(now)

    async def heard(self, available: Decimal, now: datetime) -> None:
        """The gateway has told so many credits with the answer to a call; raises nothing."""
        if not (self._targets and self._rules.worsens(available, Level.FINE)):
            return  # As nearly always: without a question to the database.
        async with self._out_of_turn:  # What several answers tell, one look may have seen.
            if time.monotonic() < self._not_before:
                return
            try:
                level = await self._store.last_level()
                if self._rules.worsens(available, level) and not await self._look(now):
                    self._not_before = time.monotonic() + FAILED_SECONDS
            except DatabaseTrouble as error:
                log.error("balance not checked", error=str(error))

    async def _look(self, now: datetime) -> bool:
        """Whether the gateway has said how much is left."""
        after = await self._store.last_look()
        rules, targets = self._rules, self._targets
        balance = None
        try:
            balance = await self._account.balance()
        except KwtSMSError as error:
            log.warning("balance not known", error=type(error).__name__)
            notice = await self._store.not_seen(
                _code(error), now, after=after, rules=rules, targets=targets
            )
        else:
            notice = await self._store.record(
                balance.available, now, after=after, rules=rules, targets=targets
            )
            told = notice and notice.kind
            log.info("balance seen", available=str(balance.available), notice=told)
        if notice:
            self._on_change()
        return balance is not None


def _code(error: KwtSMSError) -> str:
    """What the gateway calls it; nothing where it gave no answer that can be read."""
    return error.code if isinstance(error, Rejected) else ""
