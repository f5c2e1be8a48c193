"""Decides what reported alerts do to alerts, incidents and notifications. Pure.

The store reads what concerns a batch of reports, this plan changes it, and the store writes it:
all in one transaction, so that an answer is never ahead of what is stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kwtsms_bot.bridge.episodes import AlertOutcome, judge, start_of
from kwtsms_bot.bridge.escalation.steps import StepOutcome
from kwtsms_bot.bridge.incidents.announcements import (
    UNANNOUNCED,
    first_contacts,
    mute_incident,
    mute_of_report,
    new_notification,
    observe,
    start_steps,
)
from kwtsms_bot.bridge.incidents.membership import accepts_alert, storm_begins, storm_lasts
from kwtsms_bot.bridge.models import NotificationKind
from kwtsms_bot.bridge.notification_rules import (
    FLAP,
    FLAPPING_AT,
    FLAPPING_WINDOW,
    NIGHT,
    DueTime,
    due_time,
    kind_of,
    silence_reason,
)
from kwtsms_bot.bridge.pace import SETTLE
from kwtsms_bot.bridge.records import AlertRecord, IncidentRecord, NewEvent, NewNotification
from kwtsms_bot.bridge.reports import AlertResult, Receiver, Report, Snapshot, hash_of
from kwtsms_bot.bridge.states import IncidentKind, IncidentState

TEST_LASTS, TEST_EVERY = timedelta(minutes=10), timedelta(minutes=1)


class IntakePlan:
    """The changes that a batch of reports makes."""

    def __init__(
        self,
        snapshot: Snapshot,
        receivers: Mapping[str, Receiver],
        *,
        make_ref: Callable[[], str],
    ) -> None:
        self._stored, self._receivers, self._make_ref = snapshot, receivers, make_ref
        self.new_incidents: list[IncidentRecord] = []
        self._stored_incidents = {
            id(one): one
            for one in (
                *snapshot.groups.values(),
                *snapshot.storms.values(),
                *(alert.incident for alert in snapshot.alerts.values() if alert.incident),
            )
        }
        self.changed_alerts: dict[tuple[str, str], AlertRecord] = {}
        self.notifications: dict[tuple[object, ...], NewNotification] = {}
        self.events: list[NewEvent] = []
        self.new_groups: dict[tuple[str, str], IncidentRecord] = {}
        self._waves: dict[int, int] = {}  # The wave of this request, by the incident's identity.

    @property
    def changed_incidents(self) -> list[IncidentRecord]:
        """The stored incidents that were changed."""
        return [one for one in self._stored_incidents.values() if one.changed]

    def accept(self, reports: Sequence[Report], now: datetime) -> tuple[AlertResult, ...]:
        """Applies the reports of one request; returns the result for each alert."""
        self._waves = {}
        return tuple(self._accept_one(one, now) for one in reports)

    def _accept_one(self, report: Report, now: datetime) -> AlertResult:
        if report.incoming.test:
            return self._test(report, now)
        alert = self._stored.alerts.get((report.integration, report.key_hash))
        episode = alert.episode if alert else None
        outcome = judge(episode, report.incoming, report.severity, now)
        lasts = None if report.incoming.has_end else report.resolves_after
        if alert is not None and alert.postpone_expiry(now, lasts):
            self._keep(alert)
        match outcome:
            case AlertOutcome.NEW:
                return self._begin(alert, report, now)
            case AlertOutcome.UPDATE if alert is not None:
                return self._update(alert, report, now)
            case AlertOutcome.RESOLVED:
                return self._resolve(alert, report, now)
            case AlertOutcome.ACKNOWLEDGED if alert is not None and alert.incident is not None:
                return self._acknowledge(alert.incident, report, now)
        ref = alert.incident.ref if alert and alert.incident else None
        why = "repeat" if outcome is AlertOutcome.REPEAT else None
        return AlertResult(ref, report.incoming.key, outcome, "none", why)

    def _begin(self, alert: AlertRecord | None, report: Report, now: datetime) -> AlertResult:
        """Begins an episode: in the incident that it reopens, in its group's, or in a new one."""
        before = alert.incident if alert else None
        flaps = alert is not None and now - alert.changed_at < FLAP
        if before is not None and flaps and before.kind is not IncidentKind.STORM:
            incident, kind = before, self._reopen(before, report, now)
        else:
            incident, kind = self._incident_for(report, now)
        record = self._store_episode(alert, report, now)
        record.incident = incident
        observe(self._stored.mutes, record)
        incident.grow(report.severity, now)
        return self._notify(incident, record, report, kind=kind, outcome=AlertOutcome.NEW, now=now)

    def _store_episode(
        self, alert: AlertRecord | None, report: Report, now: datetime
    ) -> AlertRecord:
        incoming = report.incoming
        closes_at = now + report.resolves_after if report.resolves_after else None
        record = AlertRecord(
            integration=report.integration,
            key_hash=report.key_hash,
            report=incoming,
            severity=report.severity,
            firing=True,
            started_at=min(incoming.started_at, now) if incoming.started_at else None,
            ended_at=None,
            first_at=now,
            changed_at=now,
            closes_at=closes_at,
            id=alert.id if alert else 0,
        )
        record.postpone_expiry(now)
        self._keep(record)
        return record

    def _keep(self, record: AlertRecord) -> None:
        key = (record.integration, record.key_hash)
        self._stored.alerts[key] = self.changed_alerts[key] = record
        observe(self._stored.mutes, record)

    def _incident_for(
        self, report: Report, now: datetime
    ) -> tuple[IncidentRecord, NotificationKind]:
        """Returns the incident that takes a new alert, and the occasion to tell of it."""
        group = (report.integration, report.group_hash) if report.group_hash else None
        grouped = self._stored.groups.get(group) if group else None
        if grouped is not None and accepts_alert(grouped, report, now):
            kind = NotificationKind.MORE
            if grouped.state is IncidentState.ACKNOWLEDGED:
                kind = NotificationKind.WORSE
            return grouped, kind
        storm = self._storm_for(report, now)
        incident = storm or self._open(
            report, IncidentKind.GROUP if group else IncidentKind.ALERT, now
        )
        if group:
            self._stored.groups[group] = self.new_groups[group] = incident
        kind = NotificationKind.MORE if incident.wave else NotificationKind.NEW
        return incident, kind

    def _storm_for(self, report: Report, now: datetime) -> IncidentRecord | None:
        """Returns the storm that takes a new alert, where there are too many at once."""
        receiver = report.receiver
        if receiver.reaches_anybody and not receiver.texts(report.severity):
            return None
        if mute_of_report(self._stored.mutes, report, None, now) is not None:
            return None
        storm = self._stored.storms.get(receiver.name)
        if storm is not None and storm_lasts(storm, now):
            return storm
        if not storm_begins(self._stored.recent.get(receiver.name, []), now):
            return None
        storm = self._open(report, IncidentKind.STORM, now)
        self._stored.storms[receiver.name] = storm
        return storm

    def _open(self, report: Report, kind: IncidentKind, now: datetime) -> IncidentRecord:
        incident = IncidentRecord(
            ref=self._make_ref(),
            kind=kind,
            integration=report.integration,
            receiver=report.receiver.name,
            title=report.incoming.title,
            severity=report.severity,
            opened_at=now,
            changed_at=now,
            changed=True,
        )
        self.new_incidents.append(incident)
        self.events.append(NewEvent(incident, now, "opened", report.integration))
        counts = not report.receiver.reaches_anybody or report.receiver.texts(report.severity)
        is_muted = mute_of_report(self._stored.mutes, report, None, now) is not None
        if kind in (IncidentKind.ALERT, IncidentKind.GROUP) and counts and not is_muted:
            self._stored.recent.setdefault(report.receiver.name, []).append(now)
        return incident

    def _reopen(self, incident: IncidentRecord, report: Report, now: datetime) -> NotificationKind:
        """Reopens an incident as it was before it was resolved."""
        if incident.is_open:  # Another alert of its group still fires.
            return NotificationKind.REOPENED
        incident.reopen(now, window=FLAPPING_WINDOW)
        self.events.append(NewEvent(incident, now, "reopened", report.integration))
        is_flapping = incident.reopened == FLAPPING_AT
        return NotificationKind.FLAPPING if is_flapping else NotificationKind.REOPENED

    def _wave_of(self, incident: IncidentRecord) -> int:
        """Returns this request's wave of an incident."""
        if id(incident) not in self._waves:
            incident.wave += 1
            self._waves[id(incident)] = incident.wave
        return self._waves[id(incident)]

    def _update(self, alert: AlertRecord, report: Report, now: datetime) -> AlertResult:
        """Keeps the newest title and the worst severity; a worse one is sent."""
        incident = alert.incident
        got_worse = report.severity > alert.severity
        alert.started_at = start_of(alert.episode, report.incoming, AlertOutcome.UPDATE, now)
        alert.report, alert.changed_at = report.incoming, now
        alert.severity = max(alert.severity, report.severity)
        self._keep(alert)
        if incident is None or not incident.is_open:
            return AlertResult(None, report.incoming.key, AlertOutcome.UPDATE, "none", "repeat")
        is_worst = got_worse and report.severity > incident.severity
        incident.severity = max(incident.severity, report.severity)
        if incident.kind is IncidentKind.ALERT:
            incident.title = report.incoming.title
        incident.touch(now)
        if not is_worst:
            return AlertResult(
                incident.ref, report.incoming.key, AlertOutcome.UPDATE, "none", "repeat"
            )
        return self._notify(
            incident,
            alert,
            report,
            kind=NotificationKind.WORSE,
            outcome=AlertOutcome.UPDATE,
            now=now,
        )

    def _resolve(self, alert: AlertRecord | None, report: Report, now: datetime) -> AlertResult:
        ended_at = min(report.incoming.ended_at or now, now)
        if alert is None:  # It was over before it was heard of; a late firing is then old.
            alert = self._store_episode(None, report, now)
            alert.end(ended_at, now)
            return AlertResult(None, report.incoming.key, AlertOutcome.RESOLVED, "none")
        incident = alert.incident
        self.end(alert, ended_at, now)
        if incident is not None and incident.state is IncidentState.RESOLVED:
            self._notify_resolved(incident, report, now)
        ref = incident.ref if incident else None
        return AlertResult(ref, report.incoming.key, AlertOutcome.RESOLVED, "none")

    def end(
        self, alert: AlertRecord, ended_at: datetime, now: datetime, *, by: str | None = None
    ) -> None:
        """Ends an alert's episode, and its incident with the last of them."""
        alert.end(ended_at, now)
        self._keep(alert)
        incident = alert.incident
        if incident is None:
            return
        incident.firing = max(0, incident.firing - 1)
        incident.touch(now)
        if incident.firing == 0 and incident.is_open:
            incident.resolve(by or alert.integration, now)
            self.events.append(NewEvent(incident, now, "resolved", by or alert.integration))

    def _notify_resolved(self, incident: IncidentRecord, report: Report, now: datetime) -> None:
        receiver = self._receiver_of(incident, report)
        if not receiver.sends_resolved:
            return
        kind = NotificationKind.RESOLVED
        due = due_time(incident, kind, now, night=receiver.night)
        for contact in self._stored.texted.get(incident.id, ()):
            self._add(incident, contact, kind, due)

    def _acknowledge(self, incident: IncidentRecord, report: Report, now: datetime) -> AlertResult:
        if incident.state is IncidentState.FIRING:
            kinds = {*incident.ack_kinds, kind_of(report)}
            incident.acknowledge(report.integration, kinds, now)
            self.events.append(NewEvent(incident, now, "acknowledged", report.integration))
        return AlertResult(
            incident.ref, report.incoming.key, AlertOutcome.ACKNOWLEDGED, "none", "acknowledged"
        )

    def _test(self, report: Report, now: datetime) -> AlertResult:
        """Opens a test incident, which closes by itself and is never a repeat."""
        incident = self._open(report, IncidentKind.TEST, now)
        record = self._store_episode(
            None, replace(report, key_hash=hash_of(f"{report.key_hash} {incident.ref}")), now
        )
        record.incident, record.wave = incident, self._wave_of(incident)
        record.closes_at = incident.closes_at = now + TEST_LASTS
        incident.alerts = incident.firing = 1
        last = self._stored.last_tests.get(report.integration, now - TEST_EVERY)
        due_at = max(now + SETTLE, last + TEST_EVERY)
        self._stored.last_tests[report.integration] = due_at
        contacts = report.receiver.contacts(now)
        for contact in contacts:
            self._add(incident, contact, NotificationKind.TEST, DueTime(due_at))
        sms, why = ("due", None) if contacts else ("none", "nobody")
        return AlertResult(incident.ref, report.incoming.key, AlertOutcome.NEW, sms, why)

    def _notify(
        self,
        incident: IncidentRecord,
        alert: AlertRecord,
        report: Report,
        *,
        kind: NotificationKind,
        outcome: AlertOutcome,
        now: datetime,
    ) -> AlertResult:
        """Adds the notifications of a new or worse alert; the result says why there are none."""
        receiver = self._receiver_of(incident, report)
        mute = mute_of_report(self._stored.mutes, report, incident.ref, now)
        if mute is not None:
            alert.wave = UNANNOUNCED
            self.events += mute_incident(incident, mute, now)
            return AlertResult(
                incident.ref, report.incoming.key, outcome, "none", mute.why, mute.by
            )
        alert.wave = self._wave_of(incident)
        incident.muted_by = None
        why = silence_reason(incident, report, receiver)
        if why is not None:
            return AlertResult(incident.ref, report.incoming.key, outcome, "none", why)
        due = due_time(incident, kind, now, night=receiver.night, since=alert.first_at)
        start_steps(incident, receiver, due.at - SETTLE, now)
        contacts = first_contacts(incident, receiver, now)
        for contact in contacts:
            self._add(incident, contact, kind, due)
        if not contacts and incident.step_due_at is None:
            self.events.append(NewEvent(incident, now, StepOutcome.UNREACHABLE, ""))
            return AlertResult(incident.ref, report.incoming.key, outcome, "none", "nobody")
        sms = "held" if due.why == NIGHT else "due"
        return AlertResult(incident.ref, report.incoming.key, outcome, sms, due.why)

    def _receiver_of(self, incident: IncidentRecord, report: Report) -> Receiver:
        """Returns the receiver of an incident: it is routed once, by its first alert."""
        return self._receivers.get(incident.receiver, report.receiver)

    def _add(
        self, incident: IncidentRecord, contact: str, kind: NotificationKind, due: DueTime
    ) -> None:
        key = (id(incident), incident.wave, contact, kind)
        self.notifications.setdefault(key, new_notification(incident, contact, kind, due))
