"""The kill switch: while it is on, nothing is accepted and nothing leaves; nothing is lost."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import AlreadyThere
from kwtsms_bot.database.tables import switch
from kwtsms_bot.outbox.store.audit import By, note
from kwtsms_bot.outbox.store.base import Base

PAUSED = "paused"
RUNNING = ~select(switch.c.name).where(switch.c.name == PAUSED).exists()  # For a WHERE clause.


@dataclass(frozen=True, slots=True)
class Pause:
    """Who paused, when and why."""

    actor: str
    reason: str
    at: datetime


class Paused(Exception):
    """Nothing was accepted: an administrator has paused all sending."""

    def __init__(self, pause: Pause) -> None:
        super().__init__("sending is paused")
        self.pause = pause


_PAUSE = select(switch).where(switch.c.name == PAUSED)


class Switches(Base):
    """The switch, and whoever turns it."""

    async def pause(self, reason: str, now: datetime, by: By) -> bool:
        """Stops all sending; False: it was stopped already."""
        try:
            async with self.database.transaction() as connection:
                await connection.execute(
                    insert(switch).values(name=PAUSED, actor=by.actor, reason=reason[:500], at=now)
                )
                await note(connection, by.line(now, "admin", "allowed", subject="pause"))
        except AlreadyThere:
            return False
        return True

    async def resume(self, now: datetime, by: By) -> bool:
        """Lets it go on; False: it was going."""
        async with self.database.transaction() as connection:
            gone = await connection.execute(delete(switch).where(switch.c.name == PAUSED))
            if gone.rowcount == 1:
                await note(connection, by.line(now, "admin", "allowed", subject="resume"))
        return gone.rowcount == 1

    async def paused(self) -> Pause | None:
        """The pause that holds now."""
        async with self.database.reading() as connection:
            return await pause_of(connection)


async def pause_of(connection: AsyncConnection) -> Pause | None:
    """The pause that holds now."""
    row = (await connection.execute(_PAUSE)).first()
    return Pause(row.actor, row.reason, row.at) if row else None
