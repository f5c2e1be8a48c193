"""When to warn about the balance: pure decisions over how it stood before and what is so now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from kwtsms_bot.alerts.facts import NOTHING_MORE, Facts

# The balance must rise this far above a threshold before it counts as left behind, so that a
# balance that hovers around it does not warn again and again.
RECOVERY = Decimal("1.1")
# A balance that nobody can read is told of after this part of the time between reminders.
UNREADABLE_PART = 4
UNREADABLE_AT_MOST = timedelta(days=1)  # The looks that failed are known for two.


class Level(StrEnum):
    """How much is left."""

    FINE = "fine"
    LOW = "low"
    CRITICAL = "critical"


class Kind(StrEnum):
    """What there is to tell."""

    LOW = "low"
    CRITICAL = "critical"
    REMINDER = "reminder"
    ALL_CLEAR = "all_clear"
    DIGEST = "digest"
    UNREADABLE = "unreadable"
    READABLE = "readable"


# What is told of how much is left, look by look.
STANDING = (Kind.LOW, Kind.CRITICAL, Kind.REMINDER, Kind.ALL_CLEAR)


@dataclass(frozen=True, slots=True)
class Standing:
    """The level at the last look, and when people were told something last."""

    level: Level = Level.FINE
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell: what kind, at which level, and the figures."""

    kind: Kind
    level: Level
    available: Decimal
    threshold: Decimal
    facts: Facts = NOTHING_MORE


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Below `critical` is urgent, below `warn` is low."""

    warn: Decimal
    critical: Decimal
    remind_after: timedelta

    def level(self, available: Decimal, before: Level) -> Level:
        """The level of `available` credits, given the level it was at before."""
        if available < self._edge(self.critical, before is Level.CRITICAL):
            return Level.CRITICAL
        if available < self._edge(self.warn, before is not Level.FINE):
            return Level.LOW
        return Level.FINE

    def worsens(self, available: Decimal, before: Level) -> bool:
        """Whether so many credits are a crossing to be warned about."""
        return _kind(before, self.level(available, before)) in (Kind.LOW, Kind.CRITICAL)

    @property
    def unreadable_after(self) -> timedelta:
        """For how long looks have to fail until that is told."""
        return min(self.remind_after / UNREADABLE_PART, UNREADABLE_AT_MOST)

    @staticmethod
    def _edge(threshold: Decimal, was_below: bool) -> Decimal:  # noqa: FBT001 - a fact, not a mode.
        return threshold * RECOVERY if was_below else threshold


def due(
    thresholds: Thresholds, standing: Standing, available: Decimal, at: datetime
) -> Notice | None:
    """What to tell now: one warning per crossing, a reminder after a time, one all-clear."""
    level = thresholds.level(available, standing.level)
    threshold = thresholds.critical if level is Level.CRITICAL else thresholds.warn
    kind = _kind(standing.level, level)
    if kind is None and level is not Level.FINE and standing.told_at is not None:
        # A warning of the future was told by a clock that was wrong: it keeps nobody quiet.
        since = abs(at - standing.told_at)
        kind = Kind.REMINDER if since >= thresholds.remind_after else None
    return Notice(kind, level, available, threshold) if kind else None


def _kind(before: Level, now: Level) -> Kind | None:
    if now is before:
        return None
    if now is Level.CRITICAL:
        return Kind.CRITICAL
    if now is Level.FINE:
        return Kind.ALL_CLEAR
    return Kind.LOW if before is Level.FINE else None  # Back from critical, yet not well.
