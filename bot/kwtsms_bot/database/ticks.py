"""Slots of scheduled work that all replicas share: whoever takes a slot does its work, alone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.engine import Database
from kwtsms_bot.database.tables import tick
from kwtsms_bot.database.trouble import AlreadyThere

KEPT = timedelta(days=2)
EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time in which a job is done once; the next one begins `every` later."""

    begins: datetime
    every: timedelta


def slot_of(now: datetime, every: timedelta) -> Slot:
    """The same for all replicas that run at about the same time."""
    return Slot(EPOCH + (now - EPOCH) // every * every, every)


async def take_tick(database: Database, job: str, slot: Slot) -> bool:
    """Whether this process is the one that does `job` in `slot`.

    Raises:
        DatabaseTrouble: the database cannot be used.
    """
    try:
        return await database.at_once(partial(note_tick, job=job, slot=slot))
    except AlreadyThere:  # Another replica was between our question and our answer.
        return False


async def note_tick(connection: AsyncConnection, job: str, slot: Slot) -> bool:
    """Takes a slot in a transaction of the caller's, where it is free, and forgets old ones.

    A slot that lies ahead by more than one was taken by a clock that has been set back since: it is
    free again. The next one may be a replica's whose clock is a little fast.

    Raises:
        AlreadyThere: another transaction has taken it meanwhile.
    """
    name, begun = slot.begins.isoformat(), tick.c.slot
    outdated = or_(
        begun < (slot.begins - KEPT).isoformat(), begun > (slot.begins + slot.every).isoformat()
    )
    await connection.execute(delete(tick).where(tick.c.job == job, outdated))
    taken = select(tick).where(tick.c.job == job, begun == name)
    if (await connection.execute(taken)).first() is not None:
        return False
    await connection.execute(insert(tick).values(job=job, slot=name))
    return True


async def first_tick(connection: AsyncConnection, job: str, after: datetime) -> datetime | None:
    """When the first slot begins that was taken after that; none is older than `KEPT`."""
    since = tick.c.slot > after.astimezone(UTC).isoformat()
    query = select(func.min(tick.c.slot)).where(tick.c.job == job, since)
    found: str | None = (await connection.execute(query)).scalar()
    return None if found is None else datetime.fromisoformat(found)
