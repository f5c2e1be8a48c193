"""Decides what is sent about an alert: whether at all, and once it has stood for how long. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kwtsms_bot.bridge.models import AlertSeverity, NotificationKind
from kwtsms_bot.bridge.pace import SETTLE
from kwtsms_bot.bridge.records import IncidentRecord
from kwtsms_bot.bridge.reports import Receiver, Report
from kwtsms_bot.bridge.silences.night import Night
from kwtsms_bot.bridge.states import IncidentState

NIGHT = "night"  # Why an alert waits, as answers and notifications spell it.
FLAP = timedelta(minutes=10)  # Fires again within it: the same incident.
# A reopened incident is sent once it has fired for so long.
STABLE_CRITICAL, STABLE_FLAPPING = timedelta(minutes=2), timedelta(minutes=30)
FLAPPING_AT, FLAPPING_WINDOW = 3, timedelta(hours=1)


def kind_of(report: Report) -> str:
    """Returns the kind of an alert: the name of its rule, else its title."""
    return (report.incoming.kind or report.incoming.title)[:255]


def silence_reason(incident: IncidentRecord, report: Report, receiver: Receiver) -> str | None:
    """Returns why an alert is not texted; None if it is."""
    if not receiver.reaches_anybody:
        return "nobody"
    if not receiver.texts(report.severity):
        return "below_sms_from"
    is_acknowledged = incident.state is IncidentState.ACKNOWLEDGED
    if is_acknowledged and report.severity <= (incident.ack_severity or AlertSeverity.NONE):
        return "acknowledged"
    return None


@dataclass(frozen=True, slots=True)
class DueTime:
    """The time from which a notification may be sent, and why that is later than usual."""

    at: datetime
    why: str | None = None


def due_time(
    incident: IncidentRecord,
    kind: NotificationKind,
    now: datetime,
    *,
    night: Night | None = None,
    since: datetime | None = None,
) -> DueTime:
    """Returns when a notification that is made at `now` is due.

    What postpones notifications belongs here: intake and escalation ask it for each of them.
    `night` is the receiver's; `since` is when the alert began.
    """
    if kind in (NotificationKind.ESCALATION, NotificationKind.AGAIN):
        return DueTime(now)
    at = now + _settling_time(incident, kind)
    until = night.waits_until(incident.severity, since, at) if night else None
    if until is not None and kind is not NotificationKind.TEST:
        return DueTime(until, NIGHT)
    return DueTime(at, "flapping" if kind is NotificationKind.REOPENED else None)


def _settling_time(incident: IncidentRecord, kind: NotificationKind) -> timedelta:
    """Returns how long an alert has to fire before it is sent."""
    if kind is not NotificationKind.REOPENED:
        return SETTLE
    if incident.severity is AlertSeverity.CRITICAL:
        return STABLE_CRITICAL
    return STABLE_FLAPPING if incident.reopened > FLAPPING_AT else FLAP
