"""Slots of scheduled work that all replicas share: whoever takes a slot does its work, alone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.engine import Database
from kwtsms_bot.database.errors import DuplicateKey
from kwtsms_bot.database.tables import job_slot

RETENTION = timedelta(days=2)
EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class JobSlot:
    """A time in which a job is done once; the next one begins `every` later."""

    starts_at: datetime
    every: timedelta


def slot_of(now: datetime, every: timedelta) -> JobSlot:
    """The same for all replicas that run at about the same time."""
    return JobSlot(EPOCH + (now - EPOCH) // every * every, every)


async def claim_slot(database: Database, job: str, slot: JobSlot) -> bool:
    """Whether this process is the one that does `job` in `slot`.

    Raises:
        DatabaseTrouble: the database cannot be used.
    """
    try:
        return await database.run_transaction(partial(claim_slot_within, job=job, slot=slot))
    except DuplicateKey:  # Another replica was between our question and our answer.
        return False


async def claim_slot_within(connection: AsyncConnection, job: str, slot: JobSlot) -> bool:
    """Takes a slot in a transaction of the caller's, where it is free, and forgets old ones.

    A slot that lies ahead by more than one was taken by a clock that has been set back since: it is
    free again. The next one may be a replica's whose clock is a little fast.

    Raises:
        AlreadyThere: another transaction has taken it meanwhile.
    """
    name, starts_at = slot.starts_at.isoformat(), job_slot.c.slot
    outdated = or_(
        starts_at < (slot.starts_at - RETENTION).isoformat(),
        starts_at > (slot.starts_at + slot.every).isoformat(),
    )
    await connection.execute(delete(job_slot).where(job_slot.c.job == job, outdated))
    claimed = select(job_slot).where(job_slot.c.job == job, starts_at == name)
    if (await connection.execute(claimed)).first() is not None:
        return False
    await connection.execute(insert(job_slot).values(job=job, slot=name))
    return True


async def first_claimed_slot(
    connection: AsyncConnection, job: str, after: datetime
) -> datetime | None:
    """When the first slot begins that was taken after that; none is older than `KEPT`."""
    since = job_slot.c.slot > after.astimezone(UTC).isoformat()
    query = select(func.min(job_slot.c.slot)).where(job_slot.c.job == job, since)
    found: str | None = (await connection.execute(query)).scalar()
    return None if found is None else datetime.fromisoformat(found)
