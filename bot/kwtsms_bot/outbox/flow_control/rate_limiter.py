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

from kwtsms_bot.database import Database, DuplicateKey
from kwtsms_bot.database.column_types import add_delay
from kwtsms_bot.database.tables import rate_limit
from kwtsms_client.rate_limiter import MAX_START_AGE_SECONDS

INTERVAL = timedelta(seconds=0.5)  # kwtSMS advises two requests a second; above five it bans.
ACCOUNT, QUERIES = "kwtsms", "kwtsms questions"  # Rows.
MAX_QUEUE = timedelta(minutes=5)  # Nobody waits so long: the clock has gone back.


@dataclass(frozen=True, slots=True)
class ReservedSlot:
    """An instant that no other caller has, and what time it was when it was given."""

    at: datetime
    now: datetime  # By the database's clock, which was read
    requested_at: float  # not before this and
    answered_at: float  # not after this, by our own.

    @property
    def starts_at(self) -> float:
        """The instant, by our own clock, or a little after it."""
        return self.answered_at + (self.at - self.now).total_seconds()

    def seconds_late(self, now: float) -> float:
        """By how many seconds at most it is past."""
        return now - self.requested_at - (self.at - self.now).total_seconds()


class DatabaseRateLimiter:
    """Gives each request of the account its instant, half a second after the one before."""

    def __init__(
        self, database: Database, interval: timedelta = INTERVAL, account: str = ACCOUNT
    ) -> None:
        self.database = database
        self.interval, self._account = interval, account

    async def acquire(self) -> None:
        """Waits for this caller's instant, by the database's clock.

        Where one instant after the other has passed before we heard of it, the database is slow and
        not stalled. Then we are content with less, or nothing would ever be sent.
        """
        tolerated = MAX_START_AGE_SECONDS
        while True:
            slot = await self.reserve()
            await asyncio.sleep(slot.starts_at - time.monotonic())
            if slot.seconds_late(time.monotonic()) < tolerated:
                return
            tolerated += MAX_START_AGE_SECONDS

    async def try_acquire(self) -> bool:
        """Takes a turn if one is free at this moment, and waits for none: nobody is held up."""
        now = self.database.now_expression
        statement = (
            update(rate_limit)
            .where(rate_limit.c.account == self._account, not_(_is_reserved(now)))
            .values(next_free=add_delay(now, self.interval))
        )
        requested_at = time.monotonic()
        async with self.database.transaction() as connection:
            acquired = (await connection.execute(statement)).rowcount == 1
        return acquired and time.monotonic() - requested_at < MAX_START_AGE_SECONDS

    async def reserve(self) -> ReservedSlot:
        """This caller's instant, which no other caller has."""
        now = self.database.now_expression
        starts = case((_is_reserved(now), rate_limit.c.next_free), else_=now)
        statement = (
            update(rate_limit)
            .where(rate_limit.c.account == self._account)
            .values(next_free=add_delay(starts, self.interval))
            .returning(rate_limit.c.next_free, now.label("now"))
        )
        async with self.database.transaction() as connection:
            requested_at = time.monotonic()
            row = (await connection.execute(statement)).first()
            answered_at = time.monotonic()
        if row is None:
            await self._ensure_row()
            return await self.reserve()
        return ReservedSlot(row.next_free - self.interval, row.now, requested_at, answered_at)

    async def _ensure_row(self) -> None:
        now = self.database.now_expression
        with suppress(DuplicateKey):  # Another replica has begun.
            async with self.database.transaction() as connection:
                await connection.execute(
                    insert(rate_limit).values(account=self._account, next_free=now)
                )


class QueryRateLimiter:
    """Turns for what people and the bot itself ask, such as a balance or a status.

    However many ask, and through however many replicas: they wait in a queue of their own, and
    every second turn at most is one of theirs. So what is to be sent waits for one of them.
    """

    def __init__(self, account_limiter: DatabaseRateLimiter) -> None:
        self._account_limiter = account_limiter
        self._query_limiter = DatabaseRateLimiter(
            account_limiter.database, 2 * account_limiter.interval, QUERIES
        )

    async def acquire(self) -> None:
        """Waits until this question may start."""
        await self._query_limiter.acquire()
        await self._account_limiter.acquire()


def _is_reserved(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether the next free instant is still to come."""
    return and_(rate_limit.c.next_free > now, rate_limit.c.next_free < add_delay(now, MAX_QUEUE))
