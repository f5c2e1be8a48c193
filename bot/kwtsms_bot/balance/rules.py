"""Decides which notice follows from a balance sample, and with which details. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum

from kwtsms_bot.balance.details import NO_DETAILS, NoticeDetails
from kwtsms_bot.balance.forecast import WINDOW, forecast
from kwtsms_bot.balance.samples import DAY, Sample, external_usage

MIN_SHARE = Decimal("0.1")  # Of the threshold: a warning leaves smaller amounts out.


# A balance must rise to this multiple of a threshold before it counts as recovered, so that one
# that hovers around the threshold does not cause repeated warnings.
RECOVERY_FACTOR = Decimal("1.1")
# A balance that cannot be read is reported after this part of the time between reminders.
UNREADABLE_DIVISOR = 4
MAX_UNREADABLE_AFTER = timedelta(days=1)  # The slots of failed polls are kept for two.


class BalanceLevel(StrEnum):
    """Level of the balance."""

    FINE = "fine"
    LOW = "low"
    CRITICAL = "critical"


class NoticeKind(StrEnum):
    """Kind of balance notice."""

    LOW = "low"
    CRITICAL = "critical"
    REMINDER = "reminder"
    ALL_CLEAR = "all_clear"
    DIGEST = "digest"
    UNREADABLE = "unreadable"
    READABLE = "readable"
    ALERTS_LOW = "alerts_low"
    ALERTS_LIMITED = "alerts_limited"
    ALERTS_WAITING = "alerts_waiting"


# Notices about the level of the balance.
LEVEL_KINDS = (NoticeKind.LOW, NoticeKind.CRITICAL, NoticeKind.REMINDER, NoticeKind.ALL_CLEAR)
# Notices about the credits that alerts may use in a day; the amounts are those used and allowed.
ALERT_KINDS = (NoticeKind.ALERTS_LOW, NoticeKind.ALERTS_LIMITED, NoticeKind.ALERTS_WAITING)


@dataclass(frozen=True, slots=True)
class BalanceState:
    """The level at the last poll, and the time of the last notice about the level."""

    level: BalanceLevel = BalanceLevel.FINE
    notified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BalanceNotice:
    """A notice to send: its kind, the level and the figures."""

    kind: NoticeKind
    level: BalanceLevel
    available: Decimal
    threshold: Decimal
    details: NoticeDetails = NO_DETAILS


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The thresholds: below `critical` is urgent, below `warn` is low."""

    warn: Decimal
    critical: Decimal
    remind_after: timedelta

    def level(self, available: Decimal, before: BalanceLevel) -> BalanceLevel:
        """Returns the level of `available` credits, given the level before."""
        if available < self._effective_threshold(self.critical, before is BalanceLevel.CRITICAL):
            return BalanceLevel.CRITICAL
        if available < self._effective_threshold(self.warn, before is not BalanceLevel.FINE):
            return BalanceLevel.LOW
        return BalanceLevel.FINE

    def crosses_threshold(self, available: Decimal, before: BalanceLevel) -> bool:
        """Whether a balance of `available` credits calls for a new warning."""
        return _level_change_kind(before, self.level(available, before)) in (
            NoticeKind.LOW,
            NoticeKind.CRITICAL,
        )

    @property
    def unreadable_after(self) -> timedelta:
        """The time for which polls must fail before a notice says so."""
        return min(self.remind_after / UNREADABLE_DIVISOR, MAX_UNREADABLE_AFTER)

    @staticmethod
    def _effective_threshold(threshold: Decimal, was_below: bool) -> Decimal:  # noqa: FBT001 - a fact, not a mode.
        return threshold * RECOVERY_FACTOR if was_below else threshold


def due_notice(
    thresholds: Thresholds, state: BalanceState, available: Decimal, at: datetime
) -> BalanceNotice | None:
    """Returns the notice that is due: one warning per crossing, reminders, one all-clear."""
    level = thresholds.level(available, state.level)
    threshold = thresholds.critical if level is BalanceLevel.CRITICAL else thresholds.warn
    kind = _level_change_kind(state.level, level)
    if kind is None and level is not BalanceLevel.FINE and state.notified_at is not None:
        # A notice from the future was made by a wrong clock, and must not suppress reminders.
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
    # A rise from critical to low is not worth a notice.
    return NoticeKind.LOW if before is BalanceLevel.FINE else None


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """The thresholds, and the time zone in which days are counted."""

    thresholds: Thresholds
    zone: tzinfo

    def level(self, state: BalanceState, available: Decimal) -> BalanceLevel:
        """Returns the level of `available` credits, given the state before."""
        return self.thresholds.level(available, state.level)

    def crosses_threshold(self, available: Decimal, before: BalanceLevel) -> bool:
        """Whether a balance of `available` credits calls for a new warning."""
        return self.thresholds.crosses_threshold(available, before)

    def due_notice(
        self, state: BalanceState, available: Decimal, at: datetime
    ) -> BalanceNotice | None:
        """Returns the notice that is due, if any."""
        return due_notice(self.thresholds, state, available, at)

    @staticmethod
    def window_start(at: datetime) -> datetime:
        """Returns the time since which the details need samples."""
        return at - WINDOW

    def with_details(
        self, notice: BalanceNotice, samples: Sequence[Sample], held_credits: Decimal, at: datetime
    ) -> BalanceNotice:
        """Adds the forecast, and external usage and held credits if they matter."""
        external = external_usage(samples, at - DAY, at + DAY)
        least = notice.threshold * MIN_SHARE
        details = NoticeDetails(
            forecast=forecast(samples, at, self.zone),
            external_usage=external if external >= least else Decimal(0),
            held_credits=held_credits if held_credits >= least else Decimal(0),
        )
        return replace(notice, details=details)
