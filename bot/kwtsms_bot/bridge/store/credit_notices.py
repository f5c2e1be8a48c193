"""Queues a notice when alerts have used much of a day's credits: once a day for each level.

It is written in the pass that finds it, so that no crash loses or repeats it, and delivered as the
notices about the balance are.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.balance.rules import BalanceLevel, BalanceNotice, NoticeKind
from kwtsms_bot.balance.store.notices import enqueue_notice
from kwtsms_bot.bridge.bundling import CRITICAL_SHARE, Gate
from kwtsms_bot.database.job_slots import JobSlot, claim_slot_within
from kwtsms_bot.kuwait_time import KUWAIT_TZ

# The levels, the highest first: the share of the day's credits from which each is reached.
SHARES = {
    NoticeKind.ALERTS_WAITING: Decimal(CRITICAL_SHARE),
    NoticeKind.ALERTS_LIMITED: Decimal(1),
    NoticeKind.ALERTS_LOW: Decimal("0.8"),
}


@dataclass(frozen=True, slots=True)
class NoticeTargets:
    """Where notices about the credits of alerts go, as the database names the targets."""

    channels: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # Only once something is held.

    def of(self, kind: NoticeKind) -> tuple[str, ...]:
        """Returns the targets of a notice."""
        return self.channels if kind is NoticeKind.ALERTS_LOW else (*self.channels, *self.others)


def reached_levels(spent: int, credits_per_day: int) -> tuple[NoticeKind, ...]:
    """Returns the levels that are reached, the highest first."""
    return tuple(kind for kind, share in SHARES.items() if spent >= share * credits_per_day)


async def queue_credit_notice(
    connection: AsyncConnection, gate: Gate, targets: NoticeTargets
) -> None:
    """Queues the notice of the highest level, unless it was queued on this day in Kuwait."""
    reached = reached_levels(gate.spent, gate.credits_per_day)
    slot = _day_slot(gate.now)
    is_new = [await claim_slot_within(connection, f"bridge {one}", slot) for one in reached]
    if not any(is_new[:1]):
        return
    kind = reached[0]
    level = BalanceLevel.LOW if kind is NoticeKind.ALERTS_LOW else BalanceLevel.CRITICAL
    notice = BalanceNotice(kind, level, Decimal(gate.spent), Decimal(gate.credits_per_day))
    await enqueue_notice(connection, notice, targets.of(kind), gate.now)


def _day_slot(now: datetime) -> JobSlot:
    midnight = datetime.combine(now.astimezone(KUWAIT_TZ).date(), time.min, KUWAIT_TZ)
    return JobSlot(midnight.astimezone(UTC), timedelta(days=1))
