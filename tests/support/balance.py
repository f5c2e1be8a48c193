"""Looks at the balance, as whoever watches it makes them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from kwtsms_bot.balance.monitor import BalanceMonitor
from kwtsms_bot.balance.rules import BalanceNotice, NoticeRules, Thresholds
from kwtsms_bot.balance.store import BalanceStore
from kwtsms_bot.config import BalanceAlertSettings as Settings
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_client import Balance, KwtSMSError
from support.database import AT

HOUR = timedelta(hours=1)
RULES = NoticeRules(Thresholds(Decimal(200), Decimal(50), timedelta(days=1)), KUWAIT_TZ)


async def record_balance(
    alerts: BalanceStore, available: int, *targets: str, at: datetime = AT
) -> BalanceNotice | None:
    """Somebody sees so many credits."""
    after = await alerts.newest_sample_id()
    return await alerts.record_sample(
        Decimal(available), at, after=after, rules=RULES, targets=targets
    )


async def pending_kinds(alerts: BalanceStore, target: str) -> list[str]:
    """What is on its way there."""
    return [one.notice.kind.value for one in await alerts.list_pending(target)]


@dataclass
class StubAccount:
    """An account that holds so many credits, or does not say so."""

    answer: int | KwtSMSError
    polls: int = 0

    async def balance(self) -> Balance:
        """The gateway's answer."""
        self.polls += 1
        if isinstance(self.answer, KwtSMSError):
            raise self.answer
        return Balance(Decimal(self.answer), None)


def watch(
    alerts: BalanceStore,
    account: StubAccount,
    *targets: str,
    on_change: Callable[[], None] = lambda: None,
) -> BalanceMonitor:
    """A process that watches it, by the settings that nobody has changed."""
    return BalanceMonitor(Settings(), alerts, account, targets=targets, on_change=on_change)
