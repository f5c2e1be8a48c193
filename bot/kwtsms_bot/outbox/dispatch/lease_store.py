"""Reclaims calls from owners that are gone, and corrects due times that a fast clock wrote."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.column_types import shift
from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.i18n.translator import N_
from kwtsms_bot.outbox.message import Priority
from kwtsms_bot.outbox.sql import (
    LONGEST_LEASE,
    MAX_CLOCK_SKEW,
    lock_rows,
    lock_unlocked,
    mark_changed,
    transition,
    transition_attempts,
)
from kwtsms_bot.outbox.states import AttemptState, State

GONE_REASON = N_("The bot stopped before kwtSMS answered.")


class LeaseStore:
    """Store of the leases on claimed calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reap_expired(self, now: datetime) -> tuple[int, int]:
        """Reclaims calls whose lease expired; returns how many were requeued and became unknown."""
        implausible = now + LONGEST_LEASE + MAX_CLOCK_SKEW
        ended = or_(attempt.c.lease_until <= now, attempt.c.lease_until > implausible)
        async with self._database.transaction() as connection:
            await _correct_due_times(connection, now)
        # A transaction of its own, so that none locks attempts after it has locked recipients.
        async with self._database.transaction() as connection:
            expired = (
                await connection.execute(
                    select(attempt.c.id, attempt.c.state, attempt.c.message_id)
                    .where(
                        attempt.c.state.in_(
                            [AttemptState.CLAIMED.value, AttemptState.IN_FLIGHT.value]
                        ),
                        ended,
                    )
                    .order_by(attempt.c.id)
                    .with_for_update(skip_locked=True)
                )
            ).all()
            await _lock_recipients(connection, [row.id for row in expired])
            for row in expired:
                if row.state == AttemptState.CLAIMED.value:
                    await requeue(connection, row.id, now)
                    continue
                this = [attempt.c.id == row.id]
                settled = AttemptState.SETTLED
                await transition_attempts(connection, this, settled, lost=True, settled_at=now)
                here = [recipient.c.attempt_id == row.id]
                await transition(connection, here, State.UNKNOWN, now, reason=GONE_REASON)
            await mark_changed(connection, [row.message_id for row in expired])
        unknown = sum(row.state == AttemptState.IN_FLIGHT.value for row in expired)
        return len(expired) - unknown, unknown

    async def release_owned(self, owner: str, now: datetime) -> int:
        """Requeues calls that this owner claimed but did not put in flight; returns how many."""
        query = (
            select(attempt.c.id, attempt.c.message_id)
            .where(attempt.c.owner == owner, attempt.c.state == AttemptState.CLAIMED.value)
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
    """Locks the recipients of several calls at once, in the order of their IDs.

    Call by call, they would not be locked in that order.
    """
    if len(ids) > 1:
        await lock_rows(connection, recipient.c.id, recipient.c.attempt_id.in_(ids))


async def _correct_due_times(connection: AsyncConnection, now: datetime) -> None:
    """Corrects due times that a fast clock wrote: the delay that it meant starts now."""
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
    """Requeues a claimed call of which nothing has left; the try does not count.

    The caller holds the lock on the attempt, and knows that nothing has left.
    """
    this = [attempt.c.id == attempt_id]
    await transition_attempts(connection, this, AttemptState.SETTLED, begun_at=None)
    claimed = [recipient.c.attempt_id == attempt_id, recipient.c.state == State.CLAIMED.value]
    await transition(connection, claimed, State.QUEUED, now, tries=recipient.c.tries - 1)
