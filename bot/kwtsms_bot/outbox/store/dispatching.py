"""Through the outbox: taking recipients, putting them in flight, settling them, and taking over.

Every statement names the states it may leave, so no row takes an illegal step; every statement of
an owner names the owner and a lease that still runs, so a process that stalled cannot send.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.columns import inserted_id
from kwtsms_bot.database.tables import attempt, hot_number, message, recipient
from kwtsms_bot.outbox.message import ClaimedCall, Priority, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store.base import Base, as_recipient, chunks, move, touch

MAX_RECIPIENTS = 200  # ERR007
MAX_LOOKED_AT = 20  # Messages looked at in one claim whose recipients all turn out to be hot.
HOT = timedelta(seconds=16)  # ERR028: 15 s, and a little for the two clocks.
HOT_REASON = "A message to this number left less than 15 seconds ago."
GONE_REASON = "The process that was sending it stopped before the answer came."
CLAIMED, IN_FLIGHT, OVER = "claimed", "in_flight", "over"
FIRST_CHECK = timedelta(seconds=10)


class Dispatching(Base):
    """What the worker does."""

    async def claim(self, owner: str, lease: timedelta, now: datetime) -> ClaimedCall | None:
        """Takes the recipients of one call: urgent first, oldest first, none that is hot."""
        async with self.database.transaction() as connection:
            for _ in range(MAX_LOOKED_AT):
                first = await self._first_due(connection, now)
                if first is None:
                    return None
                rows = await self._due_of(connection, first, now)
                cold = await _without_hot(connection, rows, now)
                if cold:
                    return await _take(connection, cold, owner=owner, now=now, lease=lease)
        return None

    async def _first_due(self, connection: AsyncConnection, now: datetime) -> int | None:
        """The message to go first. A question per priority: each is one look into the index."""
        for priority in Priority:
            query = (
                select(recipient.c.message_id)
                .where(
                    recipient.c.state == State.QUEUED.value,
                    recipient.c.priority == int(priority),
                    recipient.c.due_at <= now,
                )
                .order_by(recipient.c.due_at, recipient.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            found: int | None = (await connection.execute(query)).scalar()
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
            .order_by(recipient.c.id)
            .limit(MAX_RECIPIENTS)
            .with_for_update(skip_locked=True)
        )
        return (await connection.execute(query)).all()

    async def put_in_flight(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """Makes it durable that the call may leave. False: it is not ours any more; do not send."""
        async with self.database.transaction() as connection:
            if await self._turned_hot(connection, call, now):
                await _give_back(connection, call.attempt, now)
                return False
            changed = await connection.execute(
                update(attempt)
                .where(*_ours(call), attempt.c.state == CLAIMED, attempt.c.lease_until > now)
                .values(state=IN_FLIGHT, lease_until=now + lease)
            )
            if changed.rowcount != 1:
                return False
            await move(connection, [_of(call)], State.IN_FLIGHT, now)
            await self._heat(connection, [one.phone for one in call.recipients], now)
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
                    check_at=check_at,
                )
            )
            where = [_of(call)]
            if plan.state is State.QUEUED:  # Not from unknown: that takes a person.
                where.append(recipient.c.state == State.IN_FLIGHT.value)
            await move(
                connection,
                where,
                plan.state,
                now,
                due_at=plan.due_at,
                code=plan.code,
                reason=plan.reason,
                gateway_id=plan.gateway_id,
            )
            phones = [one.phone for one in call.recipients]
            if plan.state in (State.SENT, State.UNKNOWN):
                await self._heat(connection, phones, now)
            else:  # They were cold when they were put in flight, and nothing has reached them.
                await connection.execute(delete(hot_number).where(hot_number.c.phone.in_(phones)))
            await touch(connection, [call.message_id])

    async def release(self, call: ClaimedCall, now: datetime) -> None:
        """Gives back what is claimed and has not left."""
        async with self.database.transaction() as connection:
            await _give_back(connection, call.attempt, now)

    async def reap(self, now: datetime) -> tuple[int, int]:
        """Takes over from owners that are gone: how many calls went back, how many are unknown."""
        async with self.database.transaction() as connection:
            lost = (
                await connection.execute(
                    select(attempt.c.id, attempt.c.state, attempt.c.message_id)
                    .where(attempt.c.state.in_([CLAIMED, IN_FLIGHT]), attempt.c.lease_until <= now)
                    .with_for_update(skip_locked=True)
                )
            ).all()
            for row in lost:
                if row.state == CLAIMED:
                    await _give_back(connection, row.id, now)
                    continue
                await connection.execute(
                    update(attempt).where(attempt.c.id == row.id).values(state=OVER)
                )
                here = [recipient.c.attempt_id == row.id]
                await move(connection, here, State.UNKNOWN, now, reason=GONE_REASON)
            await touch(connection, [row.message_id for row in lost])
        unknown = sum(row.state == IN_FLIGHT for row in lost)
        return len(lost) - unknown, unknown

    async def expire(self, now: datetime) -> int:
        """Gives up what could not be sent in time; how many recipients that were."""
        old = select(message.c.id).where(message.c.expires_at <= now)
        waiting = [recipient.c.state == State.QUEUED.value, recipient.c.message_id.in_(old)]
        async with self.database.transaction() as connection:
            ids = (
                (
                    await connection.execute(
                        select(recipient.c.message_id).where(*waiting).distinct()
                    )
                )
                .scalars()
                .all()
            )
            for part in chunks(ids):
                await move(connection, [recipient.c.message_id.in_(part)], State.EXPIRED, now)
            await touch(connection, ids)
        return len(ids)

    async def next_due(self) -> datetime | None:
        """When the first recipient in the queue is due."""
        query = select(func.min(recipient.c.due_at)).where(recipient.c.state == State.QUEUED.value)
        async with self.database.reading() as connection:
            found: datetime | None = (await connection.execute(query)).scalar()
        return found

    async def _turned_hot(
        self, connection: AsyncConnection, call: ClaimedCall, now: datetime
    ) -> bool:
        """Whether another process has sent to one of these numbers since they were claimed."""
        ids = [one.id for one in call.recipients]
        rows = (await connection.execute(select(recipient).where(recipient.c.id.in_(ids)))).all()
        return len(await _without_hot(connection, rows, now)) < len(rows)

    async def _heat(
        self, connection: AsyncConnection, phones: Sequence[str], now: datetime
    ) -> None:
        """These numbers may not be sent to for a while."""
        dialect = postgresql if self.database.dialect == "postgresql" else sqlite
        made = dialect.insert(hot_number)
        rows = [{"phone": phone, "until": now + HOT} for phone in phones]
        changed = {"until": made.excluded.until}
        await connection.execute(
            made.on_conflict_do_update(index_elements=["phone"], set_=changed), rows
        )


async def _take(
    connection: AsyncConnection,
    rows: Sequence[Row[Any]],
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
) -> ClaimedCall:
    message_id = rows[0].message_id
    made = await connection.execute(
        insert(attempt).values(
            message_id=message_id, state=CLAIMED, owner=owner, lease_until=now + lease, checks=0
        )
    )
    attempt_id = inserted_id(made)
    changes = {"attempt_id": attempt_id, "tries": recipient.c.tries + 1}
    where = [recipient.c.id.in_([row.id for row in rows])]
    await move(connection, where, State.CLAIMED, now, **changes)
    about = (await connection.execute(select(message).where(message.c.id == message_id))).one()
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
    )


def _ours(call: ClaimedCall) -> list[Any]:
    return [attempt.c.id == call.attempt, attempt.c.owner == call.owner]


def _of(call: ClaimedCall) -> Any:
    return recipient.c.attempt_id == call.attempt


async def _give_back(connection: AsyncConnection, attempt_id: int, now: datetime) -> None:
    """Nothing has left: back to the queue, and the try does not count."""
    await connection.execute(
        update(attempt)
        .where(attempt.c.id == attempt_id, attempt.c.state == CLAIMED)
        .values(state=OVER)
    )
    claimed = [recipient.c.attempt_id == attempt_id, recipient.c.state == State.CLAIMED.value]
    await move(connection, claimed, State.QUEUED, now, tries=recipient.c.tries - 1)


async def _without_hot(
    connection: AsyncConnection, rows: Sequence[Row[Any]], now: datetime
) -> list[Row[Any]]:
    """Those that may be sent to now; the others are put off until they may."""
    phones = [row.phone for row in rows]
    hot = (
        await connection.execute(
            select(hot_number).where(hot_number.c.phone.in_(phones), hot_number.c.until > now)
        )
    ).all()
    until = {row.phone: row.until for row in hot}
    for row in rows:
        if row.phone in until:
            await connection.execute(
                update(recipient)
                .where(
                    recipient.c.id == row.id,
                    or_(
                        recipient.c.state == State.QUEUED.value,
                        recipient.c.state == State.CLAIMED.value,
                    ),
                )
                .values(due_at=until[row.phone], reason=HOT_REASON, code=None)
            )
    await touch(connection, [row.message_id for row in rows if row.phone in until])
    return [row for row in rows if row.phone not in until]
