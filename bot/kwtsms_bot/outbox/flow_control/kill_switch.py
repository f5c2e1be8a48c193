"""The kill switch: while it is on, nothing is accepted and nothing leaves; nothing is lost."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database, DuplicateKey
from kwtsms_bot.database.tables import switch
from kwtsms_bot.outbox.audit import Actor, add_entries

PAUSED = "paused"
NOT_PAUSED = ~select(switch.c.name).where(switch.c.name == PAUSED).exists()  # For a WHERE clause.


@dataclass(frozen=True, slots=True)
class ActivePause:
    """A pause of all sending: the administrator, the reason and the time."""

    actor: str
    reason: str
    at: datetime


class SendingPaused(Exception):
    """Nothing was accepted: an administrator has paused all sending."""

    def __init__(self, pause: ActivePause) -> None:
        super().__init__("sending is paused")
        self.pause = pause


_PAUSE_QUERY = select(switch).where(switch.c.name == PAUSED)


class KillSwitch:
    """Store of the switch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pause(self, reason: str, now: datetime, actor: Actor) -> bool:
        """Pauses all sending; returns False if it was paused already."""
        try:
            async with self._database.transaction() as connection:
                await connection.execute(
                    insert(switch).values(name=PAUSED, actor=actor.id, reason=reason, at=now)
                )
                await add_entries(connection, actor.entry(now, "admin", "allowed", subject="pause"))
        except DuplicateKey:
            return False
        return True

    async def resume(self, now: datetime, actor: Actor) -> bool:
        """Resumes sending; returns False if it was not paused."""
        async with self._database.transaction() as connection:
            deleted = await connection.execute(delete(switch).where(switch.c.name == PAUSED))
            if deleted.rowcount == 1:
                await add_entries(
                    connection, actor.entry(now, "admin", "allowed", subject="resume")
                )
        return deleted.rowcount == 1

    async def current_pause(self) -> ActivePause | None:
        """Returns the current pause; None if sending is not paused."""
        async with self._database.reading() as connection:
            return await load_pause(connection)


async def load_pause(connection: AsyncConnection) -> ActivePause | None:
    """Returns the current pause; None if sending is not paused."""
    row = (await connection.execute(_PAUSE_QUERY)).first()
    return ActivePause(row.actor, row.reason, row.at) if row else None
