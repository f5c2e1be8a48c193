"""Through the outbox: putting a claimed call in flight, and settling it.

Every statement names the states it may leave, so no row takes an illegal step; every statement of
an owner names the owner and a lease that still runs, so a process that stalled cannot send.
"""

import math
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database, DatabaseError
from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.outbox.dispatch.lease_store import requeue
from kwtsms_bot.outbox.dispatch.retry import Settlement
from kwtsms_bot.outbox.flow_control.cooldown import (
    clear_cooldown,
    defer_cooling_down,
    reserve_cooldown,
    start_cooldown,
)
from kwtsms_bot.outbox.flow_control.kill_switch import NOT_PAUSED
from kwtsms_bot.outbox.message import ClaimedCall, State
from kwtsms_bot.outbox.quota.usage_store import add_credits
from kwtsms_bot.outbox.sql import (
    CLAIMED,
    IN_FLIGHT,
    SETTLED,
    lock_rows,
    mark_changed,
    transition,
)
from kwtsms_bot.outbox.unknown.cancellation import cancel_requeued
from kwtsms_bot.outbox.unknown.evidence_store import record_late_not_sent

FIRST_CHECK_DELAY = timedelta(seconds=10)


class SettlementStore:
    """What the worker does with a call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_in_flight(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """Makes it durable that the call may leave. False: it is not to be sent by us, or not now.

        Raises:
            DatabaseTrouble: it may not leave, and nothing was changed.
        """
        size = len(call.recipients)
        async with self._database.transaction() as connection:
            changed = await connection.execute(
                update(attempt)
                .where(*_owned(call), attempt.c.state == CLAIMED, attempt.c.lease_until > now)
                .values(state=IN_FLIGHT, lease_until=now + lease, begun_at=now)
            )
            if changed.rowcount != 1:
                return False
            await lock_rows(connection, recipient.c.id, _of_call(call))
            if not await _may_send(connection, call):
                await requeue(connection, call.attempt, now)
                await mark_changed(connection, [call.message_id])
                return False
            if (
                await reserve_cooldown(connection, call.attempt, self._database.now_expression)
                < size
            ):
                await self._requeue_cooling_down(connection, call, now)
                return False
            if await transition(connection, [_of_call(call)], State.IN_FLIGHT, now) != size:
                raise DatabaseError("the recipients of a call are not those that were claimed")
            await mark_changed(connection, [call.message_id])
        return True

    async def _requeue_cooling_down(
        self, connection: AsyncConnection, call: ClaimedCall, now: datetime
    ) -> None:
        """Another process has sent to one of these numbers since they were claimed."""
        await clear_cooldown(connection, call.attempt, self._database.now_expression)
        await requeue(connection, call.attempt, now)
        candidates = select(recipient.c.id, recipient.c.phone).where(_of_call(call))
        await defer_cooling_down(connection, candidates, self._database.now_expression, now)
        await mark_changed(connection, [call.message_id])

    async def renew(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """We are still at it; False: too late, somebody else has settled it."""
        async with self._database.transaction() as connection:
            changed = await connection.execute(
                update(attempt)
                .where(*_owned(call), attempt.c.state != SETTLED, attempt.c.lease_until > now)
                .values(lease_until=now + lease)
            )
        return changed.rowcount == 1

    async def settle(self, call: ClaimedCall, settlement: Settlement, now: datetime) -> None:
        """Writes down what the call came to; a late answer may still make unknown known."""
        async with self._database.transaction() as connection:
            was_lost = await _was_lost(connection, call)
            if was_lost is None:
                return
            await _close_attempt(connection, call, settlement, now)
            where = [_of_call(call)]
            if settlement.state is State.QUEUED:  # Not from unknown: that takes a person.
                where.append(recipient.c.state == State.IN_FLIGHT.value)
            moved = await transition(
                connection,
                where,
                settlement.state,
                now,
                # Not past its expiry: there it is due once more, to be given up.
                due_at=min(settlement.due_at, call.expires_at or settlement.due_at),
                code=settlement.code,
                reason=settlement.reason,
                gateway_id=settlement.gateway_id,
            )
            cancelled = 0
            if settlement.state is State.QUEUED and moved:
                cancelled = await cancel_requeued(connection, call, now)
            if settlement.state in (State.SENT, State.UNKNOWN):
                await start_cooldown(connection, call.attempt, self._database.now_expression)
            elif moved:
                # They were cold when they were put in flight, and nothing has reached them.
                await clear_cooldown(connection, call.attempt, self._database.now_expression)
            incomplete = moved < len(call.recipients)
            if was_lost and incomplete and settlement.state in (State.QUEUED, State.REJECTED):
                await record_late_not_sent(connection, call.attempt, settlement, now)
            await mark_changed(connection, [call.message_id])
            difference = _cost(call, settlement, moved - cancelled) - call.pages * moved
            await add_credits(connection, [(difference, call.created_at)])


async def _was_lost(connection: AsyncConnection, call: ClaimedCall) -> bool | None:
    """Whether the call was given up meanwhile, so that this answer is late; None: not ours."""
    query = select(attempt.c.lost).where(*_owned(call)).with_for_update(key_share=True)
    lost: bool | None = (await connection.execute(query)).scalar()
    return lost


async def _close_attempt(
    connection: AsyncConnection, call: ClaimedCall, settlement: Settlement, now: datetime
) -> None:
    """Writes down what the gateway said of the call as a whole."""
    check_at = now + FIRST_CHECK_DELAY if settlement.gateway_id and not call.test else None
    await connection.execute(
        update(attempt)
        .where(*_owned(call))
        .values(
            state=SETTLED,
            gateway_id=settlement.gateway_id,
            points=settlement.points,
            balance_after=settlement.balance_after,
            settled_at=now,
            accepted_at=now if settlement.state is State.SENT else None,
            lost=settlement.state is State.UNKNOWN,
            check_at=check_at,
        )
    )


async def _may_send(connection: AsyncConnection, call: ClaimedCall) -> bool:
    """Whether nothing of it was taken back since it was claimed, and nobody has paused sending."""
    query = select(func.count()).where(
        _of_call(call), recipient.c.state == State.CLAIMED.value, NOT_PAUSED
    )
    return (await connection.execute(query)).scalar() == len(call.recipients)


def _cost(call: ClaimedCall, settlement: Settlement, moved: int) -> int:
    """What this many of its recipients cost: as the gateway says it, or else as we expect it."""
    if settlement.state is State.REJECTED:
        return 0
    if (
        settlement.state is State.SENT
        and settlement.points is not None
        and moved == len(call.recipients)
    ):
        return math.ceil(settlement.points)
    return call.pages * moved


def _owned(call: ClaimedCall) -> list[Any]:
    return [attempt.c.id == call.attempt, attempt.c.owner == call.owner]


def _of_call(call: ClaimedCall) -> Any:
    return recipient.c.attempt_id == call.attempt
