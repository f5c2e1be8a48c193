"""Looks at the balance: whose turn it is, what was seen, and what follows from it.

What follows is decided in the transaction that writes it down, so that two replicas never decide
from the same past.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.alerts.balance import Kind, Level, Notice, Standing
from kwtsms_bot.alerts.rules import Rules
from kwtsms_bot.alerts.samples import Sample
from kwtsms_bot.alerts.store.base import Base, newest_look, put_on_its_way, samples_since
from kwtsms_bot.alerts.store.books import cost_since, held
from kwtsms_bot.database.tables import alert, balance_sample
from kwtsms_bot.database.ticks import take_tick

JOB = "balance"


class Looking(Base):
    """The balance watch's questions."""

    async def take_tick(self, job: str, slot: datetime) -> bool:
        """Whether this process is the one that runs `job` in `slot`."""
        return await take_tick(self.database, job, slot)

    async def last_look(self) -> int:
        """The number of the newest sample; 0: there is none."""
        query = select(balance_sample.c.id).order_by(balance_sample.c.id.desc()).limit(1)
        async with self.database.reading() as connection:
            return (await connection.execute(query)).scalar() or 0

    async def record(
        self,
        available: Decimal,
        at: datetime,
        *,
        after: int,
        rules: Rules,
        targets: Iterable[str],
    ) -> Notice | None:
        """Keeps the balance that was asked for at `at`, and puts what follows on its way to all.

        Nothing follows, and nothing is kept, where somebody has looked since the look `after`:
        whoever stood still in between holds an old balance in its hands.
        """

        async def work(connection: AsyncConnection) -> Notice | None:
            await self.database.one_at_a_time(connection, JOB)
            last = await newest_look(connection)
            if (last.id if last else 0) != after:
                return None
            level = Level(last.level) if last else Level.FINE
            standing = Standing(level, await _told_at(connection))
            await _keep(connection, at, available, rules.level(standing, available))
            notice = rules.notice(standing, available, at)
            if notice is None:
                return None
            samples = await samples_since(connection, rules.since(at))
            notice = rules.with_facts(notice, samples, await held(connection, at), at)
            await put_on_its_way(connection, notice, targets, at)
            return notice

        return await self.database.at_once(work)

    async def samples(self, since: datetime) -> tuple[Sample, ...]:
        """The balances seen since then, oldest first."""
        async with self.database.reading() as connection:
            return await samples_since(connection, since)


async def _told_at(connection: AsyncConnection) -> datetime | None:
    """When people were told something last of how the balance stands."""
    query = select(alert.c.at).where(alert.c.kind != Kind.DIGEST.value)
    found: datetime | None = (
        await connection.execute(query.order_by(alert.c.id.desc()).limit(1))
    ).scalar()
    return found


async def _keep(
    connection: AsyncConnection, at: datetime, available: Decimal, level: Level
) -> None:
    """Writes down what was seen, and what our calls cost since a look that has that too."""
    known = balance_sample.c.ours.is_not(None), balance_sample.c.at <= at
    newest = select(func.max(balance_sample.c.at)).where(*known)
    since: datetime | None = (await connection.execute(newest)).scalar()
    cost = await cost_since(connection, since or at, at)
    await connection.execute(
        insert(balance_sample).values(
            at=at,
            available=available,
            level=level.value,
            ours=cost and cost.ours,
            unsure=cost and cost.unsure,
        )
    )
