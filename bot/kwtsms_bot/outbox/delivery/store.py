"""Delivery of accepted calls: when to poll each, and what the gateway said."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.claims import ExpiringClaim
from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.outbox.delivery.rules import (
    STUCK,
    AcceptedCall,
    DeliveryUpdate,
    TrackedCall,
    is_passed_on,
)
from kwtsms_bot.outbox.rows import HAS_NUMBER
from kwtsms_bot.outbox.sql import chunks, mark_changed, transition
from kwtsms_bot.outbox.states import State

CHECK_LEASE = timedelta(minutes=2)  # Then another replica may poll.
CHECK_CLAIM = ExpiringClaim(attempt.c.check_at, CHECK_LEASE)
MAX_STATUS_LENGTH = 80


class DeliveryStore:
    """Store of due polls and their results."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim_check(self, now: datetime) -> TrackedCall | None:
        """Claims the call whose poll is due first; returns None if none is due."""
        query = (
            select(attempt)
            .where(attempt.c.check_at <= now, attempt.c.gateway_id.is_not(None))
            .order_by(attempt.c.check_at)
            .limit(1)
        )
        if not await self._has_rows(query):
            return None
        async with self._database.transaction() as connection:
            locked = query.with_for_update(skip_locked=True)
            row = (await connection.execute(locked)).first()
            if row is None:
                return None
            await connection.execute(CHECK_CLAIM.claim(now, attempt.c.id == row.id))
            return await _load_tracked(connection, row)

    async def find_accepted_call(self, gateway_id: str) -> TrackedCall | None:
        """Returns the call accepted under this gateway ID, for a check outside the schedule."""
        query = select(attempt).where(attempt.c.gateway_id == gateway_id).limit(1)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
            return await _load_tracked(connection, row) if row else None

    async def accepted_calls(
        self, message_id: int, states: Sequence[State], *, limit: int
    ) -> tuple[AcceptedCall, ...]:
        """Returns a message's accepted calls, with their numbers that are in these states.

        At most `limit` numbers in all; none that is erased.
        """
        query = (
            select(attempt.c.gateway_id, attempt.c.accepted_at, recipient.c.phone)
            .join(recipient, recipient.c.attempt_id == attempt.c.id)
            .where(
                attempt.c.message_id == message_id,
                attempt.c.gateway_id.is_not(None),
                attempt.c.accepted_at.is_not(None),
                recipient.c.state.in_([state.value for state in states]),
                HAS_NUMBER,
            )
            .order_by(attempt.c.id, recipient.c.id)
            .limit(limit)
        )
        found: dict[tuple[str, datetime], list[str]] = {}
        async with self._database.reading() as connection:
            for gateway_id, accepted_at, phone in await connection.execute(query):
                found.setdefault((gateway_id, accepted_at), []).append(phone)
        return tuple(AcceptedCall(*call, tuple(phones)) for call, phones in found.items())

    async def _has_rows(self, query: Select[Any]) -> bool:
        """Whether the query finds a row; blocks no writer."""
        async with self._database.reading() as connection:
            return (await connection.execute(query)).first() is not None

    async def next_check(self) -> datetime | None:
        """Returns when the first poll is due; None if none is scheduled."""
        query = (
            select(attempt.c.check_at)
            .where(attempt.c.check_at.is_not(None))
            .order_by(attempt.c.check_at)
            .limit(1)
        )
        async with self._database.reading() as connection:
            found: datetime | None = (await connection.execute(query)).scalar()
        return found

    async def record_check(
        self,
        tracked_call: TrackedCall,
        delivery_update: DeliveryUpdate,
        *,
        next_at: datetime | None,
        now: datetime,
    ) -> bool:
        """Stores what the gateway said and when to poll again; returns whether it is new."""
        async with self._database.transaction() as connection:
            changes = {"check_at": next_at, "checks": attempt.c.checks + 1}
            await _update_attempt(connection, tracked_call, **changes)
            return await _record_update(connection, tracked_call, delivery_update, now)

    async def record_answer(
        self, tracked_call: TrackedCall, delivery_update: DeliveryUpdate, now: datetime
    ) -> bool:
        """Stores the result of a check outside the schedule; returns whether it is new.

        The schedule stays as it is, or ends if nothing more is to come.
        """
        async with self._database.transaction() as connection:
            if delivery_update.finished:
                await _update_attempt(connection, tracked_call, check_at=None)
            return await _record_update(connection, tracked_call, delivery_update, now)


async def _load_tracked(connection: AsyncConnection, row: Row[Any]) -> TrackedCall:
    phones = await connection.execute(
        select(recipient.c.phone).where(recipient.c.attempt_id == row.id, HAS_NUMBER)
    )
    return TrackedCall(
        attempt=row.id,
        gateway_id=row.gateway_id,
        phones=tuple(phones.scalars()),
        sent_at=row.settled_at,
        checks=row.checks,
        passed_on=is_passed_on(row.status),
    )


async def _update_attempt(
    connection: AsyncConnection, tracked_call: TrackedCall, **values: Any
) -> None:
    await connection.execute(
        update(attempt).where(attempt.c.id == tracked_call.attempt).values(values)
    )


async def _record_update(
    connection: AsyncConnection,
    tracked_call: TrackedCall,
    delivery_update: DeliveryUpdate,
    now: datetime,
) -> bool:
    """Stores the call's status and its recipients' states; updates the card if they are new."""
    news = int(await _record_status(connection, tracked_call, delivery_update.status, now))
    for state in set(delivery_update.states.values()):
        code = STUCK if state is State.STUCK else None
        for phones in chunks(
            [phone for phone, one in delivery_update.states.items() if one is state]
        ):
            where = [recipient.c.attempt_id == tracked_call.attempt, recipient.c.phone.in_(phones)]
            news += await transition(connection, where, state, now, code=code, reason=None)
    owner = select(attempt.c.message_id).where(attempt.c.id == tracked_call.attempt)
    ids = (await connection.execute(owner)).scalars().all()
    await mark_changed(connection, ids if news else ())
    return news > 0


async def _record_status(
    connection: AsyncConnection, tracked_call: TrackedCall, status: str | None, now: datetime
) -> bool:
    """Stores the gateway's status and since when it says so; returns whether it changed.

    Digits are masked: whatever it says, no number is kept longer than its message.
    """
    if not status:
        return False
    plain = (one if one.isprintable() and not one.isdigit() else "•" for one in status)
    masked_status = "".join(plain).strip()[:MAX_STATUS_LENGTH]
    query = select(attempt.c.status).where(attempt.c.id == tracked_call.attempt)
    if (await connection.execute(query)).scalar() == masked_status:
        return False
    await _update_attempt(connection, tracked_call, status=masked_status, status_at=now)
    return True
