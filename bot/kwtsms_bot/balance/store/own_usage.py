"""Calculates the cost of the outbox's own calls, for comparison with the account's losses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import attempt, message, recipient
from kwtsms_bot.outbox.sql import LONGEST_LEASE
from kwtsms_bot.outbox.states import AttemptState, State

MAX_CLOCK_SKEW = timedelta(seconds=5)  # Between the replicas that settle calls.
GATEWAY_QUEUE_MAX_AGE = timedelta(days=30)  # Older ones are hardly ever deleted.


@dataclass(frozen=True, slots=True)
class OwnUsage:
    """The credits that the gateway charged for our calls, and those that it may have charged."""

    own_cost: Decimal
    uncertain_cost: Decimal


async def own_usage_since(
    connection: AsyncConnection, since: datetime, at: datetime
) -> OwnUsage | None:
    """Returns the cost of our calls from `since` to `at`; None if one was under way at `at`."""
    in_flight = select(attempt.c.id).where(attempt.c.state == AttemptState.IN_FLIGHT.value).limit(1)
    just_settled = settled_since(at - MAX_CLOCK_SKEW).limit(1)
    for query in (in_flight, just_settled):
        if (await connection.execute(query)).first() is not None:
            return None
    rows = (await connection.execute(settled_since(since))).all()
    own_cost = sum((row.points for row in rows if row.points is not None), Decimal(0))
    uncertain_cost = sum(
        row.price for row in rows if row.lost or (row.points is None and row.gateway_id)
    )
    return OwnUsage(own_cost, Decimal(uncertain_cost))


def settled_since(since: datetime) -> Any:
    """Selects calls settled after `since`; the index needs the bound on their beginning."""
    return select(attempt).where(
        attempt.c.begun_at > since - LONGEST_LEASE, attempt.c.settled_at > since
    )


async def held_credits(connection: AsyncConnection, at: datetime) -> Decimal:
    """Returns the credits held by test and stuck messages in the gateway's queue."""
    since = at - GATEWAY_QUEUE_MAX_AGE
    tests = (
        select(attempt.c.points)
        .join_from(attempt, message)
        .where(message.c.test, attempt.c.begun_at >= since, attempt.c.points.is_not(None))
    )
    stuck = (
        select(message.c.pages)
        .join_from(recipient, message)
        .where(
            recipient.c.state == State.STUCK.value,
            recipient.c.updated_at >= since,
            message.c.test.is_(False),
        )
    )
    amounts = [
        *(await connection.execute(tests)).scalars(),
        *(await connection.execute(stuck)).scalars(),
    ]
    return sum(map(Decimal, amounts), Decimal(0))
