"""The lines of an incident's history that its card's thread lacks.

The card is posted and updated first: `record_shown` of the cards says which threads lack a line.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, select, update

from kwtsms_bot.bridge.incidents.views import EventView
from kwtsms_bot.bridge.store.incident_cards import INCIDENT_CARD_CLAIM, NOT_IN_THREAD
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import incident, incident_event
from kwtsms_bot.outbox.message import CardLocation

MAX_LINES = 500  # Of one post; the rest follows in the next one.


@dataclass(frozen=True, slots=True)
class DueThread:
    """An incident whose thread lacks lines."""

    incident_id: int
    channel: str


@dataclass(frozen=True, slots=True)
class ThreadLines:
    """The events since the last line of a thread."""

    incident_id: int
    location: CardLocation
    events: tuple[EventView, ...]
    last_event: int
    alerts: int = 1  # Of the incident, and how many of them fire.
    firing: int = 1


class IncidentThreadStore:
    """Store of what the threads of incidents' cards say, for their publisher."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due_threads(self, limit: int) -> tuple[DueThread, ...]:
        """Returns the threads that lack lines, the worst incidents first."""
        query = (
            select(incident.c.id, incident.c.place_channel)
            .where(self._is_claimable())
            .order_by(incident.c.severity.desc(), incident.c.id)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(DueThread(row.id, row.place_channel) for row in rows)

    async def claim_thread(self, incident_id: int) -> ThreadLines | None:
        """Claims a thread; returns its lines, or None if another replica has it."""
        now = self._database.now_expression
        claim = INCIDENT_CARD_CLAIM.claim(now, incident.c.id == incident_id, self._is_claimable())
        async with self._database.transaction() as connection:
            if (await connection.execute(claim)).rowcount != 1:
                return None
        query = (
            select(
                incident_event,
                incident.c.place_channel,
                incident.c.place_ts,
                incident.c.alerts,
                incident.c.firing,
            )
            .join_from(incident, incident_event)
            .where(incident.c.id == incident_id, NOT_IN_THREAD)
            .order_by(incident_event.c.id)
            .limit(MAX_LINES)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        events = tuple(EventView(row.at, row.kind, row.actor, row.detail) for row in rows)
        last = rows[-1]
        location = CardLocation(last.place_channel, last.place_ts)
        return ThreadLines(incident_id, location, events, last.id, last.alerts, last.firing)

    async def release_thread(self, incident_id: int) -> None:
        """Releases a thread that could not be written to, so that any replica may try again."""
        await self._update(incident_id, showing_until=None)

    async def record_thread(self, one: ThreadLines) -> None:
        """Records that the thread has these lines."""
        lacks_more = exists().where(
            incident_event.c.incident_id == incident.c.id, incident_event.c.id > one.last_event
        )
        await self._update(
            one.incident_id,
            showing_until=None,
            shown_event=one.last_event,
            thread_due=lacks_more,
        )

    async def _update(self, incident_id: int, **changes: object) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                update(incident).where(incident.c.id == incident_id).values(**changes)
            )

    def _is_claimable(self) -> ColumnElement[bool]:
        return and_(
            incident.c.thread_due,
            incident.c.place_ts.is_not(None),
            INCIDENT_CARD_CLAIM.is_free(self._database.now_expression),
        )
