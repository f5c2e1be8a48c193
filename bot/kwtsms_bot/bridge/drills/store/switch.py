"""The switch by which an administrator stops the weekly drills."""

from datetime import datetime

from sqlalchemy import delete, insert, select

from kwtsms_bot.database import Database, DuplicateKey
from kwtsms_bot.database.tables import switch
from kwtsms_bot.outbox.audit import Actor, add_entries

NAME = "drill off"


class DrillSwitch:
    """Store of the switch; without a row, the drills are on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def switch_off(self, now: datetime, actor: Actor) -> bool:
        """Stops the weekly drills; returns False if they were stopped already."""
        try:
            async with self._database.transaction() as connection:
                values = {"name": NAME, "actor": actor.id, "reason": "", "at": now}
                await connection.execute(insert(switch).values(values))
                entry = actor.entry(now, "admin", "allowed", subject="drill off")
                await add_entries(connection, entry)
        except DuplicateKey:
            return False
        return True

    async def switch_on(self, now: datetime, actor: Actor) -> bool:
        """Starts the weekly drills again; returns False if they were not stopped."""
        async with self._database.transaction() as connection:
            deleted = await connection.execute(delete(switch).where(switch.c.name == NAME))
            if deleted.rowcount == 1:
                entry = actor.entry(now, "admin", "allowed", subject="drill on")
                await add_entries(connection, entry)
        return deleted.rowcount == 1

    async def switched_off_by(self) -> str:
        """Returns who has stopped them; empty if they are on."""
        async with self._database.reading() as connection:
            query = select(switch.c.actor).where(switch.c.name == NAME)
            return (await connection.execute(query)).scalar() or ""
