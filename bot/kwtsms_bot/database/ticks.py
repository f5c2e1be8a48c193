"""Slots of scheduled work that all replicas share: whoever takes a slot does its work, alone."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.engine import Database
from kwtsms_bot.database.tables import tick
from kwtsms_bot.database.trouble import AlreadyThere

KEPT = timedelta(days=2)
EPOCH = datetime.fromtimestamp(0, UTC)


def slot_of(now: datetime, every: timedelta) -> datetime:
    """The same for all replicas that run at about the same time."""
    return EPOCH + (now - EPOCH) // every * every


async def take_tick(database: Database, job: str, slot: datetime) -> bool:
    """Whether this process is the one that does `job` in `slot`.

    Raises:
        DatabaseTrouble: the database cannot be used.
    """

    async def work(connection: AsyncConnection) -> None:
        await note_tick(connection, job, slot)

    try:
        await database.at_once(work)
    except AlreadyThere:
        return False
    return True


async def note_tick(connection: AsyncConnection, job: str, slot: datetime) -> None:
    """Takes a slot in a transaction of the caller's, and forgets those of long ago.

    Raises:
        AlreadyThere: it is taken.
    """
    old = (slot - KEPT).isoformat()
    await connection.execute(insert(tick).values(job=job, slot=slot.isoformat()))
    await connection.execute(delete(tick).where(tick.c.job == job, tick.c.slot < old))
