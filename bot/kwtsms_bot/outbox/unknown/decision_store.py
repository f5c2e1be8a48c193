"""What a person decides about a message whose outcome is unknown."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot import kuwait_time
from kwtsms_bot.database import Database, DuplicateKey
from kwtsms_bot.database.tables import attempt, decision, message, recipient
from kwtsms_bot.outbox.audit import Actor, add_entries
from kwtsms_bot.outbox.decision import Decision, DecisionKind
from kwtsms_bot.outbox.intake.batch import insert_key
from kwtsms_bot.outbox.intake.store import INTAKE_LOCK
from kwtsms_bot.outbox.message import DedupeKey, State
from kwtsms_bot.outbox.quota.admission import day_of
from kwtsms_bot.outbox.quota.limits import (
    UNLIMITED,
    Allowance,
    QuotaExceededError,
    Usage,
    check_limits,
)
from kwtsms_bot.outbox.quota.usage_store import add_credits, spent_on
from kwtsms_bot.outbox.retention.purge_store import HAS_NUMBER
from kwtsms_bot.outbox.sql import lock_rows, mark_changed, transition


class DecisionStore:
    """The two answers to it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send_again(
        self,
        ref: str,
        now: datetime,
        actor: Actor,
        *,
        expires_at: datetime | None = None,
        once: DedupeKey | None = None,
        allowance: Allowance = UNLIMITED,
    ) -> int:
        """Queues anew what is unknown: a person takes the risk that it is sent twice.

        From `expires_at` on it is too old; without it, from when it was before. With `once`, a
        decision under the same key counts no second time. It may cost as much as it did before, so
        it counts once more among the credits of the day.

        Raises:
            OverLimit: that would be more credits than a day may have.
        """
        changes: dict[str, datetime | None] = {"cancelled_at": None}
        if expires_at is not None:
            changes["expires_at"] = expires_at
        decision = Decision(DecisionKind.SEND_AGAIN, actor.id, now, 0)
        try:
            async with self._database.transaction() as connection:
                await self._database.acquire_lock(connection, INTAKE_LOCK)
                row, moved = await _decide(connection, ref, decision, actor, once=once, **changes)
                if moved:
                    await _charge_day(connection, row.pages * moved, now, allowance)
        except DuplicateKey:
            return 0
        return moved

    async def treat_as_sent(
        self, ref: str, now: datetime, actor: Actor, *, once: DedupeKey | None = None
    ) -> int:
        """Takes what is unknown as sent."""
        decision = Decision(DecisionKind.TREAT_AS_SENT, actor.id, now, 0)
        try:
            async with self._database.transaction() as connection:
                _, moved = await _decide(connection, ref, decision, actor, once=once)
        except DuplicateKey:
            return 0
        return moved


async def _decide(
    connection: AsyncConnection,
    ref: str,
    decision: Decision,
    actor: Actor,
    *,
    once: DedupeKey | None,
    **changes: datetime | None,
) -> tuple[Any, int]:
    """The message and how many it was about; the key is used up with it, or neither is there."""
    if once is not None:
        await insert_key(connection, once, decision.at)
    row = await lock_for_decision(connection, ref)
    if row is None:
        return None, 0
    moved = await _apply(connection, row.id, decision)
    if moved:
        await record_decision(
            connection, row, replace(decision, recipients=moved), actor, **changes
        )
    return row, moved


async def _charge_day(
    connection: AsyncConnection, amount: int, now: datetime, allowance: Allowance
) -> None:
    """Spends so many credits of the day; raises OverLimit where that is too much."""
    usage = Usage(None, None, await spent_on(connection, day_of(now)))
    exceeded = check_limits(allowance, usage, amount, kuwait_time.midnight_after(now))
    if exceeded is not None:
        raise QuotaExceededError(exceeded)
    await add_credits(connection, [(amount, now)])


async def _apply(connection: AsyncConnection, message_id: int, decision: Decision) -> int:
    """How many of its recipients were unknown, and are what the decision makes of them."""
    where = [recipient.c.message_id == message_id, recipient.c.state == State.UNKNOWN.value]
    after = State.SENT
    if decision.kind is DecisionKind.SEND_AGAIN:
        after = State.QUEUED
        where.append(HAS_NUMBER)  # What is erased cannot be sent.
    return await transition(
        connection, where, after, decision.at, due_at=decision.at, reason=None, code=None
    )


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
