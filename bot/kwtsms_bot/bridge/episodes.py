"""Meaning of a report for an alert: a new episode, an update, a repeat or an end. Pure.

An alert is one condition of one source; an episode is one time that it fires. The tool's own times
decide wherever both reports have them, so that reports out of order do no harm.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus, Incoming

LATE_FIRING = timedelta(minutes=15)  # After so long, an old start is the tool's own clock.


class AlertOutcome(StrEnum):
    """Outcome of a reported alert, as the answer spells it."""

    NEW = "new"
    UPDATE = "update"
    REPEAT = "repeat"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Episode:
    """The stored episode of an alert."""

    firing: bool
    severity: AlertSeverity
    title: str
    started_at: datetime | None
    ended_at: datetime | None
    changed_at: datetime  # When it last began, changed or ended, by our clock.


def judge(
    stored: Episode | None, report: Incoming, severity: AlertSeverity, now: datetime
) -> AlertOutcome:
    """Returns what `report`, whose severity is known by now, means for the stored episode."""
    match report.status:
        case AlertStatus.FIRING:
            return _judge_firing(stored, report, severity, now)
        case AlertStatus.RESOLVED:
            is_news = stored is None or (stored.firing and not _is_from_before(stored, report))
            return AlertOutcome.RESOLVED if is_news else AlertOutcome.REPEAT
        case AlertStatus.ACKNOWLEDGED if stored is not None and stored.firing:
            return AlertOutcome.ACKNOWLEDGED
        case _:
            return AlertOutcome.IGNORED


def _judge_firing(
    stored: Episode | None, report: Incoming, severity: AlertSeverity, now: datetime
) -> AlertOutcome:
    if stored is None:
        return AlertOutcome.NEW
    if stored.firing:
        changed = severity > stored.severity or report.title != stored.title
        return AlertOutcome.UPDATE if changed else AlertOutcome.REPEAT
    if report.repeat:
        return AlertOutcome.IGNORED
    started, ended = report.started_at, stored.ended_at
    if started is None or ended is None or started > ended:
        return AlertOutcome.NEW
    is_late = now - stored.changed_at >= LATE_FIRING
    return AlertOutcome.NEW if is_late else AlertOutcome.IGNORED


def _is_from_before(stored: Episode, report: Incoming) -> bool:
    """Whether the end that is reported is that of an earlier episode."""
    ended, started = report.ended_at, stored.started_at
    return ended is not None and started is not None and ended < started


def start_of(
    stored: Episode | None, report: Incoming, outcome: AlertOutcome, now: datetime
) -> datetime:
    """Returns the start to store: the earliest of an episode, and never one in the future."""
    reported = min(report.started_at or now, now)
    if outcome is AlertOutcome.NEW or stored is None or stored.started_at is None:
        return reported
    return min(stored.started_at, reported)
