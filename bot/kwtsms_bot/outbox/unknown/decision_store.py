"""Decisions by people about messages of unknown outcome."""

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
from kwtsms_bot.outbox.dedupe import INTAKE_LOCK, insert_key
from kwtsms_bot.outbox.message import PEOPLE, DedupeKey
from kwtsms_bot.outbox.quota.admission import day_of
from kwtsms_bot.outbox.quota.limits import (
    UNLIMITED,
    Allowance,
    QuotaExceededError,
    Usage,
    check_limits,
)
from kwtsms_bot.outbox.quota.usage_store import CreditChange, add_credits, spent_on
from kwtsms_bot.outbox.rows import HAS_NUMBER
from kwtsms_bot.outbox.sql import lock_rows, mark_changed, transition
from kwtsms_bot.outbox.states import State


class DecisionStore:
    """Store of the two decisions about an unknown outcome."""

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
        """Queues unknown recipients again and returns how many; they may get the message twice.

        `expires_at`, if given, replaces the message's expiry. With `once`, a second decision under
        the same key has no effect. The price may be charged twice, so it counts once more among the
        credits of the day.

        Raises:
            QuotaExceededError: it would exceed the credits of the day.
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
        """Marks unknown recipients as sent; returns how many."""
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
    """Applies the decision and uses up the key; returns the message and how many it concerned."""
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
    """Spends so many credits of the day; raises QuotaExceededError if that is too much."""
    usage = Usage(None, None, await spent_on(connection, day_of(now)))
    exceeded = check_limits(allowance, usage, amount, kuwait_time.midnight_after(now))
    if exceeded is not None:
        raise QuotaExceededError(exceeded)
    await add_credits(connection, [CreditChange(amount, now, PEOPLE)])


async def _apply(connection: AsyncConnection, message_id: int, decision: Decision) -> int:
    """Moves the message's unknown recipients as decided; returns how many."""
    where = [recipient.c.message_id == message_id, recipient.c.state == State.UNKNOWN.value]
    after = State.SENT
    if decision.kind is DecisionKind.SEND_AGAIN:
        after = State.QUEUED
        where.append(HAS_NUMBER)  # What is erased cannot be sent.
    return await transition(
        connection, where, after, decision.at, due_at=decision.at, reason=None, code=None
    )


AUDIT_DETAILS = {  # For the audit log.
    DecisionKind.SEND_AGAIN: "send again",
    DecisionKind.TREAT_AS_SENT: "treat as sent",
    DecisionKind.CANCEL: "cancelled {count}",
}


async def lock_for_decision(connection: AsyncConnection, ref: str) -> Any:
    """Returns the message and locks its calls, so that none is settled meanwhile."""
    columns = (message.c.id, message.c.ref, message.c.pages, message.c.created_at, message.c.budget)
    row = (await connection.execute(select(*columns).where(message.c.ref == ref))).first()
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
    """Records a decision on the message and in the audit log, in one transaction."""
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
