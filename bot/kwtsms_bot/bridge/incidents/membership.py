"""Whether an incident takes a new alert, and when many incidents become a storm. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from kwtsms_bot.bridge.notification_rules import kind_of
from kwtsms_bot.bridge.records import IncidentRecord
from kwtsms_bot.bridge.reports import Report
from kwtsms_bot.bridge.states import IncidentKind, IncidentState

STORM_SIZE, STORM_WINDOW = 10, timedelta(minutes=1)
STORM_PAUSE, STORM_LASTS = timedelta(minutes=5), timedelta(minutes=60)


def accepts_alert(incident: IncidentRecord, report: Report, now: datetime) -> bool:
    """Whether an incident takes this alert: an acknowledgement covers what was seen."""
    if incident.kind is IncidentKind.STORM:
        return storm_lasts(incident, now)
    if incident.state is IncidentState.ACKNOWLEDGED:
        return kind_of(report) in incident.ack_kinds
    return incident.is_open


def storm_lasts(storm: IncidentRecord, now: datetime) -> bool:
    """Whether a storm takes further alerts: nobody has taken it, and it has not calmed down."""
    return (
        storm.state is IncidentState.FIRING
        and now - (storm.grown_at or storm.opened_at) < STORM_PAUSE
        and now - storm.opened_at < STORM_LASTS
    )


def storm_begins(opened: Iterable[datetime], now: datetime) -> bool:
    """Whether the next incident is a storm, after those that were opened at these times."""
    return sum(now - at < STORM_WINDOW for at in opened) >= STORM_SIZE
