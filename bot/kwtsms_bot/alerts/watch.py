"""The scheduled look at the balance. Decides nothing: `balance` does, and `store` keeps it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

import structlog

from kwtsms_bot.alerts.balance import Thresholds
from kwtsms_bot.alerts.rules import Rules
from kwtsms_bot.alerts.store import JOB, AlertStore
from kwtsms_bot.config import BalanceWatch as Settings
from kwtsms_bot.database.ticks import slot_of
from kwtsms_client import Balance, KwtSMSError

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

    async def check(self, now: datetime) -> None:
        """Looks, keeps what it saw, and puts the notice that is due on its way."""
        if not await self._store.take_tick(JOB, slot_of(now, self._settings.every)):
            return
        after = await self._store.last_look()
        try:
            balance = await self._account.balance()
        except KwtSMSError as error:
            log.warning("balance not known", error=type(error).__name__)
            return
        notice = await self._store.record(
            balance.available, now, after=after, rules=self._rules, targets=self._targets
        )
        log.info("balance seen", available=str(balance.available), notice=notice and notice.kind)
        if notice:
            self._on_change()
