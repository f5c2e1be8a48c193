"""The ledger of who did what: rows are added, never changed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import audit
from kwtsms_bot.outbox.store.base import Base


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One deed or refusal. No text and no whole number stands in it."""

    at: datetime
    actor: str
    action: str
    decision: str
    subject: str
    detail: str


class Audit(Base):
    """The ledger."""

    async def record(self, entry: AuditEntry) -> None:
        """Adds one line."""
        async with self.database.transaction() as connection:
            await note(connection, entry)

    async def entries(self, limit: int = 1000) -> tuple[AuditEntry, ...]:
        """The newest lines, oldest of them first."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            AuditEntry(row.at, row.actor, row.action, row.decision, row.subject, row.detail)
            for row in reversed(rows)
        )


async def note(connection: AsyncConnection, entry: AuditEntry) -> None:
    """Adds one line as a part of a transaction."""
    await connection.execute(
        insert(audit).values(
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            decision=entry.decision,
            subject=entry.subject[:80],
            detail=entry.detail[:500],
        )
    )
