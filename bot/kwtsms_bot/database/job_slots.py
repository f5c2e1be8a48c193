"""Slots of scheduled work that all replicas share: one replica claims a slot and does its work."""

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
    """Returns the slot at `now`, which is the same for all replicas at about the same time."""
    return JobSlot(EPOCH + (now - EPOCH) // every * every, every)


async def claim_slot(database: Database, job: str, slot: JobSlot) -> bool:
    """Whether this process claims `job` in `slot`.

    Raises:
        DatabaseError: the database cannot be used.
    """
    try:
        return await database.run_transaction(partial(claim_slot_within, job=job, slot=slot))
    except DuplicateKey:  # Another replica claimed it between our check and our insert.
        return False


async def claim_slot_within(connection: AsyncConnection, job: str, slot: JobSlot) -> bool:
    """Claims a slot in the caller's transaction if it is free, and deletes old ones.

    A slot more than one ahead was claimed by a clock that has been set back since: it is free
    again. The next one may belong to a replica whose clock is a little fast.

    Raises:
        DuplicateKey: another transaction has claimed it meanwhile.
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


async def release_slot(connection: AsyncConnection, job: str, starts_at: datetime) -> None:
    """Makes a slot free again, because what it was claimed for was not done."""
    where = (job_slot.c.job == job, job_slot.c.slot == starts_at.isoformat())
    await connection.execute(delete(job_slot).where(*where))


async def first_claimed_slot(
    connection: AsyncConnection, job: str, after: datetime
) -> datetime | None:
    """The start of the first slot claimed after `after`; none is older than `RETENTION`."""
    since = job_slot.c.slot > after.astimezone(UTC).isoformat()
    query = select(func.min(job_slot.c.slot)).where(job_slot.c.job == job, since)
    found: str | None = (await connection.execute(query)).scalar()
    return None if found is None else datetime.fromisoformat(found)
