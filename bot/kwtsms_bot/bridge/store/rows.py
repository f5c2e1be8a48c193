"""Translates between rows of the bridge's tables and records. Performs no I/O."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus, Incoming
from kwtsms_bot.bridge.records import AlertRecord, IncidentRecord
from kwtsms_bot.bridge.states import IncidentKind, IncidentState


def incident_of(row: Row[Any]) -> IncidentRecord:
    """Returns the incident in a row."""
    return IncidentRecord(
        ref=row.ref,
        kind=IncidentKind(row.kind),
        integration=row.integration,
        receiver=row.receiver,
        title=row.title,
        severity=AlertSeverity(row.severity),
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        state=IncidentState(row.state),
        id=row.id,
        wave=row.wave,
        alerts=row.alerts,
        firing=row.firing,
        grown_at=row.grown_at,
        reopened=row.reopened,
        reopened_since=row.reopened_since,
        ack_severity=None if row.ack_severity is None else AlertSeverity(row.ack_severity),
        ack_kinds=tuple(row.ack_kinds or ()),
        acked_by=row.acked_by,
        acked_at=row.acked_at,
        resolved_by=row.resolved_by,
        resolved_at=row.resolved_at,
        closes_at=row.closes_at,
        step=row.step,
        step_due_at=row.step_due_at,
        step_offset=row.step_offset,
        steps_from=row.steps_from,
        remind_at=row.remind_at,
        muted_by=row.muted_by,
        silenced_until=row.silenced_until,
    )


def incident_values(incident: IncidentRecord) -> dict[str, Any]:
    """Returns the columns that change with an incident."""
    return {
        "state": incident.state.value,
        "severity": int(incident.severity),
        "ack_severity": incident.ack_severity,
        "ack_kinds": list(incident.ack_kinds),
        "title": incident.title,
        "wave": incident.wave,
        "alerts": incident.alerts,
        "firing": incident.firing,
        "grown_at": incident.grown_at,
        "reopened": incident.reopened,
        "reopened_since": incident.reopened_since,
        "changed_at": incident.changed_at,
        "acked_by": incident.acked_by,
        "acked_at": incident.acked_at,
        "resolved_by": incident.resolved_by,
        "resolved_at": incident.resolved_at,
        "closes_at": incident.closes_at,
        "step": incident.step,
        "step_due_at": incident.step_due_at,
        "step_offset": incident.step_offset,
        "steps_from": incident.steps_from,
        "remind_at": incident.remind_at,
        "muted_by": incident.muted_by,
        "silenced_until": incident.silenced_until,
    }


def new_incident_values(incident: IncidentRecord) -> dict[str, Any]:
    """Returns the row of a new incident."""
    return incident_values(incident) | {
        "ref": incident.ref,
        "kind": incident.kind.value,
        "integration": incident.integration,
        "receiver": incident.receiver,
        "opened_at": incident.opened_at,
        "revision": 1,
        "shown_revision": 0,
    }


def alert_of(row: Row[Any], incidents: Mapping[int, IncidentRecord]) -> AlertRecord:
    """Returns the alert in a row."""
    return AlertRecord(
        integration=row.integration,
        key_hash=row.key_hash,
        report=reported(row),
        severity=AlertSeverity(row.severity),
        firing=row.status == AlertStatus.FIRING,
        started_at=row.started_at,
        ended_at=row.ended_at,
        first_at=row.first_at,
        changed_at=row.changed_at,
        incident=incidents.get(row.incident_id),
        wave=row.wave,
        closes_at=row.closes_at,
        expires_at=row.expires_at,
        id=row.id,
    )


def reported(row: Row[Any]) -> Incoming:
    """Returns the report in the row of an alert."""
    return Incoming(
        key=row.key,
        status=AlertStatus(row.status),
        title=row.title,
        text=row.text,
        severity=AlertSeverity(row.severity),
        kind=row.kind,
        where=row.place,
        values=row.amounts,
        url=row.url,
        started_at=row.started_at,
        ended_at=row.ended_at,
        labels=row.labels,
    )


def alert_values(alert: AlertRecord) -> dict[str, Any]:
    """Returns the row of an alert, without its ID."""
    report = alert.report
    return {
        "integration": alert.integration,
        "key_hash": alert.key_hash,
        "key": report.key,
        "incident_id": alert.incident.id if alert.incident else None,
        "wave": alert.wave,
        "status": (AlertStatus.FIRING if alert.firing else AlertStatus.RESOLVED).value,
        "severity": int(alert.severity),
        "kind": report.kind,
        "title": report.title,
        "text": report.text,
        "place": report.where,
        "amounts": report.values,
        "url": report.url,
        "labels": report.labels,
        "started_at": alert.started_at,
        "ended_at": alert.ended_at,
        "first_at": alert.first_at,
        "changed_at": alert.changed_at,
        "closes_at": alert.closes_at,
        "expires_at": alert.expires_at,
    }
