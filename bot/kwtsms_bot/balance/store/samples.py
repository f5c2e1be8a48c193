"""Looks at the balance: whose turn it is, what was seen, and what follows from it.

What follows is decided in the transaction that writes it down, so that two replicas never decide
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
    BalanceStoreBase,
    as_sample,
    drop_removed_targets,
    enqueue_notice,
    newest_notice,
    newest_sample,
    samples_since,
)
from kwtsms_bot.balance.store.own_usage import held_credits, own_usage_since
from kwtsms_bot.database.job_slots import EPOCH, JobSlot, claim_slot, first_claimed_slot
from kwtsms_bot.database.tables import balance_sample

JOB = "balance"
_LAST_SAMPLE = (  # Asked at every command, so put together once.
    select(balance_sample)
    .where(balance_sample.c.at >= bindparam("since"))
    .order_by(balance_sample.c.at.desc(), balance_sample.c.id.desc())
    .limit(1)
)


class SampleStore(BalanceStoreBase):
    """The balance watch's questions."""

    async def claim_slot(self, job: str, slot: JobSlot) -> bool:
        """Whether this process is the one that runs `job` in `slot`."""
        return await claim_slot(self.database, job, slot)

    async def newest_sample_id(self) -> int:
        """The number of the newest sample; 0: there is none."""
        async with self.database.reading() as connection:
            return _sample_id(await newest_sample(connection))

    async def last_level(self) -> BalanceLevel:
        """How much was left at the newest sample, as far as people are told."""
        async with self.database.reading() as connection:
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
        """Keeps the balance that was asked for at `at`, and puts what follows on its way to all.

        Nothing follows, and nothing is kept, where somebody has looked since the look `after`:
        whoever stood still in between holds an old balance in its hands. Where there is nobody to
        be told, no threshold is crossed: it is as soon as there is somebody.
        """
        sample, all_targets = Sample(at, available), tuple(targets)

        async def work(connection: AsyncConnection) -> BalanceNotice | None:
            await self.database.acquire_lock(connection, JOB)
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

        return await self.database.run_transaction(work)

    async def record_failed_poll(
        self, code: str, at: datetime, *, after: int, rules: NoticeRules, targets: Iterable[str]
    ) -> BalanceNotice | None:
        """The look at `at` has failed: `code` says why. Where that has lasted, all are told, once.

        The looks that failed are the slots that were taken since the newest sample.
        """
        all_targets = tuple(targets)

        async def work(connection: AsyncConnection) -> BalanceNotice | None:
            await self.database.acquire_lock(connection, JOB)
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

        return await self.database.run_transaction(work)

    async def last_sample(self, since: datetime) -> Sample | None:
        """The balance that was seen last, if that was not before `since`."""

        async def read(connection: AsyncConnection) -> Sample | None:
            row = (await connection.execute(_LAST_SAMPLE, {"since": since})).first()
            return as_sample(row) if row else None

        return await self.database.run_read(read)

    async def samples(self, since: datetime) -> tuple[Sample, ...]:
        """The balances seen since then, oldest first."""
        async with self.database.reading() as connection:
            return await samples_since(connection, since)


def _sample_id(last: Row[Any] | None) -> int:
    return last.id if last else 0


def _level(last: Row[Any] | None) -> BalanceLevel:
    return BalanceLevel(last.level) if last else BalanceLevel.FINE


async def _balance_state(
    connection: AsyncConnection, last: Row[Any] | None, targets: tuple[str, ...]
) -> BalanceState:
    """The level at the last look; as if it had been fine, where its warning went nowhere."""
    was_reset = await drop_removed_targets(connection, targets)
    notice = await newest_notice(connection, LEVEL_KINDS)
    return BalanceState(
        BalanceLevel.FINE if was_reset else _level(last), notice.at if notice else None
    )


async def _warning_notice(
    connection: AsyncConnection, rules: NoticeRules, state: BalanceState, sample: Sample
) -> BalanceNotice | None:
    """What is to be told of how much is left, with its facts."""
    notice = rules.due_notice(state, sample.available, sample.at)
    if notice is None:
        return None
    samples = await samples_since(connection, rules.window_start(sample.at))
    return rules.with_details(notice, samples, await held_credits(connection, sample.at), sample.at)


async def _readable_notice(
    connection: AsyncConnection, rules: NoticeRules, state: BalanceState, sample: Sample
) -> BalanceNotice | None:
    """The all-clear after people were told that nobody can read the balance."""
    if not await _is_unreadable(connection):
        return None
    level = rules.level(state, sample.available)
    return BalanceNotice(NoticeKind.READABLE, level, sample.available, rules.thresholds.warn)


async def _is_unreadable(connection: AsyncConnection) -> bool:
    """Whether people were told so, and nothing else since."""
    notice = await newest_notice(connection, (NoticeKind.UNREADABLE, NoticeKind.READABLE))
    return notice is not None and notice.kind == NoticeKind.UNREADABLE.value


async def _insert_sample(connection: AsyncConnection, sample: Sample, level: BalanceLevel) -> None:
    """Writes down what was seen, and what our calls cost since a look that has that too."""
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
