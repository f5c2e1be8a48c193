"""Reads silences, and translates between their rows and values."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.silences.silence import Silence, TimeWindow
from kwtsms_bot.database.tables import silence

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


def by_next_end(silences: Iterable[Silence], now: datetime) -> tuple[Silence, ...]:
    """Returns silences in the order in which their windows end."""

    def end(one: Silence) -> datetime:
        window = one.next_window(now)
        return one.window.ends_at if window is None else window.ends_at

    return tuple(sorted(silences, key=end))
