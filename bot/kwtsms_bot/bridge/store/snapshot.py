"""Reads what is stored about reported alerts, and writes what a plan changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, bindparam, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.incidents.membership import STORM_LASTS, STORM_WINDOW
from kwtsms_bot.bridge.intake_plan import TEST_EVERY, IntakePlan
from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus, NotificationKind
from kwtsms_bot.bridge.records import AlertRecord, IncidentRecord, NewEvent, NewNotification
from kwtsms_bot.bridge.reports import Receiver, Report, Snapshot
from kwtsms_bot.bridge.silences.inhibition import InhibitionRule
from kwtsms_bot.bridge.states import IncidentKind, IncidentState, NotificationState
from kwtsms_bot.bridge.store.rows import (
    alert_of,
    alert_values,
    incident_of,
    incident_values,
    new_incident_values,
)
from kwtsms_bot.bridge.store.silence_rows import load_mutes
from kwtsms_bot.database.tables import (
    alert,
    incident,
    incident_event,
    incident_group,
    notification,
)
from kwtsms_bot.outbox.sql import chunks, upsert

ALERT_KINDS = (IncidentKind.ALERT.value, IncidentKind.GROUP.value)
TEXTED = tuple(
    one.value
    for one in (NotificationState.BUNDLED, NotificationState.SENT, NotificationState.UNKNOWN)
)
MAX_RECENT = 1_000  # Incidents of the last minute that are read; storms begin far below.


async def load_snapshot(
    connection: AsyncConnection,
    reports: Sequence[Report],
    now: datetime,
    inhibitions: Sequence[InhibitionRule] = (),
) -> Snapshot:
    """Reads what concerns the reports, and locks their incidents in the order of IDs."""
    alert_rows = await _rows_by_key(
        connection, alert, "key_hash", ((one.integration, one.key_hash) for one in reports)
    )
    grouped = {(one.integration, one.group_hash) for one in reports if one.group_hash}
    group_rows = await _rows_by_key(connection, incident_group, "group_hash", grouped)
    receivers = {one.receiver.name: one.receiver for one in reports}
    storms = await _storm_ids(connection, list(receivers), now)
    ids = {row.incident_id for row in (*alert_rows, *group_rows) if row.incident_id}
    incidents = await lock_incidents(connection, ids | set(storms.values()))
    is_end = any(one.incoming.status is AlertStatus.RESOLVED for one in reports)
    return Snapshot(
        alerts={(row.integration, row.key_hash): alert_of(row, incidents) for row in alert_rows},
        groups={
            (row.integration, row.group_hash): incidents[row.incident_id] for row in group_rows
        },
        recent=await _recent_incidents(connection, receivers, now),
        storms={name: incidents[one] for name, one in storms.items()},
        last_tests=await _last_tests(connection, {one.integration for one in reports}, now),
        texted=await _texted_contacts(connection, incidents) if is_end else {},
        mutes=await load_mutes(connection, inhibitions, now),
    )


async def lock_incidents(
    connection: AsyncConnection, ids: Collection[int]
) -> dict[int, IncidentRecord]:
    """Reads these incidents and locks them in the order of their IDs."""
    found: dict[int, IncidentRecord] = {}
    for part in chunks(sorted(ids)):
        query = select(incident).where(incident.c.id.in_(part)).order_by(incident.c.id)
        # What only refers to them, as notifications do, need not wait.
        rows = await connection.execute(query.with_for_update(key_share=True))
        found.update({row.id: incident_of(row) for row in rows})
    return found


async def _rows_by_key(
    connection: AsyncConnection,
    table: Table,
    column: str,
    keys: Iterable[tuple[str, str | None]],
) -> list[Row[Any]]:
    hashes: defaultdict[str, set[str]] = defaultdict(set)
    for integration, key in keys:
        if key is not None:
            hashes[integration].add(key)
    rows: list[Row[Any]] = []
    for integration, wanted in sorted(hashes.items()):
        for part in chunks(sorted(wanted)):
            where = (table.c.integration == integration, table.c[column].in_(part))
            rows += (await connection.execute(select(table).where(*where))).all()
    return rows


async def _storm_ids(
    connection: AsyncConnection, receivers: Sequence[str], now: datetime
) -> dict[str, int]:
    """Returns the latest open storm of each receiver."""
    query = (
        select(incident.c.receiver, func.max(incident.c.id))
        .where(
            incident.c.receiver.in_(receivers),
            incident.c.opened_at > now - STORM_LASTS,
            incident.c.kind == IncidentKind.STORM.value,
            incident.c.state == IncidentState.FIRING.value,
        )
        .group_by(incident.c.receiver)
    )
    return {name: found for name, found in await connection.execute(query)}  # noqa: C416 - Rows.


async def _recent_incidents(
    connection: AsyncConnection, receivers: Mapping[str, Receiver], now: datetime
) -> dict[str, list[datetime]]:
    """Returns when the latest incidents of each receiver began, of those that text."""
    query = (
        select(incident.c.receiver, incident.c.opened_at, incident.c.severity)
        .where(
            incident.c.receiver.in_(receivers),
            incident.c.opened_at > now - STORM_WINDOW,
            incident.c.kind.in_(ALERT_KINDS),
            incident.c.muted_by.is_(None),
        )
        .order_by(incident.c.opened_at.desc())
        .limit(MAX_RECENT)
    )
    found: dict[str, list[datetime]] = {}
    for name, opened_at, severity in await connection.execute(query):
        receiver = receivers[name]
        if not receiver.reaches_anybody or receiver.texts(AlertSeverity(severity)):
            found.setdefault(name, []).append(opened_at)
    return found


async def _last_tests(
    connection: AsyncConnection, integrations: Collection[str], now: datetime
) -> dict[str, datetime]:
    query = (
        select(incident.c.integration, func.max(incident.c.opened_at))
        .where(
            incident.c.kind == IncidentKind.TEST.value,
            incident.c.integration.in_(integrations),
            incident.c.opened_at > now - TEST_EVERY,
        )
        .group_by(incident.c.integration)
    )
    return {name: at for name, at in await connection.execute(query)}  # noqa: C416 - Rows.


async def _texted_contacts(
    connection: AsyncConnection, incidents: Collection[int]
) -> dict[int, list[str]]:
    """Returns, by incident ID, who was texted and has not heard of the end since."""
    later = notification.alias()
    is_end, has_left = later.c.kind == NotificationKind.RESOLVED.value, later.c.state.in_(TEXTED)
    is_same = (
        later.c.incident_id == notification.c.incident_id,
        later.c.contact == notification.c.contact,
        later.c.id >= notification.c.id,
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for part in chunks(sorted(incidents)):
        query = (
            select(notification.c.incident_id, notification.c.contact)
            .where(
                notification.c.incident_id.in_(part),
                notification.c.state.in_(TEXTED),
                ~exists().where(*is_same, is_end, has_left),
            )
            .group_by(notification.c.incident_id, notification.c.contact)
            .order_by(notification.c.incident_id, func.min(notification.c.id))
        )
        for number, contact in await connection.execute(query):
            found[number].append(contact)
    return found


async def write_plan(connection: AsyncConnection, plan: IntakePlan, now: datetime) -> None:
    """Writes what the plan changed: incidents first, since the rest names them."""
    await _insert_incidents(connection, plan.new_incidents)
    await write_incidents(connection, plan.changed_incidents)
    await write_alerts(connection, tuple(plan.changed_alerts.values()))
    await _write_groups(connection, plan.new_groups)
    await add_notifications(connection, tuple(plan.notifications.values()), now)
    await add_events(connection, plan.events)


async def _insert_incidents(
    connection: AsyncConnection, incidents: Sequence[IncidentRecord]
) -> None:
    if not incidents:
        return
    inserted = insert(incident).returning(incident.c.id, incident.c.ref)
    rows = await connection.execute(inserted, [new_incident_values(one) for one in incidents])
    ids = {row.ref: row.id for row in rows}
    for one in incidents:
        one.id = ids[one.ref]


async def write_incidents(connection: AsyncConnection, incidents: Sequence[IncidentRecord]) -> None:
    """Writes changed incidents, and increments their revisions, so that their cards follow."""
    if not incidents:
        return
    ordered = sorted(incidents, key=lambda one: one.id)
    names = incident_values(ordered[0])
    changes = {name: bindparam(f"new_{name}", type_=incident.c[name].type) for name in names}
    statement = (
        update(incident)
        .where(incident.c.id == bindparam("of_id"))
        .values(**changes, revision=incident.c.revision + 1)
    )
    rows = [
        {"of_id": one.id} | {f"new_{name}": value for name, value in incident_values(one).items()}
        for one in ordered
    ]
    await connection.execute(statement, rows)


async def show_incidents(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Increments the revisions of these incidents, so that their cards are updated."""
    for part in chunks(sorted(ids)):
        await connection.execute(
            update(incident).where(incident.c.id.in_(part)).values(revision=incident.c.revision + 1)
        )


async def write_alerts(connection: AsyncConnection, alerts: Sequence[AlertRecord]) -> None:
    """Inserts or updates alerts in the order of their keys."""
    if not alerts:
        return
    ordered = sorted(alerts, key=lambda one: (one.integration, one.key_hash))
    new = upsert(connection, alert)
    keys = ["integration", "key_hash"]
    values = alert_values(ordered[0])
    changed = {name: new.excluded[name] for name in values if name not in keys}
    statement = new.on_conflict_do_update(index_elements=keys, set_=changed)
    await connection.execute(statement, [alert_values(one) for one in ordered])


async def _write_groups(
    connection: AsyncConnection, groups: Mapping[tuple[str, str], IncidentRecord]
) -> None:
    if not groups:
        return
    new = upsert(connection, incident_group)
    statement = new.on_conflict_do_update(
        index_elements=["integration", "group_hash"],
        set_={"incident_id": new.excluded.incident_id},
    )
    rows = [
        {"integration": integration, "group_hash": group, "incident_id": one.id}
        for (integration, group), one in sorted(groups.items(), key=lambda item: item[0])
    ]
    await connection.execute(statement, rows)


async def add_notifications(
    connection: AsyncConnection, notifications: Sequence[NewNotification], now: datetime
) -> None:
    """Adds notifications, which wait until they are due."""
    rows = [
        {
            "incident_id": one.incident.id,
            "wave": one.wave,
            "contact": one.contact,
            "step": one.step,
            "kind": one.kind.value,
            "severity": int(one.severity),
            "state": NotificationState.WAITING.value,
            "due_at": one.due_at,
            "reason": one.reason,
            "counted": 0,
            "created_at": now,
            "updated_at": now,
        }
        for one in notifications
    ]
    if rows:
        await connection.execute(insert(notification), rows)


async def add_events(connection: AsyncConnection, events: Sequence[NewEvent]) -> None:
    """Adds lines to the histories of incidents."""
    rows = [
        {
            "incident_id": one.incident.id,
            "at": one.at,
            "kind": one.kind,
            "actor": one.actor,
            "detail": one.detail,
        }
        for one in events
    ]
    if rows:
        await connection.execute(insert(incident_event), rows)
