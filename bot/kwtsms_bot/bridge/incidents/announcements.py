"""Contacts of the first text about an incident, and new texts at the end of a silence. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from kwtsms_bot.bridge.escalation.steps import pass_step, start_clock
from kwtsms_bot.bridge.models import NotificationKind
from kwtsms_bot.bridge.notification_rules import due_time
from kwtsms_bot.bridge.records import AlertRecord, IncidentRecord, NewNotification
from kwtsms_bot.bridge.reports import Receiver, Report
from kwtsms_bot.bridge.routing import match_facts
from kwtsms_bot.bridge.silences.silence import Mute, Silence, longest_mute
from kwtsms_bot.bridge.states import IncidentState

UNANNOUNCED = 0  # The wave of an alert that nobody was texted about.


def first_contacts(incident: IncidentRecord, receiver: Receiver, now: datetime) -> tuple[str, ...]:
    """Returns the contacts of step 1, and the one who has taken the incident."""
    taker = receiver.directory.contact_of(incident.acked_by)
    return tuple(dict.fromkeys((*receiver.contacts(now), *((taker,) if taker else ()))))


def start_steps(incident: IncidentRecord, receiver: Receiver, at: datetime, now: datetime) -> None:
    """Starts the clock of the steps, unless it runs or somebody has taken the incident."""
    if incident.state is not IncidentState.FIRING or incident.step_due_at is not None:
        return
    start_clock(incident, receiver.policy, at)
    if receiver.policy.names(1) and not receiver.contacts(now):
        pass_step(incident, now)


def mute_of_report(
    silences: Sequence[Silence], report: Report, incident_ref: str | None, now: datetime
) -> Mute | None:
    """Returns the mute of a reported alert; None if it is texted."""
    facts = match_facts(report.incoming, report.integration, report.severity)
    return longest_mute(silences, facts, incident_ref, now)


def mute_of_alert(silences: Sequence[Silence], alert: AlertRecord, now: datetime) -> Mute | None:
    """Returns the mute of a stored alert; None if it is texted."""
    facts = match_facts(alert.report, alert.integration, alert.severity)
    return longest_mute(silences, facts, alert.incident.ref if alert.incident else None, now)


def mute_incident(incident: IncidentRecord, mute: Mute, now: datetime) -> None:
    """Mutes an incident for one of its alerts: as a whole, unless something of it was texted."""
    until = max(mute.until, incident.silenced_until or mute.until)
    if incident.muted_by is None and incident.wave != UNANNOUNCED:
        incident.silenced_until = until
        incident.touch(now)
        return
    incident.mute(mute.by, until, now)


def end_silence(
    incident: IncidentRecord,
    alerts: Iterable[AlertRecord],
    receiver: Receiver,
    *,
    silences: Sequence[Silence],
    now: datetime,
) -> Iterator[NewNotification]:
    """Ends the silence of an incident; yields the new notifications of the alerts that fire.

    What another silence mutes stays silent. Incident and alerts are changed.
    """
    firing = [one for one in alerts if one.firing]
    mutes = [(one, mute_of_alert(silences, one, now)) for one in firing]
    lasting = max(
        (mute for _, mute in mutes if mute is not None), key=lambda mute: mute.until, default=None
    )
    audible = [one for one, mute in mutes if mute is None and receiver.texts(one.severity)]
    was_muted = incident.muted_by is not None
    incident.touch(now)
    if lasting is not None and was_muted and not audible:
        incident.mute(lasting.by, lasting.until, now)
        return
    incident.muted_by = None
    incident.silenced_until = lasting.until if lasting else None
    announced = [one for one in audible if was_muted or one.wave == UNANNOUNCED]
    if not announced or incident.state is not IncidentState.FIRING:
        return
    incident.wave += 1
    for one in announced:
        one.wave = incident.wave
    kind = NotificationKind.NEW
    due_at = due_time(incident, kind, now).at
    start_steps(incident, receiver, now, now)
    for contact in first_contacts(incident, receiver, now):
        yield NewNotification(incident, incident.wave, contact, 1, kind, incident.severity, due_at)
