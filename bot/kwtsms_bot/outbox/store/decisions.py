"""A decision about a message: who waits for whom, and what is kept of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import attempt, decision, message
from kwtsms_bot.outbox.decision import Decided, Decision
from kwtsms_bot.outbox.store.audit import By, note
from kwtsms_bot.outbox.store.base import hold, touch

LEDGER = {  # How a decision is told there.
    Decided.SEND_AGAIN: "send again",
    Decided.TREAT_AS_SENT: "treat as sent",
    Decided.CANCEL: "cancelled {count}",
}


async def to_decide(connection: AsyncConnection, ref: str) -> Any:
    """The message to decide about; until we are done, no call of it is settled."""
    about = select(message.c.id, message.c.ref, message.c.pages, message.c.created_at)
    row = (await connection.execute(about.where(message.c.ref == ref))).first()
    if row is not None:
        await hold(connection, attempt.c.id, attempt.c.message_id == row.id)
    return row


async def record(
    connection: AsyncConnection, row: Row[Any], made: Decision, by: By, **changed: datetime | None
) -> None:
    """On the message, and in the ledger: neither is there without the other."""
    await connection.execute(
        insert(decision).values(
            message_id=row.id,
            what=made.what.value,
            actor=made.actor,
            recipients=made.recipients,
            at=made.at,
        )
    )
    detail = LEDGER[made.what].format(count=made.recipients)
    line = by.line(made.at, "send", "allowed", subject=row.ref, detail=detail)
    await note(connection, line)
    if changed:
        await connection.execute(update(message).where(message.c.id == row.id).values(changed))
    await touch(connection, [row.id])
