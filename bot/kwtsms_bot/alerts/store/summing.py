"""The day before in figures, and the row that makes its digest the only one."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, tzinfo

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.alerts.balance import Kind, Level, Notice
from kwtsms_bot.alerts.facts import Facts, Yesterday
from kwtsms_bot.alerts.outlook import WINDOW, outlook
from kwtsms_bot.alerts.samples import (
    DAY,
    at_end_of_days,
    left_without_us,
    midnight,
    whole_days,
)
from kwtsms_bot.alerts.store.base import Base, newest_look, put_on_its_way, samples_since
from kwtsms_bot.alerts.store.books import held, settled_since
from kwtsms_bot.database.tables import attempt, recipient, tick
from kwtsms_bot.outbox.message import State

JOB = "digest"
DRAWN = 14  # Days in the chart.
SENT = (State.SENT, State.DELIVERED)
FAILED = (State.REJECTED, State.UNDELIVERED, State.STUCK, State.EXPIRED)


class Summing(Base):
    """The digest's questions."""

    async def summary(self, now: datetime, zone: tzinfo) -> Notice | None:
        """What there is to tell of the day before; None: nobody has seen the balance yet."""
        today = now.astimezone(zone).date()
        yesterday = today - DAY
        begin, end = midnight(yesterday, zone), midnight(today, zone)
        async with self.database.reading() as connection:
            last = await newest_look(connection)
            if last is None:
                return None
            samples = await samples_since(connection, now - WINDOW)
            states = await _states(connection, begin, end)
            ends = [one for one in at_end_of_days(samples, zone).items() if one[0] < today]
            facts = Facts(
                outlook=outlook(samples, now, zone),
                elsewhere=left_without_us(samples, begin, end),
                held=await held(connection, now),
                yesterday=Yesterday(
                    day=yesterday,
                    used=whole_days(samples, zone).get(yesterday),
                    sent=sum(states[state] for state in SENT),
                    failed=sum(states[state] for state in FAILED),
                    unknown=states[State.UNKNOWN],
                    seen_at=last.at,
                    balances=tuple(ends[-DRAWN:]),
                ),
            )
        # A digest crosses no threshold.
        return Notice(Kind.DIGEST, Level(last.level), last.available, last.available, facts)

    async def tell_of_day(
        self, day: date, summary: Notice, targets: Iterable[str], at: datetime
    ) -> bool:
        """Puts the digest of `day` on its way.

        False: somebody has done it before.
        """
        name = day.isoformat()

        async def work(connection: AsyncConnection) -> bool:
            await self.database.one_at_a_time(connection, JOB)
            done = select(tick).where(tick.c.job == JOB, tick.c.slot == name)
            if (await connection.execute(done)).first() is not None:
                return False
            await connection.execute(insert(tick).values(job=JOB, slot=name))
            await put_on_its_way(connection, summary, targets, at)
            return True

        return await self.database.at_once(work)


async def _states(connection: AsyncConnection, begin: datetime, end: datetime) -> "Counter[State]":
    """How many recipients came to what state by a call of that time, or by waiting for one."""
    calls = settled_since(begin).where(attempt.c.settled_at < end).subquery()
    called = (
        select(recipient.c.state, func.count())
        .join_from(recipient, calls, calls.c.id == recipient.c.attempt_id)
        .where(recipient.c.state != State.EXPIRED.value)
        .group_by(recipient.c.state)
    )
    expired = select(recipient.c.state, func.count()).where(
        recipient.c.state == State.EXPIRED.value,
        recipient.c.updated_at >= begin,
        recipient.c.updated_at < end,
    )
    found: Counter[State] = Counter()
    for query in (called, expired.group_by(recipient.c.state)):
        for state, count in (await connection.execute(query)).all():
            found[State(state)] += count
    return found
