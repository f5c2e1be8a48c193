"""Silences as people create, end and list them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.references import new_ref
from kwtsms_bot.bridge.reports import Receiver
from kwtsms_bot.bridge.silences.inhibition import InhibitionRule
from kwtsms_bot.bridge.silences.silence import Silence, TimeWindow
from kwtsms_bot.bridge.store.bundle import NOTIFICATIONS_LOCK
from kwtsms_bot.bridge.store.intake import INTAKE_LOCK, database_time
from kwtsms_bot.bridge.store.silence_clock import IS_MUTED, apply_silences, end_mutes
from kwtsms_bot.bridge.store.silence_rows import (
    by_next_end,
    is_lasting,
    load_silences,
    silence_of,
)
from kwtsms_bot.config.bridge_fields import Conditions
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import silence
from kwtsms_bot.outbox.audit import Actor, add_entries

AUDITED = "silence"
AT_ONCE = timedelta(minutes=1)  # What starts within it starts now: clocks differ a little.


@dataclass(frozen=True, slots=True)
class NewSilence:
    """A silence as a person asks for it."""

    conditions: Conditions
    incident_ref: str | None
    window: TimeWindow
    is_weekly: bool
    reason: str


@dataclass(frozen=True, slots=True)
class CreatedSilence:
    """A silence that is stored, and what it did to open incidents."""

    silence: Silence
    incidents: int
    in_flight: int  # Messages that had left already.


class SilenceStore:
    """Store of silences."""

    def __init__(
        self,
        database: Database,
        receivers: Mapping[str, Receiver],
        inhibitions: Sequence[InhibitionRule] = (),
    ) -> None:
        self._database, self._receivers = database, receivers
        self._inhibitions = inhibitions

    async def create(self, new: NewSilence, actor: Actor) -> CreatedSilence:
        """Stores a silence; open incidents that it mutes tell nothing more.

        Raises:
            DatabaseError: nothing was changed, or it is not known whether it was.
        """
        async with self._database.transaction() as connection:
            await self._database.acquire_lock(connection, INTAKE_LOCK)
            await self._database.acquire_lock(connection, NOTIFICATIONS_LOCK)
            now = await database_time(connection, self._database)
            found = await _insert(connection, new, actor.id, now)
            incidents, in_flight = await apply_silences(connection, now, self._inhibitions)
            entry = actor.entry(now, AUDITED, "created", subject=found.ref, detail=_summary(found))
            await add_entries(connection, entry)
            return CreatedSilence(found, incidents, in_flight)

    async def end(self, ref: str, actor: Actor) -> Silence | None:
        """Ends a silence; what it muted and still fires is texted.

        Returns None if no silence of this reference is in force or ahead.

        Raises:
            DatabaseError: nothing was changed, or it is not known whether it was.
        """
        async with self._database.transaction() as connection:
            await self._database.acquire_lock(connection, INTAKE_LOCK)
            await self._database.acquire_lock(connection, NOTIFICATIONS_LOCK)
            now = await database_time(connection, self._database)
            changes = {"ended_by": actor.id, "ended_at": now, "applies_at": None}
            ended = update(silence).where(silence.c.ref == ref.upper(), is_lasting(now))
            rows = await connection.execute(ended.values(changes).returning(silence))
            row = rows.one_or_none()
            if row is None:
                return None
            await end_mutes(
                connection, self._receivers, now, IS_MUTED, inhibitions=self._inhibitions
            )
            await add_entries(connection, actor.entry(now, AUDITED, "ended", subject=row.ref))
            return silence_of(row)

    async def current(self) -> tuple[Silence, ...]:
        """Returns the silences in force or ahead, the soonest end first.

        Raises:
            DatabaseError: the database does not answer.
        """
        async with self._database.reading() as connection:
            now = await database_time(connection, self._database)
            return by_next_end(await load_silences(connection, now), now)


def _summary(one: Silence) -> str:
    """The target and the end of a silence, for the audit log: names of labels, and no values."""
    target = ", ".join(filter(None, (one.incident_ref, *one.conditions)))
    weekly = ", each week" if one.is_weekly else ""
    return f"{target}, until {one.window.ends_at.isoformat(timespec='minutes')}{weekly}"


async def _insert(
    connection: AsyncConnection, new: NewSilence, created_by: str, now: datetime
) -> Silence:
    window = new.window
    if window.starts_at < now + AT_ONCE:
        window = TimeWindow(min(window.starts_at, now), window.ends_at)
    values = {
        "ref": new_ref(),
        "conditions": {key: list(patterns) for key, patterns in new.conditions.items()},
        "incident_ref": new.incident_ref,
        "starts_at": window.starts_at,
        "ends_at": window.ends_at,
        "is_weekly": new.is_weekly,
        "applies_at": window.starts_at,
        "reason": new.reason,
        "created_by": created_by,
        "created_at": now,
    }
    row = await connection.execute(insert(silence).values(values).returning(silence))
    return silence_of(row.one())
