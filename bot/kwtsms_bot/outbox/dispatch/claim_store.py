"""Claims the recipients of the next call from the queue.

Urgent before bulk, then the oldest. Numbers in cooldown are deferred and overdue messages expire;
the search then goes on behind them, so that no slot is lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.column_types import inserted_id
from kwtsms_bot.database.tables import attempt, message, recipient
from kwtsms_bot.outbox.flow_control.breaker_store import BREAKER_NOT_OPEN, begin_trial, is_half_open
from kwtsms_bot.outbox.flow_control.cooldown import defer_cooling_down
from kwtsms_bot.outbox.flow_control.kill_switch import NOT_PAUSED
from kwtsms_bot.outbox.message import ClaimedCall, Priority, allowed_priorities, no_quiet_hours
from kwtsms_bot.outbox.quota.usage_store import CreditChange, add_credits
from kwtsms_bot.outbox.rows import as_recipient
from kwtsms_bot.outbox.sql import lock_unlocked, mark_changed, transition
from kwtsms_bot.outbox.states import AttemptState, State

MAX_RECIPIENTS = 200  # ERR007
MAX_ROUNDS = 20  # Per transaction: on SQLite nobody else can write meanwhile.
# Recipients at the head of a queue that are checked once the first message is in cooldown.
COOLDOWN_WINDOW = 1000


@dataclass(frozen=True, slots=True)
class _SideEffects:
    """Changes that the search for a call made, to be written when it ends."""

    changed_messages: set[int] = field(default_factory=set)  # Their cards need an update.
    refunds: list[CreditChange] = field(default_factory=list)


class ClaimStore:
    """Store that claims calls from the head of the queue."""

    def __init__(
        self, database: Database, *, in_quiet_hours: Callable[[], bool] = no_quiet_hours
    ) -> None:
        self._database, self._in_quiet_hours = database, in_quiet_hours

    async def claim(self, owner: str, lease: timedelta, now: datetime) -> ClaimedCall | None:
        """Claims the recipients of one call: urgent first, oldest first, none in cooldown.

        While the circuit breaker is half-open, it claims one number, as the trial call. Returns
        None if nothing can be sent now, even where due recipients were overdue or in cooldown.
        """
        while True:
            call, effects = None, _SideEffects()
            async with self._database.transaction() as connection:
                trial = await is_half_open(connection)
                for _ in range(MAX_ROUNDS):
                    first = await self._first_due(connection, now)
                    rows = await self._sendable_of(connection, first, now, effects) if first else ()
                    if rows and trial:
                        started = await begin_trial(connection, self._database.now_expression)
                        rows = rows[:1] if started else ()
                    if rows:
                        claimed = await _claim_rows(
                            connection, rows, owner=owner, now=now, lease=lease
                        )
                        call = replace(claimed, trial=trial)
                    if call or first is None:
                        break
                await mark_changed(connection, effects.changed_messages)
                await add_credits(connection, effects.refunds)
            if call or first is None:
                return call

    async def _first_due(self, connection: AsyncConnection, now: datetime) -> Row[Any] | None:
        """Returns the message and the priority of the recipient that goes first."""
        for priority in allowed_priorities(quiet=self._in_quiet_hours()):
            query = _queue(priority, recipient.c.message_id, recipient.c.priority)
            due = query.where(recipient.c.due_at <= now).with_for_update(skip_locked=True)
            found: Row[Any] | None = (await connection.execute(due.limit(1))).first()
            if found is not None:
                return found
        return None

    async def _sendable_of(
        self, connection: AsyncConnection, first: Row[Any], now: datetime, effects: _SideEffects
    ) -> Sequence[Row[Any]]:
        """Returns what can go now of that message; if nothing can, the queue has a new head."""
        if await _expire_if_overdue(connection, first.message_id, now, effects):
            return ()
        rows = await _due_of(connection, first.message_id, now)
        ids = recipient.c.id.in_([row.id for row in rows])
        candidates = select(recipient.c.id, recipient.c.phone).where(ids)
        deferred = await defer_cooling_down(
            connection, candidates, self._database.now_expression, now
        )
        effects.changed_messages.update(deferred.values())
        if len(deferred) == len(rows):
            queue = _queue(Priority(first.priority), recipient.c.id, recipient.c.phone)
            due = queue.where(recipient.c.due_at <= now).limit(COOLDOWN_WINDOW)
            head = due.with_for_update(skip_locked=True)
            effects.changed_messages.update(
                (
                    await defer_cooling_down(connection, head, self._database.now_expression, now)
                ).values()
            )
        return [row for row in rows if row.id not in deferred]

    async def next_due(self) -> datetime | None:
        """Returns when the first recipient in the queue is due; None if the queue is empty."""
        async with self._database.reading() as connection:
            heads = (
                _queue(priority, recipient.c.due_at).limit(1)
                for priority in allowed_priorities(quiet=self._in_quiet_hours())
            )
            found = [(await connection.execute(head)).scalar() for head in heads]
        return min((due for due in found if due is not None), default=None)


def _queue(priority: Priority, *columns: ColumnElement[Any]) -> Select[Any]:
    """Returns the query for one priority's queue; its head is one index look-up at any length.

    The queue looks empty while sending is paused or the circuit breaker is open.
    """
    return (
        select(*columns)
        .where(
            recipient.c.state == State.QUEUED.value,
            recipient.c.priority == int(priority),
            NOT_PAUSED,
            BREAKER_NOT_OPEN,
        )
        .order_by(recipient.c.due_at, recipient.c.id)
    )


async def _due_of(
    connection: AsyncConnection, message_id: int, now: datetime
) -> Sequence[Row[Any]]:
    query = (
        select(recipient)
        .where(
            recipient.c.message_id == message_id,
            recipient.c.state == State.QUEUED.value,
            recipient.c.due_at <= now,
        )
        .order_by(recipient.c.due_at, recipient.c.id)
        .limit(MAX_RECIPIENTS)
        .with_for_update(skip_locked=True)
    )
    return (await connection.execute(query)).all()


async def _expire_if_overdue(
    connection: AsyncConnection, message_id: int, now: datetime, effects: _SideEffects
) -> bool:
    """Expires what is queued of a message past its expiry; returns whether it was past it."""
    query = select(
        message.c.expires_at, message.c.pages, message.c.created_at, message.c.budget
    ).where(message.c.id == message_id)
    row = (await connection.execute(query)).one()
    if row.expires_at is None or row.expires_at > now:
        return False
    queued = lock_unlocked(
        recipient.c.message_id == message_id, recipient.c.state == State.QUEUED.value
    )
    count = await transition(connection, [queued], State.EXPIRED, now)
    effects.changed_messages.add(message_id)
    effects.refunds.append(CreditChange(-row.pages * count, row.created_at, row.budget))
    return True


async def _claim_rows(
    connection: AsyncConnection,
    rows: Sequence[Row[Any]],
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
) -> ClaimedCall:
    message_id = rows[0].message_id
    message_row = (
        await connection.execute(select(message).where(message.c.id == message_id))
    ).one()
    inserted = await connection.execute(
        insert(attempt).values(
            message_id=message_id,
            state=AttemptState.CLAIMED.value,
            owner=owner,
            lease_until=now + lease,
            price=message_row.pages * len(rows),
            lost=False,
            checks=0,
        )
    )
    attempt_id = inserted_id(inserted)
    changes = {"attempt_id": attempt_id, "tries": recipient.c.tries + 1}
    where = [recipient.c.id.in_([row.id for row in rows])]
    await transition(connection, where, State.CLAIMED, now, **changes)
    recipients = (
        replace(as_recipient(row), state=State.CLAIMED, tries=row.tries + 1) for row in rows
    )
    return ClaimedCall(
        attempt=attempt_id,
        message_id=message_id,
        ref=message_row.ref,
        owner=owner,
        sender_id=message_row.sender_id,
        text=message_row.text or "",
        pages=message_row.pages,
        created_at=message_row.created_at,
        recipients=tuple(recipients),
        test=message_row.test,
        expires_at=message_row.expires_at,
        request=message_row.request,
        budget=message_row.budget,
        priority=Priority(message_row.priority),
    )
