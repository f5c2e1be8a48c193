"""Through the outbox: putting a claimed call in flight, and settling it.

Every statement names the states it may leave, so no row takes an illegal step; every statement of
an owner names the owner and a lease that still runs, so a process that stalled cannot send.
"""

import math
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.outbox.message import ClaimedCall, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store.base import CLAIMED, IN_FLIGHT, OVER, Base, hold, move, touch
from kwtsms_bot.outbox.store.cancelling import withdraw
from kwtsms_bot.outbox.store.evidence import not_sent_after_all
from kwtsms_bot.outbox.store.heat import cool, heat, heat_cold, put_off
from kwtsms_bot.outbox.store.switches import RUNNING
from kwtsms_bot.outbox.store.takeover import give_back
from kwtsms_bot.outbox.store.usage import add

FIRST_CHECK = timedelta(seconds=10)


class Dispatching(Base):
    """What the worker does with a call."""

    async def put_in_flight(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """Makes it durable that the call may leave. False: it is not to be sent by us, or not now.

        Raises:
            DatabaseTrouble: it may not leave, and nothing was changed.
        """
        size = len(call.recipients)
        async with self.database.transaction() as connection:
            changed = await connection.execute(
                update(attempt)
                .where(*_ours(call), attempt.c.state == CLAIMED, attempt.c.lease_until > now)
                .values(state=IN_FLIGHT, lease_until=now + lease, begun_at=now)
            )
            if changed.rowcount != 1:
                return False
            await hold(connection, recipient.c.id, _of(call))
            if not await _may_leave(connection, call):
                await give_back(connection, call.attempt, now)
                await touch(connection, [call.message_id])
                return False
            if await heat_cold(connection, call.attempt, self.clock) < size:
                await self._wait_for_others(connection, call, now)
                return False
            if await move(connection, [_of(call)], State.IN_FLIGHT, now) != size:
                raise DatabaseTrouble("the recipients of a call are not those that were claimed")
            await touch(connection, [call.message_id])
        return True

    async def _wait_for_others(
        self, connection: AsyncConnection, call: ClaimedCall, now: datetime
    ) -> None:
        """Another process has sent to one of these numbers since they were claimed."""
        await cool(connection, call.attempt, self.clock)
        await give_back(connection, call.attempt, now)
        these = select(recipient.c.id, recipient.c.phone).where(_of(call))
        await put_off(connection, these, self.clock, now)
        await touch(connection, [call.message_id])

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
            lost = await _was_lost(connection, call)
            if lost is None:
                return
            await _close(connection, call, plan, now)
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
            withdrawn = 0
            if plan.state is State.QUEUED and moved:
                withdrawn = await withdraw(connection, call, now)
            if plan.state in (State.SENT, State.UNKNOWN):
                await heat(connection, call.attempt, self.clock)
            elif moved:
                # They were cold when they were put in flight, and nothing has reached them.
                await cool(connection, call.attempt, self.clock)
            left = moved < len(call.recipients)
            if lost and left and plan.state in (State.QUEUED, State.REJECTED):
                await not_sent_after_all(connection, call.attempt, plan, now)
            await touch(connection, [call.message_id])
            more = _cost(call, plan, moved - withdrawn) - call.pages * moved
            await add(connection, [(more, call.accepted_at)])


async def _was_lost(connection: AsyncConnection, call: ClaimedCall) -> bool | None:
    """Whether the call was given up meanwhile, so that this answer is late; None: not ours."""
    query = select(attempt.c.lost).where(*_ours(call)).with_for_update(key_share=True)
    lost: bool | None = (await connection.execute(query)).scalar()
    return lost


async def _close(connection: AsyncConnection, call: ClaimedCall, plan: Plan, now: datetime) -> None:
    """Writes down what the gateway said of the call as a whole."""
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
            taken_at=now if plan.state is State.SENT else None,
            lost=plan.state is State.UNKNOWN,
            check_at=check_at,
        )
    )


async def _may_leave(connection: AsyncConnection, call: ClaimedCall) -> bool:
    """Whether nothing of it was taken back since it was claimed, and nobody has paused sending."""
    ready = select(func.count()).where(_of(call), recipient.c.state == State.CLAIMED.value, RUNNING)
    return (await connection.execute(ready)).scalar() == len(call.recipients)


def _cost(call: ClaimedCall, plan: Plan, moved: int) -> int:
    """What this many of its recipients cost: as the gateway says it, or else as we expect it."""
    if plan.state is State.REJECTED:
        return 0
    if plan.state is State.SENT and plan.points is not None and moved == len(call.recipients):
        return math.ceil(plan.points)
    return call.pages * moved


def _ours(call: ClaimedCall) -> list[Any]:
    return [attempt.c.id == call.attempt, attempt.c.owner == call.owner]


def _of(call: ClaimedCall) -> Any:
    return recipient.c.attempt_id == call.attempt
