"""The audit log: entries are added, and the database refuses to change or remove one.

It contains no text and no whole phone number, so that nothing ever has to be erased from it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, insert, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import audit
from kwtsms_bot.outbox.message import Message, NewMessage
from kwtsms_client import mask

PAGE_SIZE = 500  # Entries per read of an export: a slow reader keeps no transaction open.


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An action or a refusal, without any text or whole phone number."""

    at: datetime
    actor: str
    action: str
    decision: str
    subject: str
    detail: str
    team: str = ""
    channel: str = ""
    request: str = ""  # The request's ID in the log.
    id: int | None = None  # Assigned by the database.


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or process that acts, and where."""

    id: str
    team: str = ""
    channel: str = ""
    request: str = ""  # The request's ID in the log.

    def entry(
        self, at: datetime, action: str, decision: str, *, subject: str, detail: str = ""
    ) -> AuditEntry:
        """Returns the entry about an action of this actor."""
        return AuditEntry(
            at,
            self.id,
            action,
            decision,
            subject,
            detail,
            team=self.team,
            channel=self.channel,
            request=self.request,
        )


class Audit:
    """The audit log of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, entry: AuditEntry) -> None:
        """Adds one entry."""
        async with self._database.transaction() as connection:
            await add_entries(connection, entry)

    async def entries(self, limit: int = 1000) -> tuple[AuditEntry, ...]:
        """Returns the newest entries, the oldest of them first."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(_as_entry(row) for row in reversed(rows))

    async def export(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[AuditEntry]:
        """Yields the entries from `since` to before `until`, by time; holds one page in memory."""
        query = select(audit).order_by(audit.c.at, audit.c.id).limit(PAGE_SIZE)
        if since is not None:
            query = query.where(audit.c.at >= since)
        if until is not None:
            query = query.where(audit.c.at < until)
        page = await self._page(query)
        while page:
            for row in page:
                yield _as_entry(row)
            last = page[-1]
            position = tuple_(literal(last.at, audit.c.at.type), literal(last.id))
            after = tuple_(audit.c.at, audit.c.id) > position
            page = await self._page(query.where(after)) if len(page) == PAGE_SIZE else []

    async def _page(self, query: "Select[tuple[object, ...]]") -> list[Row[tuple[object, ...]]]:
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).all())


async def add_entries(connection: AsyncConnection, *entries: AuditEntry) -> None:
    """Adds entries in the caller's transaction."""
    await connection.execute(
        insert(audit),
        [
            {
                "at": entry.at,
                "actor": entry.actor,
                "team": entry.team,
                "channel": entry.channel,
                "action": entry.action,
                "decision": entry.decision,
                "subject": entry.subject,
                "detail": entry.detail,
                "request": entry.request,
            }
            for entry in entries
        ],
    )


def acceptance_entry(message: Message, new: NewMessage) -> AuditEntry:
    """Returns the entry about an accepted message, to be written in the same transaction."""
    first_phones = ", ".join(mask(one) for one in new.recipients[:3])
    size = f"pages {new.pages}, characters {len(new.text)}"
    actor = Actor(
        message.author,
        new.team,
        new.card_location.channel if new.card_location else "",
        new.request,
    )
    detail = f"{len(new.recipients)} to {first_phones}; {size}"
    return actor.entry(message.created_at, "send", "allowed", subject=message.ref, detail=detail)


def _as_entry(row: Row[tuple[object, ...]]) -> AuditEntry:
    return AuditEntry(
        row.at,
        row.actor,
        row.action,
        row.decision,
        row.subject,
        row.detail,
        team=row.team,
        channel=row.channel,
        request=row.request,
        id=row.id,
    )
