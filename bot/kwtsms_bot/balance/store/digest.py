"""Statements of the digest: the figures of the day before, and the row that makes it unique."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, tzinfo

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.balance.details import DailySummary, NoticeDetails
from kwtsms_bot.balance.forecast import WINDOW, forecast
from kwtsms_bot.balance.rules import BalanceLevel, BalanceNotice, NoticeKind
from kwtsms_bot.balance.samples import (
    DAY,
    closing_balances,
    external_usage,
    midnight,
    usage_by_complete_day,
)
from kwtsms_bot.balance.store.notices import (
    enqueue_notice,
    newest_sample,
    samples_since,
)
from kwtsms_bot.balance.store.own_usage import held_credits, settled_since
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import attempt, job_slot, recipient
from kwtsms_bot.outbox.states import State

JOB = "digest"
CHART_DAYS = 14  # Days in the chart.
SENT = (State.SENT, State.DELIVERED)
FAILED = (State.REJECTED, State.UNDELIVERED, State.STUCK, State.EXPIRED)


class DigestStore:
    """The statements of the digest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def summarize_day(self, now: datetime, zone: tzinfo) -> BalanceNotice | None:
        """Returns the digest of the day before; None if there is no sample yet."""
        today = now.astimezone(zone).date()
        yesterday = today - DAY
        begin, end = midnight(yesterday, zone), midnight(today, zone)
        async with self._database.reading() as connection:
            last = await newest_sample(connection)
            if last is None:
                return None
            samples = await samples_since(connection, now - WINDOW)
            states = await _count_states(connection, begin, end)
            ends = [one for one in closing_balances(samples, zone).items() if one[0] < today]
            details = NoticeDetails(
                forecast=forecast(samples, now, zone),
                external_usage=external_usage(samples, begin, end),
                held_credits=await held_credits(connection, now),
                daily_summary=DailySummary(
                    day=yesterday,
                    used=usage_by_complete_day(samples, zone).get(yesterday),
                    sent=sum(states[state] for state in SENT),
                    failed=sum(states[state] for state in FAILED),
                    unknown=states[State.UNKNOWN],
                    sampled_at=last.at,
                    balances=tuple(ends[-CHART_DAYS:]),
                ),
            )
        # A digest has no threshold: the balance fills the field.
        return BalanceNotice(
            NoticeKind.DIGEST, BalanceLevel(last.level), last.available, last.available, details
        )

    async def enqueue_digest(
        self, day: date, summary: BalanceNotice, targets: Iterable[str], at: datetime
    ) -> bool:
        """Queues the digest of `day`; returns False if that was done before."""
        name = day.isoformat()

        async def work(connection: AsyncConnection) -> bool:
            await self._database.acquire_lock(connection, JOB)
            done = select(job_slot).where(job_slot.c.job == JOB, job_slot.c.slot == name)
            if (await connection.execute(done)).first() is not None:
                return False
            await connection.execute(insert(job_slot).values(job=JOB, slot=name))
            await enqueue_notice(connection, summary, targets, at)
            return True

        return await self._database.run_transaction(work)


async def _count_states(
    connection: AsyncConnection, begin: datetime, end: datetime
) -> "Counter[State]":
    """Counts by state the recipients whose call was settled in that time, or who expired in it."""
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
