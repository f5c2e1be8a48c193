"""A decision about a message: who waits for whom, and what is kept of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import attempt, decision, message
from kwtsms_bot.outbox.decision import Decision, DecisionKind
from kwtsms_bot.outbox.store.audit import Actor, add_entries
from kwtsms_bot.outbox.store.base import lock_rows, mark_changed

AUDIT_DETAILS = {  # How a decision is told there.
    DecisionKind.SEND_AGAIN: "send again",
    DecisionKind.TREAT_AS_SENT: "treat as sent",
    DecisionKind.CANCEL: "cancelled {count}",
}


async def lock_for_decision(connection: AsyncConnection, ref: str) -> Any:
    """The message to decide about; until we are done, no call of it is settled."""
    query = select(message.c.id, message.c.ref, message.c.pages, message.c.created_at)
    row = (await connection.execute(query.where(message.c.ref == ref))).first()
    if row is not None:
        await lock_rows(connection, attempt.c.id, attempt.c.message_id == row.id)
    return row


async def record_decision(
    connection: AsyncConnection,
    row: Row[Any],
    made: Decision,
    actor: Actor,
    **changes: datetime | None,
) -> None:
    """On the message, and in the ledger: neither is there without the other."""
    await connection.execute(
        insert(decision).values(
            message_id=row.id,
            what=made.kind.value,
            actor=made.actor,
            recipients=made.recipients,
            at=made.at,
        )
    )
    detail = AUDIT_DETAILS[made.kind].format(count=made.recipients)
    entry = actor.entry(made.at, "send", "allowed", subject=row.ref, detail=detail)
    await add_entries(connection, entry)
    if changes:
        await connection.execute(update(message).where(message.c.id == row.id).values(changes))
    await mark_changed(connection, [row.id])
