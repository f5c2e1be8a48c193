"""Decides when an integration is overdue, and what is reported of it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kwtsms_bot.bridge.models import AlertStatus, Incoming
from kwtsms_bot.config.fields import format_duration

KEY, KIND = "kwtsms-bridge overdue", "bridge"
PRESENT_WITHIN = timedelta(minutes=1)  # Two checks further apart: we were away between them.


class OverdueChange(StrEnum):
    """Change of an integration that is expected to report."""

    FELL_SILENT = "fell silent"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class SourceState:
    """Time of the last request of an integration, and whether it is overdue."""

    last_at: datetime | None = None  # Of its last accepted request.
    overdue_since: datetime | None = None


@dataclass(slots=True)
class Presence:
    """The time since which this process could have accepted requests, without a break."""

    since: datetime | None = None
    _checked_at: datetime | None = None

    def record(self, now: datetime) -> datetime:
        """Records that it is present now; returns since when."""
        last = self._checked_at
        if self.since is None or last is None or not last <= now <= last + PRESENT_WITHIN:
            self.since = now
        self._checked_at = now
        return self.since


def find_change(
    state: SourceState, expect: timedelta | None, *, present_since: datetime, now: datetime
) -> OverdueChange | None:
    """Returns the change of an integration; None if there is none.

    After a time in which nothing could be accepted, it has one whole `expect` again.
    """
    if state.overdue_since is not None:
        has_reported = state.last_at is not None and state.last_at > state.overdue_since
        return OverdueChange.RETURNED if has_reported or expect is None else None
    if expect is None or now - max(state.last_at or present_since, present_since) < expect:
        return None
    return OverdueChange.FELL_SILENT


def overdue_alert(integration: str, change: OverdueChange, expect: timedelta | None) -> Incoming:
    """Returns the alert of the bridge itself about an integration, or its end."""
    is_silent = change is OverdueChange.FELL_SILENT
    within = f" within {format_duration(expect)}" if expect else ""
    return Incoming(
        key=KEY,
        status=AlertStatus.FIRING if is_silent else AlertStatus.RESOLVED,
        title=f"integration {integration} is silent",
        text=f"No alert and no heartbeat came{within}." if is_silent else "",
        kind=KIND,
    )
