"""What is taken over from owners that are gone, and set right after the clock has gone back."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.columns import moved
from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.language import marked
from kwtsms_bot.outbox.message import Priority, State
from kwtsms_bot.outbox.store.base import CLAIMED, IN_FLIGHT, OVER, Base, free, hold, move, touch

LONGEST_LEASE = timedelta(minutes=10)  # As config.yaml allows it.
CLOCKS_DIFFER = timedelta(minutes=1)  # No more than this; what is later, a wrong clock has written.
GONE_REASON = marked("The process that was sending it stopped before the answer came.")


class TakingOver(Base):
    """What a sweep does."""

    async def reap(self, now: datetime) -> tuple[int, int]:
        """Takes over from owners that are gone: how many calls went back, how many are unknown."""
        wrong = now + LONGEST_LEASE + CLOCKS_DIFFER
        ended = or_(attempt.c.lease_until <= now, attempt.c.lease_until > wrong)
        async with self.database.transaction() as connection:
            await _after_a_wrong_clock(connection, now)
            lost = (
                await connection.execute(
                    select(attempt.c.id, attempt.c.state, attempt.c.message_id)
                    .where(attempt.c.state.in_([CLAIMED, IN_FLIGHT]), ended)
                    .order_by(attempt.c.id)
                    .with_for_update(skip_locked=True)
                )
            ).all()
            if len(lost) > 1:
                these = recipient.c.attempt_id.in_([row.id for row in lost])
                await hold(connection, recipient.c.id, these)
            for row in lost:
                if row.state == CLAIMED:
                    await give_back(connection, row.id, now)
                    continue
                await connection.execute(
                    update(attempt)
                    .where(attempt.c.id == row.id)
                    .values(state=OVER, lost=True, settled_at=now)
                )
                here = [recipient.c.attempt_id == row.id]
                await move(connection, here, State.UNKNOWN, now, reason=GONE_REASON)
            await touch(connection, [row.message_id for row in lost])
        unknown = sum(row.state == IN_FLIGHT for row in lost)
        return len(lost) - unknown, unknown

    async def put_back(self, owner: str, now: datetime) -> int:
        """Gives back what this owner has claimed and never heard of; how many calls that were."""
        query = (
            select(attempt.c.id, attempt.c.message_id)
            .where(attempt.c.owner == owner, attempt.c.state == CLAIMED)
            .with_for_update()
        )
        async with self.database.transaction() as connection:
            rows = (await connection.execute(query)).all()
            for row in rows:
                await give_back(connection, row.id, now)
            await touch(connection, [row.message_id for row in rows])
        return len(rows)


async def _after_a_wrong_clock(connection: AsyncConnection, now: datetime) -> None:
    """What was put off by a clock that was fast is as far off now as it was then."""
    ahead = now + CLOCKS_DIFFER
    await connection.execute(
        update(recipient)
        .where(
            free(
                recipient.c.state == State.QUEUED.value,
                recipient.c.priority.in_(list(map(int, Priority))),  # For the index.
                recipient.c.due_at > ahead,
                recipient.c.updated_at > ahead,
            )
        )
        .values(due_at=moved(recipient.c.due_at, recipient.c.updated_at, now), updated_at=now)
    )


async def give_back(connection: AsyncConnection, attempt_id: int, now: datetime) -> None:
    """Nothing has left: back to the queue, and the try does not count.

    Whoever calls holds the attempt, and knows that it has not left.
    """
    await connection.execute(
        update(attempt).where(attempt.c.id == attempt_id).values(state=OVER, begun_at=None)
    )
    claimed = [recipient.c.attempt_id == attempt_id, recipient.c.state == State.CLAIMED.value]
    await move(connection, claimed, State.QUEUED, now, tries=recipient.c.tries - 1)
