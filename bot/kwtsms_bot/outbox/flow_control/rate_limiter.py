"""Rate limiter for the account: one row that all replicas move forward, so no leader is needed.

A slot that was missed is not used: otherwise requests whose slots are long past would all start at
once. A slot may be missed even before it is known, when the database's answer is slow, so its age
is measured from before the query.
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
ACCOUNT, QUERIES = "kwtsms", "kwtsms questions"  # Names of rows.
MAX_QUEUE = timedelta(minutes=5)  # A slot further ahead shows that the clock has gone back.


@dataclass(frozen=True, slots=True)
class ReservedSlot:
    """A slot that no other caller has, and the times at which it was reserved."""

    at: datetime
    now: datetime  # The database's clock, read
    requested_at: float  # not before this time
    answered_at: float  # and not after this, by our own clock.

    @property
    def starts_at(self) -> float:
        """The start of the slot by our own clock, or a little later."""
        return self.answered_at + (self.at - self.now).total_seconds()

    def seconds_late(self, now: float) -> float:
        """Returns by how many seconds at most the slot is past."""
        return now - self.requested_at - (self.at - self.now).total_seconds()


class DatabaseRateLimiter:
    """Limiter that gives each request of the account a slot, `interval` after the last one."""

    def __init__(
        self, database: Database, interval: timedelta = INTERVAL, account: str = ACCOUNT
    ) -> None:
        self.database = database
        self.interval, self._account = interval, account

    async def acquire(self) -> None:
        """Waits for this caller's slot, by the database's clock.

        If slot after slot has passed before we hear of it, the database is slow, not stalled. Then
        later ones are used too, or nothing would ever be sent.
        """
        tolerated = MAX_START_AGE_SECONDS
        while True:
            slot = await self.reserve()
            await asyncio.sleep(slot.starts_at - time.monotonic())
            if slot.seconds_late(time.monotonic()) < tolerated:
                return
            tolerated += MAX_START_AGE_SECONDS

    async def try_acquire(self) -> bool:
        """Takes a slot if one is free at this moment; waits for none, and delays nobody."""
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
        """Reserves the next free slot for this caller."""
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
        with suppress(DuplicateKey):  # Another replica was faster.
            async with self.database.transaction() as connection:
                await connection.execute(
                    insert(rate_limit).values(account=self._account, next_free=now)
                )


class QueryRateLimiter:
    """Limiter for requests other than sends, such as a balance or a status.

    On all replicas together they wait in a queue of their own, and get every second slot at most.
    So a send waits for one of them at most.
    """

    def __init__(self, account_limiter: DatabaseRateLimiter) -> None:
        self._account_limiter = account_limiter
        self._query_limiter = DatabaseRateLimiter(
            account_limiter.database, 2 * account_limiter.interval, QUERIES
        )

    async def acquire(self) -> None:
        """Waits until this request may start."""
        await self._query_limiter.acquire()
        await self._account_limiter.acquire()


def _is_reserved(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Returns the condition that the next free slot is still to come."""
    return and_(rate_limit.c.next_free > now, rate_limit.c.next_free < add_delay(now, MAX_QUEUE))
