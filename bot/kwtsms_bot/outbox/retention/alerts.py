"""Erases what alerts of other tools said: after the retention time, and one number at a request.

The bridge may be switched off by then; its tables are there all the same.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import (
    alert,
    incident,
    incident_event,
    integration_state,
    phone_pace,
    silence,
)
from kwtsms_bot.outbox.retention.number_pattern import NumberPattern
from kwtsms_bot.outbox.sql import MAX_PARAMETERS

RESOLVED = "resolved"  # The state of an incident that is over, and of an alert.
# What a tool wrote; counts, times and people stay.
ALERT_TEXTS: Mapping[str, Any] = {
    "title": "",
    "text": "",
    "place": "",
    "amounts": "",
    "url": "",
    "kind": "",
    "labels": {},
}
_TEXT_COLUMNS: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (incident, ("title",)),
    (alert, ("title", "text", "place", "amounts", "url", "kind", "labels")),
    (incident_event, ("detail",)),
    (silence, ("reason", "conditions")),
)


async def erase_old_alerts(database: Database, before: datetime) -> int:
    """Erases the texts of alerts and incidents that are over since before then; returns how many.

    Raises:
        DatabaseError: not all of them are erased; the next run goes on.
    """
    old_incident = (incident.c.state == RESOLVED) & (incident.c.changed_at < before)
    is_open = exists().where(
        (incident.c.id == alert.c.incident_id) & (incident.c.state != RESOLVED)
    )
    old_alert = (alert.c.status == RESOLVED) & (alert.c.changed_at < before) & ~is_open
    erased = await _erase(database, alert, old_alert & (alert.c.title != ""), ALERT_TEXTS)
    await _erase(database, incident, old_incident & (incident.c.title != ""), {"title": ""})
    is_final = (silence.c.ended_at < before) | ~silence.c.is_weekly
    ended = (silence.c.ends_at < before) & is_final  # Of a weekly one, that is its first end.
    async with database.transaction() as connection:
        await connection.execute(delete(phone_pace).where(phone_pace.c.sent_at < before))
        await connection.execute(delete(silence).where(ended))
    return erased


async def _erase(
    database: Database, table: Table, where: ColumnElement[bool], changes: Mapping[str, Any]
) -> int:
    """Erases a part at a time, so that nobody waits for an erasure of any size."""
    erased, part = 0, MAX_PARAMETERS
    while part == MAX_PARAMETERS:
        some = select(table.c.id).where(where).limit(MAX_PARAMETERS)
        async with database.transaction() as connection:
            changed = await connection.execute(
                update(table).where(table.c.id.in_(some)).values(**changes)
            )
        part = changed.rowcount
        erased += part
    return erased


async def mask_in_alerts(connection: AsyncConnection, phone: str, pattern: NumberPattern) -> int:
    """Masks the number wherever an alert names it, and forgets its pace; returns how many rows."""
    await connection.execute(delete(phone_pace).where(phone_pace.c.phone == phone))
    masked = await _mask_in_refusals(connection, pattern)
    for table, columns in _TEXT_COLUMNS:
        query = select(table.c.id, *(table.c[name] for name in columns)).order_by(table.c.id)
        for row in (await connection.execute(query)).all():
            changes = dict(_masked(row, columns, pattern))
            if changes:
                masked += 1
                await connection.execute(
                    update(table).where(table.c.id == row.id).values(**changes)
                )
    return masked


async def _mask_in_refusals(connection: AsyncConnection, pattern: NumberPattern) -> int:
    """Masks it in the names of keys that refused bodies had; returns how many integrations."""
    masked = 0
    for row in (await connection.execute(select(integration_state))).all():
        reasons = [row.refused_why or "", *(why for _, _, why in row.requests)]
        if not any(map(pattern.is_in, reasons)):
            continue
        masked += 1
        await connection.execute(
            update(integration_state)
            .where(integration_state.c.name == row.name)
            .values(
                refused_why=pattern.mask_in(reasons[0]),
                requests=[(at, count, pattern.mask_in(why)) for at, count, why in row.requests],
            )
        )
    return masked


def _masked(row: Any, columns: Iterable[str], pattern: NumberPattern) -> Iterable[tuple[str, Any]]:
    """Yields the columns that name the number, with it masked."""
    for name in columns:
        value = getattr(row, name)
        if isinstance(value, str) and pattern.is_in(value):
            yield name, pattern.mask_in(value)
        elif isinstance(value, dict):
            masked = {key: _mask(one, pattern) for key, one in value.items()}
            if masked != value:
                yield name, masked


def _mask(value: Any, pattern: NumberPattern) -> Any:
    """Masks it in a text, or in each text of a list."""
    if isinstance(value, list):
        return [_mask(one, pattern) for one in value]
    return pattern.mask_in(value) if pattern.is_in(value) else value
