"""What has been sent lately, asked inside the transaction that accepts more."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, String, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.columns import each_of
from kwtsms_bot.database.tables import message, recipient, spending
from kwtsms_bot.outbox.admission import Author, Busy, Past, Request, day_of, shared_numbers
from kwtsms_bot.outbox.limits import HOUR, Allowance
from kwtsms_bot.outbox.message import State

Change = tuple[int, datetime]  # So many credits, on the day of that instant.
# What never reached a phone counts for no phone.
WITHOUT_EFFECT = (State.CANCELLED.value, State.REJECTED.value, State.EXPIRED.value)
# Asked by every command, so put together once: for SQLAlchemy that takes longer than to ask.
_RECENT = (message.c.created_at > bindparam("since"), message.c.id != bindparam("written"))
_BY_THESE = message.c.author.in_(bindparam("authors", expanding=True))
_ENOUGH = func.count() > bindparam("enough")
_SAID = (
    select(message.c.author, message.c.text_hash, recipient.c.phone)
    .join_from(message, recipient)
    .where(_BY_THESE, message.c.text_hash.in_(bindparam("texts", expanding=True)), *_RECENT)
)
_NEAR = (
    select(message.c.author, func.count())
    .where(_BY_THESE, *_RECENT)
    .group_by(message.c.author)
    .having(_ENOUGH)
)
_SPENT = select(spending.c.credits).where(spending.c.day == bindparam("day"))


@cache
def _busy(dialect: str) -> Select[Any]:
    phones = each_of(dialect, bindparam("phones", type_=String))
    return (
        select(recipient.c.phone, func.count(), func.min(message.c.created_at))
        .select_from(recipient.join(message, message.c.id == recipient.c.message_id))
        .where(recipient.c.phone.in_(phones), recipient.c.state.not_in(WITHOUT_EFFECT), *_RECENT)
        .group_by(recipient.c.phone)
        .having(_ENOUGH)
    )


@dataclass(frozen=True, slots=True)
class Books:
    """What was sent lately, as this transaction sees it, but for what it has written itself."""

    connection: AsyncConnection
    dialect: str
    written: int = 0  # The message.

    async def read_past(self, requests: Sequence[Request], allowance: Allowance) -> Past:
        """What matters for these requests; whoever holds the transaction holds the figures."""
        shared = shared_numbers(requests)
        days = sorted({one.day for one in requests})
        return Past(
            authors=await self._authors(requests, allowance.messages_per_hour),
            days={day: await spent_on(self.connection, day) for day in days},
            numbers=await self._busy(requests, allowance.per_number_per_hour, shared),
            shared=shared,
            said=await self._said(requests, allowance.same_within),
        )

    async def _said(
        self, requests: Sequence[Request], within: timedelta | None
    ) -> set[tuple[str, str, str]] | None:
        """Who has said one of these texts lately, and to which numbers."""
        if within is None:
            return None
        asked = {
            "authors": list({one.new.author for one in requests}),
            "since": min(one.at for one in requests) - within,
            "texts": list({one.new.text_hash for one in requests}),
            "written": self.written,
        }
        rows = await self.connection.execute(_SAID, asked)
        return {(author, text, phone) for author, text, phone in rows}

    async def _authors(self, requests: Sequence[Request], most: int | None) -> dict[str, Author]:
        """Who has sent as much within the hour as they may, or will have once these are in."""
        if most is None:
            return {}
        come = Counter(one.new.author for one in requests)
        asked = {
            "authors": list(come),
            "since": min(one.at for one in requests) - HOUR,
            "written": self.written,
            "enough": most - max(come.values()),
        }
        near = [author for author, _ in await self.connection.execute(_NEAR, asked)]
        return {
            one: await self._author(one, start=max(0, most - come[one]), count=come[one])
            for one in near
        }

    async def _author(self, author: str, *, start: int, count: int) -> Author:
        """As many of somebody's times as those who come now can come to."""
        query = (
            select(message.c.created_at)
            .where(message.c.author == author, message.c.id != self.written)
            .order_by(message.c.id.desc())
            .offset(start)
            .limit(count)
        )
        return Author(start, tuple((await self.connection.execute(query)).scalars()))

    async def _busy(
        self, requests: Sequence[Request], most: int | None, shared: Mapping[str, int]
    ) -> dict[str, Busy]:
        """The numbers that are full within the hour, or can be once these have come."""
        if most is None:
            return {}
        asked = {
            "phones": json.dumps([phone for one in requests for phone in one.new.recipients]),
            "since": min(one.at for one in requests) - HOUR,
            "written": self.written,
            "enough": most - max(shared.values(), default=1),
        }
        rows = await self.connection.execute(_busy(self.dialect), asked)
        return {phone: Busy(count, first) for phone, count, first in rows}


async def add(connection: AsyncConnection, changes: Iterable[Change]) -> None:
    """Adds credits to the days of these instants; fewer than none takes them back.

    Everybody waits for the row of today, so it is the last that a transaction changes.
    """
    days: Counter[str] = Counter()
    for amount, at in changes:
        days[day_of(at)] += amount
    for day, amount in sorted(days.items()):
        if amount:
            await _add(connection, day, amount)


async def _add(connection: AsyncConnection, day: str, amount: int) -> None:
    changed = await connection.execute(
        update(spending).where(spending.c.day == day).values(credits=spending.c.credits + amount)
    )
    if changed.rowcount == 0:
        await connection.execute(insert(spending).values(day=day, credits=max(0, amount)))


async def spent_on(connection: AsyncConnection, day: str) -> int:
    """The credits accepted since midnight in Kuwait, less what was cancelled."""
    return (await connection.execute(_SPENT, {"day": day})).scalar() or 0
