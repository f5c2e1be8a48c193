"""Summarizes an incident for a text, and counts its alerts. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence

from kwtsms_bot.bridge.models import IncidentSummary, NotificationKind
from kwtsms_bot.bridge.records import AlertRecord, WaitingNotification
from kwtsms_bot.bridge.summary import count_kinds

# Those that are about all that fires; the others are about the alerts of their wave.
ABOUT_ALL = (NotificationKind.ESCALATION, NotificationKind.AGAIN)


def covers(one: WaitingNotification, alert: AlertRecord) -> bool:
    """Whether a notification is about an alert."""
    return one.kind in ABOUT_ALL or one.wave == alert.wave


def summarize(
    rows: Sequence[WaitingNotification], alerts: Sequence[AlertRecord]
) -> IncidentSummary:
    """Returns an incident as a text needs it: with the alerts that the rows are about."""
    incident = rows[0].incident
    if all(one.kind is NotificationKind.RESOLVED for one in rows):
        counted = [one for one in alerts if not one.firing] or list(alerts)
    else:
        counted = [
            alert for alert in alerts if alert.firing and any(covers(one, alert) for one in rows)
        ]
    worst = max(counted, key=lambda one: (one.severity, -one.id))
    starts = [one.started_at or one.first_at for one in counted]
    return IncidentSummary(
        ref=incident.ref,
        severity=worst.severity,
        title=worst.report.title,
        since=min(starts),
        kinds=count_kinds((one.report for one in counted), worst.report),
        notification=_kind_of(rows),
        text=worst.report.text,
        values=worst.report.values,
        where=worst.report.where,
        ended_at=incident.resolved_at,
        reopened=incident.reopened,
    )


def _kind_of(rows: Sequence[WaitingNotification]) -> NotificationKind:
    """Returns the kind whose word begins the text: the highest step gives it."""
    kinds = {one.kind for one in rows}
    if NotificationKind.ESCALATION in kinds:
        return NotificationKind.ESCALATION
    return min(kinds, key=list(NotificationKind).index)


def count_alerts(
    rows: Sequence[WaitingNotification], alerts: Sequence[AlertRecord]
) -> Iterable[tuple[WaitingNotification, int]]:
    """Yields each notification with the number of alerts that the text counts for it."""
    by_wave = Counter(one.wave for one in alerts if one.firing)
    counted: set[int] = set()
    for one in rows:
        waves = by_wave.keys() if one.kind in ABOUT_ALL else {one.wave}
        yield one, sum(by_wave[wave] for wave in waves - counted)
        counted |= waves
