"""Looks at the balance, as whoever watches it makes them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from kwtsms_bot.alerts.balance import Notice, Thresholds
from kwtsms_bot.alerts.rules import Rules
from kwtsms_bot.alerts.store import AlertStore
from kwtsms_bot.alerts.watch import BalanceWatch
from kwtsms_bot.config import BalanceWatch as Settings
from kwtsms_bot.kuwait import ZONE
from kwtsms_client import Balance, KwtSMSError
from support.database import AT

HOUR = timedelta(hours=1)
RULES = Rules(Thresholds(Decimal(200), Decimal(50), timedelta(days=1)), ZONE)


async def look(
    alerts: AlertStore, available: int, *targets: str, at: datetime = AT
) -> Notice | None:
    """Somebody sees so many credits."""
    after = await alerts.last_look()
    return await alerts.record(Decimal(available), at, after=after, rules=RULES, targets=targets)


async def kinds(alerts: AlertStore, target: str) -> list[str]:
    """What is on its way there."""
    return [one.notice.kind.value for one in await alerts.pending(target)]


@dataclass
class Account:
    """An account that holds so many credits, or does not say so."""

    holds: int | KwtSMSError
    asked: int = 0

    async def balance(self) -> Balance:
        """The gateway's answer."""
        self.asked += 1
        if isinstance(self.holds, KwtSMSError):
            raise self.holds
        return Balance(Decimal(self.holds), None)


def watch(
    alerts: AlertStore,
    account: Account,
    *targets: str,
    on_change: Callable[[], None] = lambda: None,
) -> BalanceWatch:
    """A process that watches it, by the settings that nobody has changed."""
    return BalanceWatch(Settings(), alerts, account, targets=targets, on_change=on_change)
