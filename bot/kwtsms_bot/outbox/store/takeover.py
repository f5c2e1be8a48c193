"""What is taken from those who cannot go on: owners that are gone, messages too old."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import attempt, message, recipient
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store.base import CLAIMED, IN_FLIGHT, OVER, Base, chunks, move, touch

GONE_REASON = "The process that was sending it stopped before the answer came."


class TakingOver(Base):
    """What a sweep does."""

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
                    await give_back(connection, row.id, now)
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


async def give_back(connection: AsyncConnection, attempt_id: int, now: datetime) -> None:
    """Nothing has left: back to the queue, and the try does not count."""
    await connection.execute(
        update(attempt)
        .where(attempt.c.id == attempt_id, attempt.c.state == CLAIMED)
        .values(state=OVER)
    )
    claimed = [recipient.c.attempt_id == attempt_id, recipient.c.state == State.CLAIMED.value]
    await move(connection, claimed, State.QUEUED, now, tries=recipient.c.tries - 1)
