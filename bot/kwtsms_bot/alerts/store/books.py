"""What the outbox's own calls cost, to be held against what the account lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import attempt, message, recipient
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store.base import IN_FLIGHT, OVER
from kwtsms_bot.outbox.store.takeover import LONGEST_LEASE

CLOCKS_DIFFER = timedelta(seconds=5)  # Between the replicas that settle calls.
HELD_FOR = timedelta(days=30)  # Who has not deleted them by then will hardly do so.


@dataclass(frozen=True, slots=True)
class Cost:
    """In credits: what the gateway charged for our calls, and what it may have charged."""

    ours: Decimal
    unsure: Decimal


async def cost_since(connection: AsyncConnection, since: datetime, at: datetime) -> Cost | None:
    """What our calls cost from `since` to `at`; None: one was under way at `at`."""
    flying = select(attempt.c.id).where(attempt.c.state == IN_FLIGHT).limit(1)
    landed = _over(at, attempt.c.settled_at > at - CLOCKS_DIFFER).limit(1)
    for query in (flying, landed):
        if (await connection.execute(query)).first() is not None:
            return None
    charged = _over(since, attempt.c.settled_at > since, attempt.c.points.is_not(None))
    rows = (await connection.execute(charged)).all()
    ours = sum((row.points for row in rows), Decimal(0))
    return Cost(ours, await _unsure(connection, since))


async def _unsure(connection: AsyncConnection, since: datetime) -> Decimal:
    """A page for each recipient of which nobody knows whether it was charged."""
    lost = and_(attempt.c.settled_at.is_(None), attempt.c.lease_until > since)
    about = _over(
        since, attempt.c.points.is_(None), or_(attempt.c.settled_at > since, lost)
    ).subquery()
    query = (
        select(message.c.pages)
        .select_from(recipient)
        .join(about, about.c.id == recipient.c.attempt_id)
        .join(message, message.c.id == recipient.c.message_id)
        .where(recipient.c.state.in_([State.UNKNOWN.value, State.SENT.value]))
    )
    return Decimal(sum((await connection.execute(query)).scalars()))


def _over(since: datetime, *where: ColumnElement[bool]) -> Any:
    """Calls that were begun about `since` or later, by the index, and are over."""
    recent = attempt.c.lease_until > since - LONGEST_LEASE
    return select(attempt).where(attempt.c.state == OVER, recent, *where)


async def held(connection: AsyncConnection, at: datetime) -> Decimal:
    """What stands in the gateway's queue, charged, until somebody deletes it there."""
    since = at - HELD_FOR
    tests = (
        select(attempt.c.points)
        .join_from(attempt, message)
        .where(message.c.test, message.c.created_at >= since, attempt.c.points.is_not(None))
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
