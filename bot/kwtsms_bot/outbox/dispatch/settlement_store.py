"""Puts claimed calls in flight, and settles them.

Every statement names the states it may leave, so no row takes an illegal step. Every statement of
an owner names the owner, and those before sending need a lease that still runs, so a process that
stalled cannot send.
"""

import math
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database, DatabaseError
from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.outbox.dispatch.lease_store import requeue
from kwtsms_bot.outbox.flow_control.cooldown import (
    COOLDOWN,
    clear_cooldown,
    defer_cooling_down,
    reserve_cooldown,
    start_cooldown,
)
from kwtsms_bot.outbox.flow_control.kill_switch import NOT_PAUSED
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.quota.usage_store import CreditChange, add_credits
from kwtsms_bot.outbox.sql import (
    lock_rows,
    mark_changed,
    transition,
    transition_attempts,
)
from kwtsms_bot.outbox.states import AttemptState, State
from kwtsms_bot.outbox.unknown.cancellation import cancel_requeued
from kwtsms_bot.outbox.unknown.evidence_store import record_late_not_sent

FIRST_CHECK_DELAY = timedelta(seconds=10)


class SettlementStore:
    """Store of a call's way from claim to outcome; each send starts its numbers' `cooldown`."""

    def __init__(self, database: Database, *, cooldown: timedelta = COOLDOWN) -> None:
        self._database, self._cooldown = database, cooldown

    async def put_in_flight(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """Makes it durable that the call may leave; returns False if it must not, or not now.

        Raises:
            CommitUnknown: it may not leave, but may be recorded as in flight.
            DatabaseError: it may not leave, and nothing was changed.
        """
        size = len(call.recipients)
        async with self._database.transaction() as connection:
            changes = {"lease_until": now + lease, "begun_at": now}
            leased = [*_owned(call), attempt.c.lease_until > now]
            if not await transition_attempts(connection, leased, AttemptState.IN_FLIGHT, **changes):
                return False
            await lock_rows(connection, recipient.c.id, _of_call(call))
            if not await _may_send(connection, call):
                await requeue(connection, call.attempt, now)
                await mark_changed(connection, [call.message_id])
                return False
            reserved = await reserve_cooldown(
                connection, call.attempt, self._database.now_expression, self._cooldown
            )
            if reserved < size:
                await self._requeue_cooling_down(connection, call, now)
                return False
            if await transition(connection, [_of_call(call)], State.IN_FLIGHT, now) != size:
                raise DatabaseError("the recipients of a call are not those that were claimed")
            await mark_changed(connection, [call.message_id])
        return True

    async def _requeue_cooling_down(
        self, connection: AsyncConnection, call: ClaimedCall, now: datetime
    ) -> None:
        """Requeues a call after another process has sent to one of its numbers since the claim."""
        await clear_cooldown(connection, call.attempt, self._database.now_expression)
        await requeue(connection, call.attempt, now)
        candidates = select(recipient.c.id, recipient.c.phone).where(_of_call(call))
        await defer_cooling_down(connection, candidates, self._database.now_expression, now)
        await mark_changed(connection, [call.message_id])

    async def renew(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """Extends the lease; returns False if it has expired, or the call is settled."""
        async with self._database.transaction() as connection:
            changed = await connection.execute(
                update(attempt)
                .where(
                    *_owned(call),
                    attempt.c.state != AttemptState.SETTLED.value,
                    attempt.c.lease_until > now,
                )
                .values(lease_until=now + lease)
            )
        return changed.rowcount == 1

    async def settle(self, call: ClaimedCall, settlement: Settlement, now: datetime) -> None:
        """Stores the call's outcome; a late answer may still resolve an unknown one."""
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
                # Not past its expiry: it is due then, so that it expires.
                due_at=min(settlement.due_at, call.expires_at or settlement.due_at),
                code=settlement.code,
                reason=settlement.reason,
                gateway_id=settlement.gateway_id,
            )
            cancelled = 0
            if settlement.state is State.QUEUED and moved:
                cancelled = await cancel_requeued(connection, call, now)
            if settlement.state in (State.SENT, State.UNKNOWN):
                await start_cooldown(
                    connection, call.attempt, self._database.now_expression, self._cooldown
                )
            elif moved:
                # They were not in cooldown when put in flight, and nothing has reached them.
                await clear_cooldown(connection, call.attempt, self._database.now_expression)
            incomplete = moved < len(call.recipients)
            if was_lost and incomplete and settlement.state in (State.QUEUED, State.REJECTED):
                await record_late_not_sent(connection, call.attempt, settlement, now)
            await mark_changed(connection, [call.message_id])
            difference = _cost(call, settlement, moved - cancelled) - call.pages * moved
            await add_credits(connection, [CreditChange(difference, call.created_at, call.budget)])


async def _was_lost(connection: AsyncConnection, call: ClaimedCall) -> bool | None:
    """Whether the call was given up meanwhile, so that this answer is late; None if not ours."""
    query = select(attempt.c.lost).where(*_owned(call)).with_for_update(key_share=True)
    lost: bool | None = (await connection.execute(query)).scalar()
    return lost


async def _close_attempt(
    connection: AsyncConnection, call: ClaimedCall, settlement: Settlement, now: datetime
) -> None:
    """Stores what the gateway said about the call as a whole."""
    check_at = now + FIRST_CHECK_DELAY if settlement.gateway_id and not call.test else None
    await transition_attempts(
        connection,
        _owned(call),
        AttemptState.SETTLED,
        gateway_id=settlement.gateway_id,
        points=settlement.points,
        balance_after=settlement.balance_after,
        settled_at=now,
        accepted_at=now if settlement.state is State.SENT else None,
        lost=settlement.state is State.UNKNOWN,
        check_at=check_at,
    )


async def _may_send(connection: AsyncConnection, call: ClaimedCall) -> bool:
    """Whether no recipient was cancelled since the claim, and sending is not paused."""
    query = select(func.count()).where(
        _of_call(call), recipient.c.state == State.CLAIMED.value, NOT_PAUSED
    )
    return (await connection.execute(query)).scalar() == len(call.recipients)


def _cost(call: ClaimedCall, settlement: Settlement, moved: int) -> int:
    """Returns the cost of so many of its recipients: the gateway's figure, or our estimate."""
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
