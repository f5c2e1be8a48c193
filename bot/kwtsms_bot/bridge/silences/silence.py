"""A silence: which alerts are not texted, and in which windows of time. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.routing import all_match
from kwtsms_bot.config.bridge import SEVERITY_KEY
from kwtsms_bot.config.bridge_fields import Conditions

WEEK = timedelta(days=7)
SILENCED = "silenced"  # Why an alert is not texted, as answers spell it.


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A time from its start to its end; the end is not part of it."""

    starts_at: datetime
    ends_at: datetime

    def contains(self, at: datetime) -> bool:
        """Whether a time is within it."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that match are not texted from its start to its end, or each week between these."""

    ref: str
    window: TimeWindow  # Of a weekly one: the first.
    conditions: Conditions
    incident_ref: str | None = None  # It mutes what matches in one incident only.
    is_weekly: bool = False
    reason: str = ""
    created_by: str = ""
    ended_at: datetime | None = None  # By a person, before its time.

    def active_window(self, at: datetime) -> TimeWindow | None:
        """Returns the window that is in force at a time; None if there is none."""
        if self.ended_at is not None and at >= self.ended_at:
            return None
        window = self._window_from(at) if self.is_weekly else self.window
        return window if window is not None and window.contains(at) else None

    def next_window(self, at: datetime) -> TimeWindow | None:
        """Returns the window in force at a time or the next one; None if it is over."""
        if self.ended_at is not None and at >= self.ended_at:
            return None
        if at < self.window.ends_at:
            return self.window
        if not self.is_weekly:
            return None
        window = self._window_from(at)
        if window is not None and at < window.ends_at:
            return window
        weeks = (at - self.window.starts_at) // WEEK + 1
        return _shifted(self.window, weeks * WEEK)

    def mutes(self, facts: Mapping[str, str], incident_ref: str | None) -> bool:
        """Whether an alert with these facts, in this incident, is one of those it mutes."""
        is_meant = self.incident_ref in (None, incident_ref)
        return is_meant and all_match(facts, self.conditions)

    def _window_from(self, at: datetime) -> TimeWindow | None:
        """Returns the last window that has started."""
        weeks = (at - self.window.starts_at) // WEEK
        return None if weeks < 0 else _shifted(self.window, weeks * WEEK)


def _shifted(window: TimeWindow, by: timedelta) -> TimeWindow:
    return TimeWindow(window.starts_at + by, window.ends_at + by)


@dataclass(frozen=True, slots=True)
class Mute:
    """An alert is not texted until a time, because of a silence or of another incident."""

    until: datetime
    by: str  # The reference of either.
    why: str = SILENCED


def spare_critical(conditions: Conditions) -> Conditions | None:
    """Returns conditions that match no critical alert; None if they match no other."""
    wanted = conditions.get(SEVERITY_KEY)
    words = [one.word for one in AlertSeverity if one is not AlertSeverity.CRITICAL]
    left = [
        word
        for word in words
        if wanted is None or all_match({SEVERITY_KEY: word}, {SEVERITY_KEY: wanted})
    ]
    return {**conditions, SEVERITY_KEY: tuple(left)} if left else None


def longest_mute(
    silences: Iterable[Silence], facts: Mapping[str, str], incident_ref: str | None, at: datetime
) -> Mute | None:
    """Returns the mute of an alert by the silence that lasts longest; None if none mutes it."""
    found = [
        Mute(window.ends_at, one.ref)
        for one in silences
        if (window := one.active_window(at)) is not None and one.mutes(facts, incident_ref)
    ]
    return max(found, key=lambda mute: mute.until, default=None)
