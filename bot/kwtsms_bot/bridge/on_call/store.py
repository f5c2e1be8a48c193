"""Overrides, copies of calendars, and the notices that were announced, in the database."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from kwtsms_bot.bridge.on_call.duty_roster import Override
from kwtsms_bot.bridge.on_call.notices import NoticeKey
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import calendar_copy, on_call_notice, on_call_override, recipient
from kwtsms_bot.outbox.audit import Actor, add_entries
from kwtsms_bot.outbox.sql import upsert
from kwtsms_bot.outbox.states import State

RETENTION = timedelta(days=60)  # Of overrides that have ended, and of notices.


@dataclass(frozen=True, slots=True)
class CalendarCopy:
    """The state of a calendar's copy; its content is loaded apart."""

    source_hash: str
    etag: str | None
    fetched_at: datetime | None  # None: it was never read.
    failed_since: datetime | None
    failure: str | None
    reported_at: datetime | None  # When the channel was notified of the failure.


class OnCallStore:
    """Store of what schedules need beside the configuration."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def overrides(self, now: datetime) -> tuple[Override, ...]:
        """Returns the overrides that have not ended long ago, the oldest first."""
        query = (
            select(on_call_override)
            .where(on_call_override.c.ends_at > now - RETENTION)
            .order_by(on_call_override.c.id)
        )
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Override(row.schedule, row.contact, row.starts_at, row.ends_at, row.created_by)
            for row in rows
        )

    async def add_override(self, override: Override, actor: Actor) -> None:
        """Stores an override."""
        schedule, now = override.schedule, override.starts_at
        async with self.database.transaction() as connection:
            await connection.execute(
                delete(on_call_override).where(on_call_override.c.ends_at < now - RETENTION)
            )
            await connection.execute(
                insert(on_call_override).values(
                    schedule=schedule,
                    contact=override.contact,
                    starts_at=now,
                    ends_at=override.ends_at,
                    created_by=actor.id,
                    created_at=now,
                )
            )
            detail = f"{override.contact} until {override.ends_at.isoformat()}"
            entry = actor.entry(now, "oncall override", "allowed", subject=schedule, detail=detail)
            await add_entries(connection, entry)

    async def end_overrides(self, schedule: str, now: datetime, actor: Actor) -> int:
        """Ends the overrides of a schedule now; returns how many."""
        async with self.database.transaction() as connection:
            ended = await connection.execute(
                update(on_call_override)
                .where(on_call_override.c.schedule == schedule, on_call_override.c.ends_at > now)
                .values(ends_at=now)
            )
            if ended.rowcount:
                entry = actor.entry(now, "oncall override ended", "allowed", subject=schedule)
                await add_entries(connection, entry)
        return ended.rowcount

    async def copies(self) -> Mapping[str, CalendarCopy]:
        """Returns the state of each calendar's copy, by schedule."""
        columns = [one for one in calendar_copy.c if one.name != "body"]
        async with self.database.reading() as connection:
            rows = (await connection.execute(select(*columns))).all()
        return {
            row.schedule: CalendarCopy(
                row.source_hash,
                row.etag,
                row.fetched_at,
                row.failed_since,
                row.failure,
                row.reported_at,
            )
            for row in rows
        }

    async def copy_body(self, schedule: str) -> str | None:
        """Returns the content of a calendar's copy."""
        query = select(calendar_copy.c.body).where(calendar_copy.c.schedule == schedule)
        async with self.database.reading() as connection:
            found: str | None = (await connection.execute(query)).scalar()
        return found

    async def delete_copies(self, *, except_for: Collection[str]) -> None:
        """Deletes the copies of calendars that are no longer in the configuration."""
        old = calendar_copy.c.schedule.not_in(except_for)
        async with self.database.transaction() as connection:
            await connection.execute(delete(calendar_copy).where(old))

    async def record_fetched(
        self, schedule: str, source_hash: str, now: datetime, *, body: str | None, etag: str | None
    ) -> None:
        """Records that a calendar was read; without a body, that it is as it was."""
        changes: dict[str, Any] = {"source_hash": source_hash, "etag": etag, "fetched_at": now}
        changes |= {"failed_since": None, "failure": None}
        changes |= {} if body is None else {"body": body}
        await self._write_copy(schedule, changes, changes)

    async def record_failure(
        self, schedule: str, source_hash: str, now: datetime, *, failure: str
    ) -> None:
        """Records that a calendar could not be read; the last copy of the same source is kept."""
        copy = (await self.copies()).get(schedule)
        known = copy is not None and copy.source_hash == source_hash
        failed_since = (copy.failed_since if known and copy else None) or now
        changes: dict[str, Any] = {"failed_since": failed_since, "failure": failure}
        new = {**changes, "source_hash": source_hash, "fetched_at": None, "body": None}
        new |= {"etag": None, "reported_at": None}
        await self._write_copy(schedule, new, changes if known else new)

    async def _write_copy(
        self, schedule: str, new: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> None:
        async with self.database.transaction() as connection:
            statement = upsert(connection, calendar_copy).values(schedule=schedule, **new)
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["schedule"], set_=changes)
            )

    async def claim_failure(self, schedule: str, before: datetime, now: datetime) -> bool:
        """Whether this process reports a failure that has lasted since `before`."""
        return await self._report(
            schedule,
            calendar_copy.c.failed_since <= before,
            calendar_copy.c.reported_at.is_(None),
            reported_at=now,
        )

    async def claim_recovery(self, schedule: str) -> bool:
        """Whether this process reports that a calendar can be read again."""
        return await self._report(
            schedule,
            calendar_copy.c.failed_since.is_(None),
            calendar_copy.c.reported_at.is_not(None),
            reported_at=None,
        )

    async def mark_reported(self, schedule: str, at: datetime | None) -> None:
        """Sets when a failure was reported; None: the report is still to be made."""
        await self._report(schedule, reported_at=at)

    async def _report(self, schedule: str, *where: Any, reported_at: datetime | None) -> bool:
        async with self.database.transaction() as connection:
            changed = await connection.execute(
                update(calendar_copy)
                .where(calendar_copy.c.schedule == schedule, *where)
                .values(reported_at=reported_at)
            )
        return changed.rowcount == 1

    async def claim_notice(self, key: NoticeKey, now: datetime) -> bool:
        """Whether this process announces a notice; nobody else does then."""
        async with self.database.transaction() as connection:
            await connection.execute(
                delete(on_call_notice).where(on_call_notice.c.announced_at < now - RETENTION)
            )
            statement = upsert(connection, on_call_notice).values(
                schedule=key.schedule, kind=key.kind.value, at=key.at, announced_at=now
            )
            inserted = statement.on_conflict_do_nothing().returning(on_call_notice.c.schedule)
            return (await connection.execute(inserted)).first() is not None

    async def release_notice(self, key: NoticeKey) -> None:
        """Releases a notice that could not be announced, so that it is tried again."""
        async with self.database.transaction() as connection:
            await connection.execute(
                delete(on_call_notice).where(
                    on_call_notice.c.schedule == key.schedule,
                    on_call_notice.c.kind == key.kind.value,
                    on_call_notice.c.at == key.at,
                )
            )

    async def texted(self, phones: Collection[str]) -> frozenset[str]:
        """Returns those of these numbers to which a message was sent successfully.

        Numbers of old messages are erased, so it is about the time that is kept.
        """
        states = (State.SENT.value, State.DELIVERED.value)
        query = (
            select(recipient.c.phone)
            .where(recipient.c.phone.in_(phones), recipient.c.state.in_(states))
            .distinct()
        )
        async with self.database.reading() as connection:
            return frozenset((await connection.execute(query)).scalars())
