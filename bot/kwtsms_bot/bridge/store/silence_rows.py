"""Reads silences, and translates between their rows and values."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus
from kwtsms_bot.bridge.routing import match_facts
from kwtsms_bot.bridge.silences.inhibition import FiringAlert, InhibitionRule
from kwtsms_bot.bridge.silences.mutes import AlertKey, Mutes
from kwtsms_bot.bridge.silences.silence import Silence, TimeWindow
from kwtsms_bot.bridge.states import IncidentState
from kwtsms_bot.bridge.store.rows import reported
from kwtsms_bot.config.bridge import INTEGRATION_KEY, SEVERITY_KEY
from kwtsms_bot.config.bridge_fields import Conditions
from kwtsms_bot.database.tables import alert, incident, silence

ALERT_FACTS: dict[str, ColumnElement[str]] = {
    INTEGRATION_KEY: alert.c.integration,
    "status": alert.c.status,
    "title": alert.c.title,
    "where": alert.c.place,
}
MAX_SOURCES = 500
_LABEL = re.compile(r"\w+")  # Names that need no quotes in the path of a JSON value.
MAX_SILENCES = 1_000  # That are read; nobody has as many in force.


def silence_of(row: Row[Any]) -> Silence:
    """Returns the silence in a row."""
    return Silence(
        ref=row.ref,
        window=TimeWindow(row.starts_at, row.ends_at),
        conditions={key: tuple(values) for key, values in row.conditions.items()},
        incident_ref=row.incident_ref,
        is_weekly=row.is_weekly,
        reason=row.reason,
        created_by=row.created_by,
        ended_at=row.ended_at,
    )


def is_lasting(now: datetime) -> ColumnElement[bool]:
    """Returns the condition that a silence is in force or ahead."""
    return and_(
        silence.c.ended_at.is_(None), or_(silence.c.ends_at > now, silence.c.is_weekly.is_(True))
    )


async def load_silences(connection: AsyncConnection, now: datetime) -> tuple[Silence, ...]:
    """Returns the silences in force or ahead."""
    query = select(silence).where(is_lasting(now)).order_by(silence.c.id).limit(MAX_SILENCES)
    return tuple(silence_of(row) for row in await connection.execute(query))


async def load_mutes(
    connection: AsyncConnection, inhibitions: Sequence[InhibitionRule], now: datetime
) -> Mutes:
    """Returns all that mutes alerts."""
    sources = await load_sources(connection, inhibitions)
    return Mutes(await load_silences(connection, now), inhibitions, sources)


async def load_sources(
    connection: AsyncConnection, inhibitions: Sequence[InhibitionRule]
) -> dict[AlertKey, FiringAlert]:
    """Returns the firing alerts that mute others."""
    if not inhibitions:
        return {}
    query = (
        select(alert, incident.c.ref)
        .join_from(alert, incident)
        .where(
            incident.c.state != IncidentState.RESOLVED.value,
            alert.c.status == AlertStatus.FIRING.value,
            or_(*(and_(*_matches(rule.when)) for rule in inhibitions)),
        )
        .order_by(alert.c.id)
        .limit(MAX_SOURCES)
    )
    found = {}
    for row in await connection.execute(query):
        facts = match_facts(reported(row), row.integration, AlertSeverity(row.severity))
        if any(rule.is_source(facts) for rule in inhibitions):
            found[row.integration, row.key_hash] = FiringAlert(row.ref, facts)
    return found


def _matches(conditions: Conditions) -> Iterator[ColumnElement[bool]]:
    """Yields conditions on alerts that leave out most of the others."""
    for key, patterns in conditions.items():
        column = ALERT_FACTS.get(key)
        if column is None and key != SEVERITY_KEY and _LABEL.fullmatch(key):
            column = alert.c.labels[key].as_string()
        if column is not None and not any("*" in one for one in patterns):
            yield column.in_(patterns)


def by_next_end(silences: Iterable[Silence], now: datetime) -> tuple[Silence, ...]:
    """Returns silences in the order in which their windows end."""

    def end(one: Silence) -> datetime:
        window = one.next_window(now)
        return one.window.ends_at if window is None else window.ends_at

    return tuple(sorted(silences, key=end))
