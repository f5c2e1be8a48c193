"""Whose turn it is: one row that all replicas move forward, so no leader is needed.

A turn that was slept through is not used: requests whose turns are long past would all start now.
"""

import asyncio
import time
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import and_, case, insert, update

from kwtsms_bot.database import AlreadyThere, Database
from kwtsms_bot.database.columns import later
from kwtsms_bot.database.tables import rate
from kwtsms_bot.outbox.store.base import Base

INTERVAL = timedelta(seconds=0.5)  # kwtSMS advises two requests a second; above five it bans.
ACCOUNT = "kwtsms"
LATE_SECONDS = 0.25  # A turn that was so long ago is over: others have started since.
LONGEST_QUEUE = timedelta(minutes=5)  # Nobody waits so long: the clock has gone back.


class DatabasePacer(Base):
    """Gives each request of the account its instant, half a second after the one before."""

    def __init__(self, database: Database, interval: timedelta = INTERVAL) -> None:
        super().__init__(database)
        self.interval = interval

    async def turn(self) -> None:
        """Waits for this caller's instant, by the database's clock."""
        while True:
            at, now = await self.reserve()
            begins = time.monotonic() + max(0.0, (at - now).total_seconds())
            await asyncio.sleep(begins - time.monotonic())
            if time.monotonic() - begins < LATE_SECONDS:
                return

    async def reserve(self) -> tuple[datetime, datetime]:
        """This caller's instant, which no other caller has, and what time it is now."""
        now = self.database.now_expression
        waiting = and_(rate.c.next_free > now, rate.c.next_free < later(now, LONGEST_QUEUE))
        starts = case((waiting, rate.c.next_free), else_=now)
        step = (
            update(rate)
            .where(rate.c.account == ACCOUNT)
            .values(next_free=later(starts, self.interval))
            .returning(rate.c.next_free, now.label("now"))
        )
        async with self.database.transaction() as connection:
            row = (await connection.execute(step)).first()
        if row is None:
            await self._begin()
            return await self.reserve()
        return row.next_free - self.interval, row.now

    async def _begin(self) -> None:
        now = self.database.now_expression
        with suppress(AlreadyThere):  # Another replica has begun.
            async with self.database.transaction() as connection:
                await connection.execute(insert(rate).values(account=ACCOUNT, next_free=now))
