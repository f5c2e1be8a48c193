"""What is taken over from owners that are gone, and set right after the clock has gone back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.column_types import shift
from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.i18n.translator import N_
from kwtsms_bot.outbox.message import Priority, State
from kwtsms_bot.outbox.sql import (
    CLAIMED,
    IN_FLIGHT,
    SETTLED,
    lock_rows,
    lock_unlocked,
    mark_changed,
    transition,
)

LONGEST_LEASE = timedelta(minutes=10)  # As config.yaml allows it.
MAX_CLOCK_SKEW = timedelta(
    minutes=1
)  # No more than this; what is later, a wrong clock has written.
GONE_REASON = N_("The process that was sending it stopped before the answer came.")


class LeaseStore:
    """What a sweep does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reap_expired(self, now: datetime) -> tuple[int, int]:
        """Takes over from owners that are gone: how many calls went back, how many are unknown."""
        implausible = now + LONGEST_LEASE + MAX_CLOCK_SKEW
        ended = or_(attempt.c.lease_until <= now, attempt.c.lease_until > implausible)
        async with self._database.transaction() as connection:
            await _correct_due_times(connection, now)
        async with self._database.transaction() as connection:  # Who has those waits for no others.
            expired = (
                await connection.execute(
                    select(attempt.c.id, attempt.c.state, attempt.c.message_id)
                    .where(attempt.c.state.in_([CLAIMED, IN_FLIGHT]), ended)
                    .order_by(attempt.c.id)
                    .with_for_update(skip_locked=True)
                )
            ).all()
            await _lock_recipients(connection, [row.id for row in expired])
            for row in expired:
                if row.state == CLAIMED:
                    await requeue(connection, row.id, now)
                    continue
                await connection.execute(
                    update(attempt)
                    .where(attempt.c.id == row.id)
                    .values(state=SETTLED, lost=True, settled_at=now)
                )
                here = [recipient.c.attempt_id == row.id]
                await transition(connection, here, State.UNKNOWN, now, reason=GONE_REASON)
            await mark_changed(connection, [row.message_id for row in expired])
        unknown = sum(row.state == IN_FLIGHT for row in expired)
        return len(expired) - unknown, unknown

    async def release_owned(self, owner: str, now: datetime) -> int:
        """Gives back what this owner has claimed and never heard of; how many calls that were."""
        query = (
            select(attempt.c.id, attempt.c.message_id)
            .where(attempt.c.owner == owner, attempt.c.state == CLAIMED)
            .order_by(attempt.c.id)
            .with_for_update(key_share=True)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
            await _lock_recipients(connection, [row.id for row in rows])
            for row in rows:
                await requeue(connection, row.id, now)
            await mark_changed(connection, [row.message_id for row in rows])
        return len(rows)


async def _lock_recipients(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Of several calls at once: one call after the other, they would not come in their order."""
    if len(ids) > 1:
        await lock_rows(connection, recipient.c.id, recipient.c.attempt_id.in_(ids))


async def _correct_due_times(connection: AsyncConnection, now: datetime) -> None:
    """What was put off by a clock that was fast is as far off now as it was then."""
    ahead = now + MAX_CLOCK_SKEW
    await connection.execute(
        update(recipient)
        .where(
            lock_unlocked(
                recipient.c.state == State.QUEUED.value,
                recipient.c.priority.in_(list(map(int, Priority))),  # For the index.
                recipient.c.due_at > ahead,
                recipient.c.updated_at > ahead,
            )
        )
        .values(due_at=shift(recipient.c.due_at, recipient.c.updated_at, now), updated_at=now)
    )


async def requeue(connection: AsyncConnection, attempt_id: int, now: datetime) -> None:
    """Nothing has left: back to the queue, and the try does not count.

    Whoever calls holds the attempt, and knows that it has not left.
    """
    await connection.execute(
        update(attempt).where(attempt.c.id == attempt_id).values(state=SETTLED, begun_at=None)
    )
    claimed = [recipient.c.attempt_id == attempt_id, recipient.c.state == State.CLAIMED.value]
    await transition(connection, claimed, State.QUEUED, now, tries=recipient.c.tries - 1)
