"""What a look at the balance leads to: the notice, and the facts that are told with it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum

from kwtsms_bot.balance.details import NO_DETAILS, NoticeDetails
from kwtsms_bot.balance.forecast import WINDOW, forecast
from kwtsms_bot.balance.samples import DAY, Sample, external_usage

MIN_SHARE = Decimal("0.1")  # Of the threshold: less than that is no news beside a warning.


# The balance must rise this far above a threshold before it counts as left behind, so that a
# balance that hovers around it does not warn again and again.
RECOVERY_FACTOR = Decimal("1.1")
# A balance that nobody can read is told of after this part of the time between reminders.
UNREADABLE_DIVISOR = 4
MAX_UNREADABLE_AFTER = timedelta(days=1)  # The looks that failed are known for two.


class BalanceLevel(StrEnum):
    """How much is left."""

    FINE = "fine"
    LOW = "low"
    CRITICAL = "critical"


class NoticeKind(StrEnum):
    """What there is to tell."""

    LOW = "low"
    CRITICAL = "critical"
    REMINDER = "reminder"
    ALL_CLEAR = "all_clear"
    DIGEST = "digest"
    UNREADABLE = "unreadable"
    READABLE = "readable"


# What is told of how much is left, look by look.
LEVEL_KINDS = (NoticeKind.LOW, NoticeKind.CRITICAL, NoticeKind.REMINDER, NoticeKind.ALL_CLEAR)


@dataclass(frozen=True, slots=True)
class BalanceState:
    """The level at the last look, and when people were told something last."""

    level: BalanceLevel = BalanceLevel.FINE
    notified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BalanceNotice:
    """Something to tell: what kind, at which level, and the figures."""

    kind: NoticeKind
    level: BalanceLevel
    available: Decimal
    threshold: Decimal
    details: NoticeDetails = NO_DETAILS


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Below `critical` is urgent, below `warn` is low."""

    warn: Decimal
    critical: Decimal
    remind_after: timedelta

    def level(self, available: Decimal, before: BalanceLevel) -> BalanceLevel:
        """The level of `available` credits, given the level it was at before."""
        if available < self._effective_threshold(self.critical, before is BalanceLevel.CRITICAL):
            return BalanceLevel.CRITICAL
        if available < self._effective_threshold(self.warn, before is not BalanceLevel.FINE):
            return BalanceLevel.LOW
        return BalanceLevel.FINE

    def crosses_threshold(self, available: Decimal, before: BalanceLevel) -> bool:
        """Whether so many credits are a crossing to be warned about."""
        return _level_change_kind(before, self.level(available, before)) in (
            NoticeKind.LOW,
            NoticeKind.CRITICAL,
        )

    @property
    def unreadable_after(self) -> timedelta:
        """For how long looks have to fail until that is told."""
        return min(self.remind_after / UNREADABLE_DIVISOR, MAX_UNREADABLE_AFTER)

    @staticmethod
    def _effective_threshold(threshold: Decimal, was_below: bool) -> Decimal:  # noqa: FBT001 - a fact, not a mode.
        return threshold * RECOVERY_FACTOR if was_below else threshold


def due_notice(
    thresholds: Thresholds, state: BalanceState, available: Decimal, at: datetime
) -> BalanceNotice | None:
    """What to tell now: one warning per crossing, a reminder after a time, one all-clear."""
    level = thresholds.level(available, state.level)
    threshold = thresholds.critical if level is BalanceLevel.CRITICAL else thresholds.warn
    kind = _level_change_kind(state.level, level)
    if kind is None and level is not BalanceLevel.FINE and state.notified_at is not None:
        # A warning of the future was told by a clock that was wrong: it keeps nobody quiet.
        since = abs(at - state.notified_at)
        kind = NoticeKind.REMINDER if since >= thresholds.remind_after else None
    return BalanceNotice(kind, level, available, threshold) if kind else None


def _level_change_kind(before: BalanceLevel, now: BalanceLevel) -> NoticeKind | None:
    if now is before:
        return None
    if now is BalanceLevel.CRITICAL:
        return NoticeKind.CRITICAL
    if now is BalanceLevel.FINE:
        return NoticeKind.ALL_CLEAR
    return (
        NoticeKind.LOW if before is BalanceLevel.FINE else None
    )  # Back from critical, yet not well.


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """The thresholds, and whose days the days are."""

    thresholds: Thresholds
    zone: tzinfo

    def level(self, state: BalanceState, available: Decimal) -> BalanceLevel:
        """How much is left."""
        return self.thresholds.level(available, state.level)

    def crosses_threshold(self, available: Decimal, before: BalanceLevel) -> bool:
        """Whether so many credits are a crossing to be warned about."""
        return self.thresholds.crosses_threshold(available, before)

    def due_notice(
        self, state: BalanceState, available: Decimal, at: datetime
    ) -> BalanceNotice | None:
        """What is to be told."""
        return due_notice(self.thresholds, state, available, at)

    @staticmethod
    def window_start(at: datetime) -> datetime:
        """From when on the samples are needed for the facts."""
        return at - WINDOW

    def with_details(
        self, notice: BalanceNotice, samples: Sequence[Sample], held_credits: Decimal, at: datetime
    ) -> BalanceNotice:
        """The notice with how long the credits last, and where else they are, if that matters."""
        external = external_usage(samples, at - DAY, at + DAY)
        least = notice.threshold * MIN_SHARE
        details = NoticeDetails(
            forecast=forecast(samples, at, self.zone),
            external_usage=external if external >= least else Decimal(0),
            held_credits=held_credits if held_credits >= least else Decimal(0),
        )
        return replace(notice, details=details)
