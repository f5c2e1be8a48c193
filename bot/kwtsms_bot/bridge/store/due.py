"""Reads what a pass of the bundler decides about."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.bundling import PendingContact
from kwtsms_bot.bridge.models import AlertSeverity, NotificationKind
from kwtsms_bot.bridge.pace import PhonePace
from kwtsms_bot.bridge.records import AlertRecord, IncidentRecord, WaitingNotification
from kwtsms_bot.bridge.states import NotificationState
from kwtsms_bot.bridge.store.rows import alert_of, incident_of
from kwtsms_bot.database.column_types import EPOCH
from kwtsms_bot.database.tables import alert, incident, notification, phone_pace
from kwtsms_bot.outbox.sql import chunks

MAX_DUE = 5_000  # Notifications of one pass.
LEFT = (NotificationState.SENT.value, NotificationState.UNKNOWN.value)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Returns the condition that a notification waits and is due."""
    return and_(
        notification.c.state == NotificationState.WAITING.value, notification.c.due_at <= now
    )


async def load_pending(connection: AsyncConnection, now: datetime) -> tuple[PendingContact, ...]:
    """Returns the contacts that something is due for, however much it is."""
    query = (
        select(
            notification.c.contact,
            func.max(notification.c.severity).label("severity"),
            func.min(notification.c.id).label("first_id"),
        )
        .where(is_due(now))
        .group_by(notification.c.contact)
    )
    return tuple(
        PendingContact(row.contact, AlertSeverity(row.severity), row.first_id)
        for row in await connection.execute(query)
    )


async def load_due(
    connection: AsyncConnection, contacts: Collection[str], now: datetime
) -> tuple[WaitingNotification, ...]:
    """Returns what is due for these contacts, the most severe first."""
    query = (
        select(notification)
        .where(is_due(now), notification.c.contact.in_(contacts))
        .order_by(notification.c.severity.desc(), notification.c.id)
        .limit(MAX_DUE)
    )
    rows = (await connection.execute(query)).all()
    incidents = await load_incidents(connection, {row.incident_id for row in rows})
    return tuple(
        WaitingNotification(
            row.id,
            incidents[row.incident_id],
            row.wave,
            row.contact,
            NotificationKind(row.kind),
            AlertSeverity(row.severity),
            row.reason,
        )
        for row in rows
    )


async def load_incidents(
    connection: AsyncConnection, ids: Collection[int]
) -> dict[int, IncidentRecord]:
    """Returns these incidents, by ID."""
    found: dict[int, IncidentRecord] = {}
    for part in chunks(sorted(ids)):
        rows = await connection.execute(select(incident).where(incident.c.id.in_(part)))
        found.update({row.id: incident_of(row) for row in rows})
    return found


async def load_alerts(
    connection: AsyncConnection, incidents: Mapping[int, IncidentRecord]
) -> list[AlertRecord]:
    """Returns the alerts of these incidents, in the order of their IDs."""
    found: list[AlertRecord] = []
    for part in chunks(sorted(incidents)):
        query = select(alert).where(alert.c.incident_id.in_(part)).order_by(alert.c.id)
        found += [alert_of(row, incidents) for row in await connection.execute(query)]
    return found


async def load_notified(
    connection: AsyncConnection, due: Sequence[WaitingNotification]
) -> frozenset[tuple[int, str]]:
    """Returns the incidents and contacts of which a message has left."""
    ended = {one.incident.id for one in due if one.kind is NotificationKind.RESOLVED}
    found: set[tuple[int, str]] = set()
    for part in chunks(sorted(ended)):
        query = select(notification.c.incident_id, notification.c.contact).where(
            notification.c.incident_id.in_(part),
            notification.c.state.in_(LEFT),
        )
        found.update((number, contact) for number, contact in await connection.execute(query))
    return frozenset(found)


async def load_paces(connection: AsyncConnection, numbers: Collection[str]) -> dict[str, PhonePace]:
    """Returns the paces of these phones; a phone without one got no message."""
    found: dict[str, PhonePace] = {}
    for part in chunks(sorted(numbers)):
        query = select(phone_pace).where(phone_pace.c.phone.in_(part))
        for row in await connection.execute(query):
            bypasses = tuple(EPOCH + timedelta(seconds=one) for one in row.bypasses)
            found[row.phone] = PhonePace(
                row.sent_at, AlertSeverity(row.severity), row.tokens, row.tokens_at, bypasses
            )
    return found
