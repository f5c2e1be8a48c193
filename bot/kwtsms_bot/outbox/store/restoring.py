"""After a restore: what waited in the back-up may have been sent since, and is not sent again.

Each recipient takes the steps of one that was in flight when its process died, and ends as unknown.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import attempt, balance_sample, draft, message, recipient
from kwtsms_bot.language import marked
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store.audit import AuditEntry, note
from kwtsms_bot.outbox.store.base import CLAIMED, IN_FLIGHT, OVER, Base, move, touch
from kwtsms_bot.outbox.store.takeover import LONGEST_LEASE

IN_HAND = (CLAIMED, IN_FLIGHT)
WAITING = (State.QUEUED.value, State.CLAIMED.value, State.IN_FLIGHT.value)
RESTORED_REASON = marked("It comes from a back-up and may have been sent since.")


@dataclass(frozen=True, slots=True)
class Doubted:
    """What is in doubt now."""

    messages: int
    recipients: int
    drafts: int  # Dropped: they may have been confirmed since.


class AtWork(Exception):
    """A process holds a lease on some of it, until then at most."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"a lease runs until {until.isoformat()}")
        self.until = until


class Restoring(Base):
    """What has to be done before a bot may run on a back-up."""

    async def doubt(self, actor: str, now: datetime) -> Doubted:
        """Makes unknown all that waits or is under way, and drops what waits for a yes.

        Raises:
            AtWork: a bot is, and nothing was changed.
        """
        async with self.database.transaction() as connection:
            await _nobody_at_work(connection, now)
            found = await _doubt(connection, now)
            detail = f"{found.recipients} numbers of {found.messages} messages became unknown"
            await note(connection, AuditEntry(now, actor, "admin", "allowed", "restored", detail))
        return found

    async def rehearse_doubting(self, now: datetime) -> Doubted:
        """What `doubt` would come to; nothing is changed.

        Raises:
            AtWork: a bot is.
        """
        async with self.database.transaction() as connection:
            await _nobody_at_work(connection, now)
            rehearsal = await connection.begin_nested()
            found = await _doubt(connection, now)
            await rehearsal.rollback()
        return found


async def _nobody_at_work(connection: AsyncConnection, now: datetime) -> None:
    """No lease runs; one that is further off than any, a wrong clock has written."""
    runs = attempt.c.lease_until.between(now, now + LONGEST_LEASE)
    query = select(func.max(attempt.c.lease_until)).where(attempt.c.state.in_(IN_HAND), runs)
    until: datetime | None = (await connection.execute(query)).scalar()
    if until is not None:
        raise AtWork(until)


async def _doubt(connection: AsyncConnection, now: datetime) -> Doubted:
    query = select(recipient.c.message_id).where(recipient.c.state.in_(WAITING)).distinct()
    messages = (await connection.execute(query)).scalars().all()
    await move(connection, (), State.CLAIMED, now)
    await move(connection, (), State.IN_FLIGHT, now)
    recipients = await move(connection, (), State.UNKNOWN, now, code=None, reason=RESTORED_REASON)
    await connection.execute(update(attempt).where(attempt.c.state.in_(IN_HAND)).values(state=OVER))
    await touch(connection, messages)
    held = message.c.showing_until.is_not(None)  # By nobody who is still there.
    await connection.execute(update(message).where(held).values(showing_until=None))
    drafts = (await connection.execute(delete(draft))).rowcount
    # What our calls have cost since is not known: the next look begins to reckon anew.
    await connection.execute(update(balance_sample).values(ours=None, unsure=None))
    return Doubted(len(messages), recipients, drafts)
