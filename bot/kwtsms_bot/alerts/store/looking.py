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

from kwtsms_bot.alerts.balance import STANDING, Kind, Level, Notice, Standing
from kwtsms_bot.alerts.facts import Facts, Trouble
from kwtsms_bot.alerts.rules import Rules
from kwtsms_bot.alerts.samples import Sample
from kwtsms_bot.alerts.store.base import (
    Base,
    as_sample,
    drop_strays,
    newest_alert,
    newest_look,
    put_on_its_way,
    samples_since,
)
from kwtsms_bot.alerts.store.books import cost_since, held
from kwtsms_bot.database.tables import balance_sample
from kwtsms_bot.database.ticks import EPOCH, Slot, first_tick, take_tick

JOB = "balance"
_LAST_SAMPLE = (  # Asked at every command, so put together once.
    select(balance_sample)
    .where(balance_sample.c.at >= bindparam("since"))
    .order_by(balance_sample.c.at.desc(), balance_sample.c.id.desc())
    .limit(1)
)


class Looking(Base):
    """The balance watch's questions."""

    async def take_tick(self, job: str, slot: Slot) -> bool:
        """Whether this process is the one that runs `job` in `slot`."""
        return await take_tick(self.database, job, slot)

    async def last_look(self) -> int:
        """The number of the newest sample; 0: there is none."""
        async with self.database.reading() as connection:
            return _number(await newest_look(connection))

    async def last_level(self) -> Level:
        """How much was left at the newest sample, as far as people are told."""
        async with self.database.reading() as connection:
            return _level(await newest_look(connection))

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
        whoever stood still in between holds an old balance in its hands. Where there is nobody to
        be told, no threshold is crossed: it is as soon as there is somebody.
        """
        seen, told = Sample(at, available), tuple(targets)

        async def work(connection: AsyncConnection) -> Notice | None:
            await self.database.one_at_a_time(connection, JOB)
            last = await newest_look(connection)
            if _number(last) != after:
                return None
            if not told:
                await _keep(connection, seen, _level(last))
                return None
            standing = await _standing(connection, last, told)
            await _keep(connection, seen, rules.level(standing, available))
            notices = [
                await _readable_again(connection, rules, standing, seen),
                await _warning(connection, rules, standing, seen),
            ]
            due = [notice for notice in notices if notice is not None]
            for notice in due:
                await put_on_its_way(connection, notice, told, at)
            return due[-1] if due else None

        return await self.database.at_once(work)

    async def not_seen(
        self, code: str, at: datetime, *, after: int, rules: Rules, targets: Iterable[str]
    ) -> Notice | None:
        """The look at `at` has failed: `code` says why. Where that has lasted, all are told, once.

        The looks that failed are the slots that were taken since the newest sample.
        """
        told = tuple(targets)

        async def work(connection: AsyncConnection) -> Notice | None:
            await self.database.one_at_a_time(connection, JOB)
            last = await newest_look(connection)
            if not told or _number(last) != after or await _is_unreadable(connection):
                return None
            seen_at = last.at if last else None
            since = await first_tick(connection, JOB, seen_at or EPOCH)
            if since is None or at - since < rules.thresholds.unreadable_after:
                return None
            facts = Facts(trouble=Trouble(since, code, seen_at))
            available = last.available if last else Decimal(0)
            notice = Notice(Kind.UNREADABLE, _level(last), available, rules.thresholds.warn, facts)
            await put_on_its_way(connection, notice, told, at)
            return notice

        return await self.database.at_once(work)

    async def last_sample(self, since: datetime) -> Sample | None:
        """The balance that was seen last, if that was not before `since`."""

        async def found(connection: AsyncConnection) -> Sample | None:
            row = (await connection.execute(_LAST_SAMPLE, {"since": since})).first()
            return as_sample(row) if row else None

        return await self.database.read_at_once(found)

    async def samples(self, since: datetime) -> tuple[Sample, ...]:
        """The balances seen since then, oldest first."""
        async with self.database.reading() as connection:
            return await samples_since(connection, since)


def _number(last: Row[Any] | None) -> int:
    return last.id if last else 0


def _level(last: Row[Any] | None) -> Level:
    return Level(last.level) if last else Level.FINE


async def _standing(
    connection: AsyncConnection, last: Row[Any] | None, targets: tuple[str, ...]
) -> Standing:
    """The level at the last look; as if it had been fine, where its warning went nowhere."""
    mended = await drop_strays(connection, targets)
    told = await newest_alert(connection, STANDING)
    return Standing(Level.FINE if mended else _level(last), told.at if told else None)


async def _warning(
    connection: AsyncConnection, rules: Rules, standing: Standing, seen: Sample
) -> Notice | None:
    """What is to be told of how much is left, with its facts."""
    notice = rules.notice(standing, seen.available, seen.at)
    if notice is None:
        return None
    samples = await samples_since(connection, rules.since(seen.at))
    return rules.with_facts(notice, samples, await held(connection, seen.at), seen.at)


async def _readable_again(
    connection: AsyncConnection, rules: Rules, standing: Standing, seen: Sample
) -> Notice | None:
    """The all-clear after people were told that nobody can read the balance."""
    if not await _is_unreadable(connection):
        return None
    level = rules.level(standing, seen.available)
    return Notice(Kind.READABLE, level, seen.available, rules.thresholds.warn)


async def _is_unreadable(connection: AsyncConnection) -> bool:
    """Whether people were told so, and nothing else since."""
    told = await newest_alert(connection, (Kind.UNREADABLE, Kind.READABLE))
    return told is not None and told.kind == Kind.UNREADABLE.value


async def _keep(connection: AsyncConnection, seen: Sample, level: Level) -> None:
    """Writes down what was seen, and what our calls cost since a look that has that too."""
    known = balance_sample.c.ours.is_not(None), balance_sample.c.at <= seen.at
    newest = select(func.max(balance_sample.c.at)).where(*known)
    since: datetime | None = (await connection.execute(newest)).scalar()
    cost = await cost_since(connection, since or seen.at, seen.at)
    await connection.execute(
        insert(balance_sample).values(
            at=seen.at,
            available=seen.available,
            level=level.value,
            ours=cost and cost.ours,
            unsure=cost and cost.unsure,
        )
    )
