"""Balance samples, a stubbed account and a balance monitor for tests."""

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
    balance_store: BalanceStore, available: int, *targets: str, at: datetime = AT
) -> BalanceNotice | None:
    """Records a sample with this balance; returns the notice that it triggers."""
    after = await balance_store.samples.newest_sample_id()
    return await balance_store.samples.record_sample(
        Decimal(available), at, after=after, rules=RULES, targets=targets
    )


async def pending_kinds(balance_store: BalanceStore, target: str) -> list[str]:
    """The kinds of the pending notices for a target."""
    return [one.notice.kind.value for one in await balance_store.notices.list_pending(target)]


@dataclass
class StubAccount:
    """An account with this balance, or with an error."""

    answer: int | KwtSMSError
    polls: int = 0

    async def balance(self) -> Balance:
        """Returns the balance or raises the error."""
        self.polls += 1
        if isinstance(self.answer, KwtSMSError):
            raise self.answer
        return Balance(Decimal(self.answer), None)


def watch(
    balance_store: BalanceStore,
    account: StubAccount,
    *targets: str,
    on_change: Callable[[], None] = lambda: None,
) -> BalanceMonitor:
    """A balance monitor with default settings."""
    return BalanceMonitor(
        Settings(), balance_store.samples, account, targets=targets, on_change=on_change
    )
