"""Reads how far notifications and cards are, for those who wait for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from kwtsms_bot.bridge.pace import SETTLE
from kwtsms_bot.bridge.states import NotificationState
from kwtsms_bot.bridge.store.intake import database_time
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import incident, notification
from kwtsms_bot.database.tables.bridge import INCIDENT_OUTDATED


@dataclass(frozen=True, slots=True)
class NotificationProgress:
    """Numbers of notifications that are not at their end, and of cards that are outdated."""

    in_progress: int  # About to become a message, or part of one that is being sent.
    waiting: int  # For their slot, or for what holds them.
    outdated_cards: int


async def load_progress(database: Database) -> NotificationProgress:
    """Returns how far notifications and cards are.

    Raises:
        DatabaseError: the database can't be read.
    """
    async with database.reading() as connection:
        now = await database_time(connection, database)
        row = (await connection.execute(_counts(now + SETTLE))).one()
    in_progress, waiting, outdated_cards = row
    return NotificationProgress(in_progress, waiting, outdated_cards)


def _counts(settled_by: datetime) -> Select[Any]:
    is_waiting = notification.c.state == NotificationState.WAITING.value
    is_bundled = notification.c.state == NotificationState.BUNDLED.value
    has_reason = notification.c.reason.is_not(None)
    is_later = notification.c.due_at > settled_by
    is_about_to_leave = and_(is_waiting, ~or_(has_reason, is_later))
    total = select(func.count(notification.c.id))
    return select(
        total.where(or_(is_bundled, is_about_to_leave)).scalar_subquery(),
        total.where(is_waiting, or_(has_reason, is_later)).scalar_subquery(),
        select(func.count(incident.c.id)).where(INCIDENT_OUTDATED).scalar_subquery(),
    )
