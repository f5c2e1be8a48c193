"""Whose turn it is: one row that all replicas move forward, so no leader is needed.

A turn that was slept through is not used: requests whose turns are long past would all start now.
It may be slept through before its instant is known, too: the database said which one, and the
answer was long on its way. So its age is reckoned from before the question.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, insert, not_, update

from kwtsms_bot.database import AlreadyThere, Database
from kwtsms_bot.database.columns import later
from kwtsms_bot.database.pacing import rate
from kwtsms_bot.outbox.store.base import Base
from kwtsms_client.pacing import LATE_SECONDS

INTERVAL = timedelta(seconds=0.5)  # kwtSMS advises two requests a second; above five it bans.
ACCOUNT, QUESTIONS = "kwtsms", "kwtsms questions"  # Rows.
LONGEST_QUEUE = timedelta(minutes=5)  # Nobody waits so long: the clock has gone back.


@dataclass(frozen=True, slots=True)
class Reserved:
    """An instant that no other caller has, and what time it was when it was given."""

    at: datetime
    now: datetime  # By the database's clock, which was read
    asked: float  # not before this and
    told: float  # not after this, by our own.

    @property
    def begins(self) -> float:
        """The instant, by our own clock, or a little after it."""
        return self.told + (self.at - self.now).total_seconds()

    def late(self, now: float) -> float:
        """By how many seconds at most it is past."""
        return now - self.asked - (self.at - self.now).total_seconds()


class DatabasePacer(Base):
    """Gives each request of the account its instant, half a second after the one before."""

    def __init__(
        self, database: Database, interval: timedelta = INTERVAL, account: str = ACCOUNT
    ) -> None:
        super().__init__(database)
        self.interval, self._account = interval, account

    async def turn(self) -> None:
        """Waits for this caller's instant, by the database's clock.

        Where one instant after the other has passed before we heard of it, the database is slow and
        not stalled. Then we are content with less, or nothing would ever be sent.
        """
        bearable = LATE_SECONDS
        while True:
            mine = await self.reserve()
            await asyncio.sleep(mine.begins - time.monotonic())
            if mine.late(time.monotonic()) < bearable:
                return
            bearable += LATE_SECONDS

    async def free(self) -> bool:
        """Takes a turn if one is free at this moment, and waits for none: nobody is held up."""
        now = self.database.now_expression
        step = (
            update(rate)
            .where(rate.c.account == self._account, not_(_is_waited_for(now)))
            .values(next_free=later(now, self.interval))
        )
        asked = time.monotonic()
        async with self.database.transaction() as connection:
            taken = (await connection.execute(step)).rowcount == 1
        return taken and time.monotonic() - asked < LATE_SECONDS

    async def reserve(self) -> Reserved:
        """This caller's instant, which no other caller has."""
        now = self.database.now_expression
        starts = case((_is_waited_for(now), rate.c.next_free), else_=now)
        step = (
            update(rate)
            .where(rate.c.account == self._account)
            .values(next_free=later(starts, self.interval))
            .returning(rate.c.next_free, now.label("now"))
        )
        async with self.database.transaction() as connection:
            asked = time.monotonic()
            row = (await connection.execute(step)).first()
            told = time.monotonic()
        if row is None:
            await self._begin()
            return await self.reserve()
        return Reserved(row.next_free - self.interval, row.now, asked, told)

    async def _begin(self) -> None:
        now = self.database.now_expression
        with suppress(AlreadyThere):  # Another replica has begun.
            async with self.database.transaction() as connection:
                await connection.execute(insert(rate).values(account=self._account, next_free=now))


class QuestionTurns:
    """Turns for what people and the bot itself ask, such as a balance or a status.

    However many ask, and through however many replicas: they wait in a queue of their own, and
    every second turn at most is one of theirs. So what is to be sent waits for one of them.
    """

    def __init__(self, pace: DatabasePacer) -> None:
        self._pace = pace
        self._own = DatabasePacer(pace.database, 2 * pace.interval, QUESTIONS)

    async def turn(self) -> None:
        """Waits until this question may start."""
        await self._own.turn()
        await self._pace.turn()


def _is_waited_for(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether the next free instant is still to come."""
    return and_(rate.c.next_free > now, rate.c.next_free < later(now, LONGEST_QUEUE))
