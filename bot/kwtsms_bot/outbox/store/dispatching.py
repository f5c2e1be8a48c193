"""Through the outbox: taking recipients, putting them in flight, and settling them.

Every statement names the states it may leave, so no row takes an illegal step; every statement of
an owner names the owner and a lease that still runs, so a process that stalled cannot send.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.columns import inserted_id
from kwtsms_bot.database.tables import attempt, message, recipient
from kwtsms_bot.outbox.message import ClaimedCall, Priority, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store.base import CLAIMED, IN_FLIGHT, OVER, Base, move, touch
from kwtsms_bot.outbox.store.heat import cool, heat, without_hot
from kwtsms_bot.outbox.store.holding import GOING, begin_trial, is_tried
from kwtsms_bot.outbox.store.loading import as_recipient
from kwtsms_bot.outbox.store.switches import RUNNING
from kwtsms_bot.outbox.store.takeover import give_back

MAX_RECIPIENTS = 200  # ERR007
MAX_LOOKED_AT = 20  # Messages looked at in one claim whose recipients all turn out to be hot.
FIRST_CHECK = timedelta(seconds=10)


class Dispatching(Base):
    """What the worker does."""

    async def claim(self, owner: str, lease: timedelta, now: datetime) -> ClaimedCall | None:
        """Takes the recipients of one call: urgent first, oldest first, none that is hot.

        While sending is held, only one number, and only where that is to be tried.
        """
        async with self.database.transaction() as connection:
            trial, clock = await is_tried(connection), self.database.now_expression
            for _ in range(MAX_LOOKED_AT):
                first = await self._first_due(connection, now)
                if first is None:
                    return None
                if await _expired(connection, first, now):
                    continue
                rows = await self._due_of(connection, first, now)
                cold = await without_hot(connection, rows, now)
                if cold and trial:
                    cold = cold[:1] if await begin_trial(connection, clock) else []
                if cold:
                    call = await _take(connection, cold, owner=owner, now=now, lease=lease)
                    return replace(call, trial=trial)
        return None

    async def _first_due(self, connection: AsyncConnection, now: datetime) -> int | None:
        """The message to go first."""
        for priority in Priority:
            query = _queue(priority, recipient.c.message_id).where(recipient.c.due_at <= now)
            found: int | None = (
                await connection.execute(query.with_for_update(skip_locked=True))
            ).scalar()
            if found is not None:
                return found
        return None

    async def _due_of(
        self, connection: AsyncConnection, message_id: int, now: datetime
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

    async def put_in_flight(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """Makes it durable that the call may leave. False: it is not ours any more; do not send."""
        async with self.database.transaction() as connection:
            if await self._turned_hot(connection, call, now):
                await give_back(connection, call.attempt, now)
                return False
            changed = await connection.execute(
                update(attempt)
                .where(*_ours(call), attempt.c.state == CLAIMED, attempt.c.lease_until > now)
                .values(state=IN_FLIGHT, lease_until=now + lease, begun_at=now)
            )
            if changed.rowcount != 1:
                return False
            await move(connection, [_of(call)], State.IN_FLIGHT, now)
            await heat(connection, [one.phone for one in call.recipients], now)
            await touch(connection, [call.message_id])
        return True

    async def renew(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """We are still at it; False: too late, somebody else has settled it."""
        async with self.database.transaction() as connection:
            changed = await connection.execute(
                update(attempt)
                .where(*_ours(call), attempt.c.state != OVER, attempt.c.lease_until > now)
                .values(lease_until=now + lease)
            )
        return changed.rowcount == 1

    async def settle(self, call: ClaimedCall, plan: Plan, now: datetime) -> None:
        """Writes down what the call came to; a late answer may still make unknown known."""
        async with self.database.transaction() as connection:
            check_at = now + FIRST_CHECK if plan.gateway_id and not call.test else None
            await connection.execute(
                update(attempt)
                .where(*_ours(call))
                .values(
                    state=OVER,
                    gateway_id=plan.gateway_id,
                    points=plan.points,
                    balance_after=plan.balance_after,
                    settled_at=now,
                    lost=plan.state is State.UNKNOWN,
                    check_at=check_at,
                )
            )
            where = [_of(call)]
            if plan.state is State.QUEUED:  # Not from unknown: that takes a person.
                where.append(recipient.c.state == State.IN_FLIGHT.value)
            moved = await move(
                connection,
                where,
                plan.state,
                now,
                # Not past its expiry: there it is due once more, to be given up.
                due_at=min(plan.due_at, call.expires_at or plan.due_at),
                code=plan.code,
                reason=plan.reason,
                gateway_id=plan.gateway_id,
            )
            phones = [one.phone for one in call.recipients]
            if plan.state in (State.SENT, State.UNKNOWN):
                await heat(connection, phones, now)
            elif moved:
                # They were cold when they were put in flight, and nothing has reached them.
                await cool(connection, phones)
            await touch(connection, [call.message_id])

    async def next_due(self) -> datetime | None:
        """When the first recipient in the queue is due."""
        async with self.database.reading() as connection:
            found = [
                (await connection.execute(_queue(priority, recipient.c.due_at))).scalar()
                for priority in Priority
            ]
        return min((due for due in found if due is not None), default=None)

    async def _turned_hot(
        self, connection: AsyncConnection, call: ClaimedCall, now: datetime
    ) -> bool:
        """Whether another process has sent to one of these numbers since they were claimed."""
        ids = [one.id for one in call.recipients]
        rows = (await connection.execute(select(recipient).where(recipient.c.id.in_(ids)))).all()
        return len(await without_hot(connection, rows, now)) < len(rows)


def _queue(priority: Priority, column: ColumnElement[Any]) -> Select[Any]:
    """`column` of the head of one priority's queue: one look into the index, however long it is.

    While all sending is paused or held, the queue looks empty.
    """
    return (
        select(column)
        .where(
            recipient.c.state == State.QUEUED.value,
            recipient.c.priority == int(priority),
            RUNNING,
            GOING,
        )
        .order_by(recipient.c.due_at, recipient.c.id)
        .limit(1)
    )


async def _expired(connection: AsyncConnection, message_id: int, now: datetime) -> bool:
    """Gives up a message that could not be sent in time."""
    query = select(message.c.expires_at).where(message.c.id == message_id)
    expires_at = (await connection.execute(query)).scalar()
    if expires_at is None or expires_at > now:
        return False
    await move(connection, [recipient.c.message_id == message_id], State.EXPIRED, now)
    await touch(connection, [message_id])
    return True


async def _take(
    connection: AsyncConnection,
    rows: Sequence[Row[Any]],
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
) -> ClaimedCall:
    message_id = rows[0].message_id
    about = (await connection.execute(select(message).where(message.c.id == message_id))).one()
    made = await connection.execute(
        insert(attempt).values(
            message_id=message_id,
            state=CLAIMED,
            owner=owner,
            lease_until=now + lease,
            price=about.pages * len(rows),
            lost=False,
            checks=0,
        )
    )
    attempt_id = inserted_id(made)
    changes = {"attempt_id": attempt_id, "tries": recipient.c.tries + 1}
    where = [recipient.c.id.in_([row.id for row in rows])]
    await move(connection, where, State.CLAIMED, now, **changes)
    taken = (replace(as_recipient(row), state=State.CLAIMED, tries=row.tries + 1) for row in rows)
    return ClaimedCall(
        attempt=attempt_id,
        message_id=message_id,
        ref=about.ref,
        owner=owner,
        sender_id=about.sender_id,
        text=about.text or "",
        recipients=tuple(taken),
        test=about.test,
        expires_at=about.expires_at,
        request=about.request,
    )


def _ours(call: ClaimedCall) -> list[Any]:
    return [attempt.c.id == call.attempt, attempt.c.owner == call.owner]


def _of(call: ClaimedCall) -> Any:
    return recipient.c.attempt_id == call.attempt
