"""Contacts of the first text about an incident, and new texts at the end of a silence. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from kwtsms_bot.bridge.escalation.steps import pass_step, start_clock, starts_later
from kwtsms_bot.bridge.models import NotificationKind
from kwtsms_bot.bridge.notification_rules import NIGHT, DueTime, due_time
from kwtsms_bot.bridge.pace import SETTLE
from kwtsms_bot.bridge.records import AlertRecord, IncidentRecord, NewEvent, NewNotification
from kwtsms_bot.bridge.reports import Receiver, Report
from kwtsms_bot.bridge.routing import match_facts
from kwtsms_bot.bridge.silences.inhibition import FiringAlert
from kwtsms_bot.bridge.silences.mutes import Mutes
from kwtsms_bot.bridge.silences.silence import SILENCED, Mute
from kwtsms_bot.bridge.states import IncidentState

AUTHOR = "bridge"  # Of events that no person and no tool causes.
UNANNOUNCED = 0  # The wave of an alert that nobody was texted about.


def first_contacts(incident: IncidentRecord, receiver: Receiver, now: datetime) -> tuple[str, ...]:
    """Returns the contacts of step 1, and the one who has taken the incident."""
    taker = receiver.directory.contact_of(incident.acked_by)
    return tuple(dict.fromkeys((*receiver.contacts(now), *((taker,) if taker else ()))))


def new_notification(
    incident: IncidentRecord, contact: str, kind: NotificationKind, due: DueTime
) -> NewNotification:
    """Returns a notification of step 1; it says why it waits for the morning.

    Steps are counted on when their clock is restarted, so this may be a later one of the incident.
    """
    reason, step = due.why if due.why == NIGHT else None, incident.step_offset + 1
    return NewNotification(
        incident, incident.wave, contact, step, kind, incident.severity, due.at, reason
    )


def start_steps(incident: IncidentRecord, receiver: Receiver, at: datetime, now: datetime) -> None:
    """Starts the clock of the steps, unless it runs or somebody has taken the incident.

    A clock that starts later, in the morning, is brought forward.
    """
    if incident.state is not IncidentState.FIRING:
        return
    if incident.step_due_at is not None and not starts_later(incident, receiver.policy, at):
        return
    is_first = incident.steps_from is None
    if incident.step_due_at is None and not is_first and receiver.policy.escalates:
        incident.step += 1  # What it reaches counts, and not what the step before has reached.
    start_clock(incident, receiver.policy, at)
    if receiver.policy.names(1) and not receiver.contacts(now):
        pass_step(incident, now)


def mute_of_report(
    mutes: Mutes, report: Report, incident_ref: str | None, now: datetime
) -> Mute | None:
    """Returns the mute of a reported alert; None if it is texted."""
    facts = match_facts(report.incoming, report.integration, report.severity)
    return mutes.find(facts, incident_ref, now)


def mute_of_alert(mutes: Mutes, alert: AlertRecord, now: datetime) -> Mute | None:
    """Returns the mute of a stored alert; None if it is texted."""
    return mutes.find(facts_of(alert), alert.incident.ref if alert.incident else None, now)


def facts_of(alert: AlertRecord) -> Mapping[str, str]:
    """Returns all that conditions can ask for of a stored alert."""
    return match_facts(alert.report, alert.integration, alert.severity)


def observe(mutes: Mutes, alert: AlertRecord) -> None:
    """Keeps an alert that mutes others while it fires."""
    if mutes.has_rules:
        found = None
        if alert.firing and alert.incident is not None:
            found = FiringAlert(alert.incident.ref, facts_of(alert))
        mutes.observe((alert.integration, alert.key_hash), found)


def first_to_end(mutes: Iterable[Mute | None]) -> Mute | None:
    """Returns the mute that ends first; None if nothing is muted."""
    found = [one for one in mutes if one is not None]
    return min(found, key=lambda mute: mute.until, default=None)


def mute_incident(incident: IncidentRecord, mute: Mute, now: datetime) -> Iterator[NewEvent]:
    """Mutes an incident for one of its alerts: as a whole, unless something of it was texted.

    `silenced_until` is when the first of its alerts may be texted again.
    """
    was_muted = incident.muted_by is not None
    until = min(mute.until, incident.silenced_until or mute.until)
    if incident.muted_by is None and incident.wave != UNANNOUNCED:
        incident.silenced_until = until
        incident.touch(now)
        return
    incident.mute(mute.by, until, now)
    if not was_muted:
        yield NewEvent(incident, now, SILENCED, AUTHOR, mute.by)


def end_silence(
    incident: IncidentRecord,
    alerts: Iterable[AlertRecord],
    receiver: Receiver,
    *,
    mutes: Mutes,
    now: datetime,
) -> Iterator[NewNotification]:
    """Ends the silence of an incident; yields the new notifications of the alerts that fire.

    What another silence, or another alert, mutes stays silent. Incident and alerts are changed.
    """
    firing = [one for one in alerts if one.firing]
    found = [(one, mute_of_alert(mutes, one, now)) for one in firing]
    lasting = first_to_end(mute for _, mute in found)
    audible = [one for one, mute in found if mute is None and receiver.texts(one.severity)]
    was_muted = incident.muted_by is not None
    if lasting is not None and was_muted and not audible:
        if lasting.by == incident.muted_by:  # Its card says so already.
            incident.silenced_until = lasting.until
        else:
            incident.mute(lasting.by, lasting.until, now)
        return
    incident.touch(now)
    incident.muted_by = None
    incident.silenced_until = lasting.until if lasting else None
    announced = [one for one in audible if was_muted or one.wave == UNANNOUNCED]
    if not announced or incident.state is not IncidentState.FIRING:
        return
    incident.wave += 1
    for one in announced:
        one.wave = incident.wave
    kind = NotificationKind.NEW
    since = min(one.first_at for one in announced)
    due = due_time(incident, kind, now, night=receiver.night, since=since)
    start_steps(incident, receiver, due.at - SETTLE, now)
    for contact in first_contacts(incident, receiver, now):
        yield new_notification(incident, contact, kind, due)
