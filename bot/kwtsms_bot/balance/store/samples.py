"""Statements on balance samples: claiming a poll, recording its result, deciding the notice.

The notice is decided in the transaction that records the sample, so that two replicas never decide
from the same past.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.balance.details import NoticeDetails, OutageDetails
from kwtsms_bot.balance.rules import (
    LEVEL_KINDS,
    BalanceLevel,
    BalanceNotice,
    BalanceState,
    NoticeKind,
    NoticeRules,
)
from kwtsms_bot.balance.samples import Sample
from kwtsms_bot.balance.store.notices import (
    as_sample,
    drop_removed_targets,
    enqueue_notice,
    newest_notice,
    newest_sample,
    samples_since,
)
from kwtsms_bot.balance.store.own_usage import held_credits, own_usage_since
from kwtsms_bot.database import Database
from kwtsms_bot.database.job_slots import EPOCH, JobSlot, claim_slot, first_claimed_slot
from kwtsms_bot.database.tables import balance_sample

JOB = "balance"
_LAST_SAMPLE = (  # Used by every command, so built once.
    select(balance_sample)
    .where(balance_sample.c.at >= bindparam("since"))
    .order_by(balance_sample.c.at.desc(), balance_sample.c.id.desc())
    .limit(1)
)


class SampleStore:
    """The statements of the balance monitor."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim_slot(self, job: str, slot: JobSlot) -> bool:
        """Claims `slot` of `job` for this process; returns False if another process has it."""
        return await claim_slot(self._database, job, slot)

    async def newest_sample_id(self) -> int:
        """Returns the id of the newest sample; 0 if there is none."""
        async with self._database.reading() as connection:
            return _sample_id(await newest_sample(connection))

    async def last_level(self) -> BalanceLevel:
        """Returns the level of the newest sample, as far as it has been reported to targets."""
        async with self._database.reading() as connection:
            return _level(await newest_sample(connection))

    async def record_sample(
        self,
        available: Decimal,
        at: datetime,
        *,
        after: int,
        rules: NoticeRules,
        targets: Iterable[str],
    ) -> BalanceNotice | None:
        """Records the balance polled at `at`, and queues the notices that follow for all targets.

        Nothing is recorded if there is a newer sample than `after`: this process was suspended and
        its balance is out of date. Without targets the level stays unchanged, so that a crossing is
        reported as soon as there is a target.
        """
        sample, all_targets = Sample(at, available), tuple(targets)

        async def work(connection: AsyncConnection) -> BalanceNotice | None:
            await self._database.acquire_lock(connection, JOB)
            last = await newest_sample(connection)
            if _sample_id(last) != after:
                return None
            if not all_targets:
                await _insert_sample(connection, sample, _level(last))
                return None
            state = await _balance_state(connection, last, all_targets)
            await _insert_sample(connection, sample, rules.level(state, available))
            notices = [
                await _readable_notice(connection, rules, state, sample),
                await _warning_notice(connection, rules, state, sample),
            ]
            due = [notice for notice in notices if notice is not None]
            for notice in due:
                await enqueue_notice(connection, notice, all_targets, at)
            return due[-1] if due else None

        return await self._database.run_transaction(work)

    async def record_failed_poll(
        self, code: str, at: datetime, *, after: int, rules: NoticeRules, targets: Iterable[str]
    ) -> BalanceNotice | None:
        """Queues one notice if polls have failed for long enough; `code` is the last error.

        The failed polls are the slots that were claimed since the newest sample.
        """
        all_targets = tuple(targets)

        async def work(connection: AsyncConnection) -> BalanceNotice | None:
            await self._database.acquire_lock(connection, JOB)
            last = await newest_sample(connection)
            if not all_targets or _sample_id(last) != after or await _is_unreadable(connection):
                return None
            sampled_at = last.at if last else None
            since = await first_claimed_slot(connection, JOB, sampled_at or EPOCH)
            if since is None or at - since < rules.thresholds.unreadable_after:
                return None
            details = NoticeDetails(outage=OutageDetails(since, code, sampled_at))
            available = last.available if last else Decimal(0)
            notice = BalanceNotice(
                NoticeKind.UNREADABLE, _level(last), available, rules.thresholds.warn, details
            )
            await enqueue_notice(connection, notice, all_targets, at)
            return notice

        return await self._database.run_transaction(work)

    async def last_sample(self, since: datetime) -> Sample | None:
        """Returns the newest sample, unless it is older than `since`."""

        async def read(connection: AsyncConnection) -> Sample | None:
            row = (await connection.execute(_LAST_SAMPLE, {"since": since})).first()
            return as_sample(row) if row else None

        return await self._database.run_read(read)

    async def samples(self, since: datetime) -> tuple[Sample, ...]:
        """The balances seen since then, oldest first."""
        async with self._database.reading() as connection:
            return await samples_since(connection, since)


def _sample_id(last: Row[Any] | None) -> int:
    return last.id if last else 0


def _level(last: Row[Any] | None) -> BalanceLevel:
    return BalanceLevel(last.level) if last else BalanceLevel.FINE


async def _balance_state(
    connection: AsyncConnection, last: Row[Any] | None, targets: tuple[str, ...]
) -> BalanceState:
    """Returns the last state; its level is FINE if its notice never reached a removed target."""
    was_reset = await drop_removed_targets(connection, targets)
    notice = await newest_notice(connection, LEVEL_KINDS)
    return BalanceState(
        BalanceLevel.FINE if was_reset else _level(last), notice.at if notice else None
    )


async def _warning_notice(
    connection: AsyncConnection, rules: NoticeRules, state: BalanceState, sample: Sample
) -> BalanceNotice | None:
    """Returns the notice about the level that is due, with its details."""
    notice = rules.due_notice(state, sample.available, sample.at)
    if notice is None:
        return None
    samples = await samples_since(connection, rules.window_start(sample.at))
    return rules.with_details(notice, samples, await held_credits(connection, sample.at), sample.at)


async def _readable_notice(
    connection: AsyncConnection, rules: NoticeRules, state: BalanceState, sample: Sample
) -> BalanceNotice | None:
    """Returns the all-clear after a notice that the balance cannot be read."""
    if not await _is_unreadable(connection):
        return None
    level = rules.level(state, sample.available)
    return BalanceNotice(NoticeKind.READABLE, level, sample.available, rules.thresholds.warn)


async def _is_unreadable(connection: AsyncConnection) -> bool:
    """Whether the last notice about readability says that the balance cannot be read."""
    notice = await newest_notice(connection, (NoticeKind.UNREADABLE, NoticeKind.READABLE))
    return notice is not None and notice.kind == NoticeKind.UNREADABLE.value


async def _insert_sample(connection: AsyncConnection, sample: Sample, level: BalanceLevel) -> None:
    """Inserts a sample, with the cost of our calls since the last sample that has it."""
    known = balance_sample.c.ours.is_not(None), balance_sample.c.at <= sample.at
    newest = select(func.max(balance_sample.c.at)).where(*known)
    since: datetime | None = (await connection.execute(newest)).scalar()
    usage = await own_usage_since(connection, since or sample.at, sample.at)
    await connection.execute(
        insert(balance_sample).values(
            at=sample.at,
            available=sample.available,
            level=level.value,
            ours=usage and usage.own_cost,
            unsure=usage and usage.uncertain_cost,
        )
    )
