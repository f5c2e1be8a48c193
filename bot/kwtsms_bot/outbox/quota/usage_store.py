"""Queries recent usage, inside the transaction that accepts more."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, String, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.column_types import rows_of_json
from kwtsms_bot.database.tables import message, recipient, spending
from kwtsms_bot.outbox.message import PEOPLE
from kwtsms_bot.outbox.quota.admission import (
    AdmissionRequest,
    AuthorUsage,
    NumberUsage,
    RecentUsage,
    day_of,
    shared_numbers,
)
from kwtsms_bot.outbox.quota.limits import HOUR, Allowance, Spending
from kwtsms_bot.outbox.states import State


class CreditChange(NamedTuple):
    """Credits to add to a budget, on the day of an instant."""

    credits: int
    at: datetime
    budget: str


# Messages that never reached a phone do not count for its number.
NOT_COUNTED_STATES = (State.CANCELLED.value, State.REJECTED.value, State.EXPIRED.value)
# Run by every command, so built once: for SQLAlchemy, building takes longer than running.
_RECENT = (message.c.created_at > bindparam("since"), message.c.id != bindparam("written"))
_BY_AUTHORS = message.c.author.in_(bindparam("authors", expanding=True))
_AT_LIMIT = func.count() > bindparam("enough")
_SENT_TEXTS = (
    select(message.c.author, message.c.text_hash, recipient.c.phone)
    .join_from(message, recipient)
    .where(_BY_AUTHORS, message.c.text_hash.in_(bindparam("texts", expanding=True)), *_RECENT)
)
_AUTHORS_NEAR_LIMIT = (
    select(message.c.author, func.count())
    .where(_BY_AUTHORS, *_RECENT)
    .group_by(message.c.author)
    .having(_AT_LIMIT)
)
_SPENDING = (
    select(message.c.author, func.sum(message.c.counted_credits), func.min(message.c.created_at))
    .where(_BY_AUTHORS, message.c.counted_credits > 0, *_RECENT)
    .group_by(message.c.author)
)
_TEXT_NUMBERS = (
    select(message.c.author, message.c.text_hash, recipient.c.phone, func.min(message.c.created_at))
    .join_from(message, recipient)
    .where(_BY_AUTHORS, message.c.text_hash.in_(bindparam("texts", expanding=True)), *_RECENT)
    .group_by(message.c.author, message.c.text_hash, recipient.c.phone)
)
_SPENT_ON_DAY = select(spending.c.credits).where(
    spending.c.budget == bindparam("budget"), spending.c.day == bindparam("day")
)


@cache
def _full_numbers_query(dialect: str) -> Select[Any]:
    phones = rows_of_json(dialect, bindparam("phones", type_=String))
    return (
        select(recipient.c.phone, func.count(), func.min(message.c.created_at))
        .select_from(recipient.join(message, message.c.id == recipient.c.message_id))
        .where(
            recipient.c.phone.in_(phones),
            recipient.c.state.not_in(NOT_COUNTED_STATES),
            message.c.budget == PEOPLE,
            *_RECENT,
        )
        .group_by(recipient.c.phone)
        .having(_AT_LIMIT)
    )


@dataclass(frozen=True, slots=True)
class UsageQueries:
    """Queries of recent usage as this transaction sees it, without its own message."""

    connection: AsyncConnection
    dialect: str
    own_message: int = 0  # The ID of the message that this transaction has written.

    async def recent_usage(
        self, requests: Sequence[AdmissionRequest], allowance: Allowance
    ) -> RecentUsage:
        """Returns the usage that matters for these requests; valid in this transaction only."""
        shared = shared_numbers(requests)
        days = sorted({one.day for one in requests})
        return RecentUsage(
            authors=await self._authors_near_limit(requests, allowance.messages_per_hour),
            credits_by_day={day: await spent_on(self.connection, day) for day in days},
            numbers=await self._full_numbers(requests, allowance.per_number_per_hour, shared),
            shared=shared,
            sent_texts=await self._sent_texts(requests, allowance.duplicate_window),
            spending=await self._spending(requests, allowance),
            texts=await self._text_numbers(requests, allowance.numbers_per_text),
        )

    async def _spending(
        self, requests: Sequence[AdmissionRequest], allowance: Allowance
    ) -> dict[str, Spending]:
        """Returns what the authors spent in the hour, without what a second person approved."""
        if allowance.credits_per_hour is None and allowance.approve_credits is None:
            return {}
        parameters = {
            "authors": list({one.new.author for one in requests}),
            "since": min(one.at for one in requests) - HOUR,
            "written": self.own_message,
        }
        rows = await self.connection.execute(_SPENDING, parameters)
        return {author: Spending(int(spent), first) for author, spent, first in rows}

    async def _text_numbers(
        self, requests: Sequence[AdmissionRequest], maximum: int | None
    ) -> dict[tuple[str, str], dict[str, datetime]] | None:
        """Returns the numbers to which the authors sent these texts in the hour."""
        if maximum is None:
            return None
        parameters = {
            "authors": list({one.new.author for one in requests}),
            "since": min(one.at for one in requests) - HOUR,
            "texts": list({one.new.text_hash for one in requests}),
            "written": self.own_message,
        }
        found: dict[tuple[str, str], dict[str, datetime]] = {}
        for author, text, phone, first in await self.connection.execute(_TEXT_NUMBERS, parameters):
            found.setdefault((author, text), {})[phone] = first
        return found

    async def _sent_texts(
        self, requests: Sequence[AdmissionRequest], window: timedelta | None
    ) -> set[tuple[str, str, str]] | None:
        """Returns the author, text hash and number of recent sends of one of these texts."""
        if window is None:
            return None
        parameters = {
            "authors": list({one.new.author for one in requests}),
            "since": min(one.at for one in requests) - window,
            "texts": list({one.new.text_hash for one in requests}),
            "written": self.own_message,
        }
        rows = await self.connection.execute(_SENT_TEXTS, parameters)
        return {(author, text, phone) for author, text, phone in rows}

    async def _authors_near_limit(
        self, requests: Sequence[AdmissionRequest], maximum: int | None
    ) -> dict[str, AuthorUsage]:
        """Returns the usage of authors that have reached the limit, or can with these requests."""
        if maximum is None:
            return {}
        incoming = Counter(one.new.author for one in requests)
        parameters = {
            "authors": list(incoming),
            "since": min(one.at for one in requests) - HOUR,
            "written": self.own_message,
            "enough": maximum - max(incoming.values()),
        }
        near = [
            author for author, _ in await self.connection.execute(_AUTHORS_NEAR_LIMIT, parameters)
        ]
        return {
            one: await self._author_usage(
                one, start=max(0, maximum - incoming[one]), count=incoming[one]
            )
            for one in near
        }

    async def _author_usage(self, author: str, *, start: int, count: int) -> AuthorUsage:
        """Returns the times of an author's messages from `start` on, the newest first."""
        query = (
            select(message.c.created_at)
            .where(message.c.author == author, message.c.id != self.own_message)
            .order_by(message.c.id.desc())
            .offset(start)
            .limit(count)
        )
        return AuthorUsage(start, tuple((await self.connection.execute(query)).scalars()))

    async def _full_numbers(
        self, requests: Sequence[AdmissionRequest], maximum: int | None, shared: Mapping[str, int]
    ) -> dict[str, NumberUsage]:
        """Returns the numbers that have reached the limit, or can with these requests."""
        if maximum is None:
            return {}
        parameters = {
            "phones": json.dumps([phone for one in requests for phone in one.new.recipients]),
            "since": min(one.at for one in requests) - HOUR,
            "written": self.own_message,
            "enough": maximum - max(shared.values(), default=1),
        }
        rows = await self.connection.execute(_full_numbers_query(self.dialect), parameters)
        return {phone: NumberUsage(count, first) for phone, count, first in rows}


async def add_credits(connection: AsyncConnection, changes: Iterable[CreditChange]) -> None:
    """Adds credits to the days of these instants; a negative amount is a refund.

    All transactions wait for the row of today, so it is the last that each of them changes.
    """
    days: Counter[tuple[str, str]] = Counter()
    for change in changes:
        days[change.budget, day_of(change.at)] += change.credits
    for (budget, day), amount in sorted(days.items()):
        if amount:
            await _add_on_day(connection, budget, day, amount)


async def _add_on_day(connection: AsyncConnection, budget: str, day: str, amount: int) -> None:
    changed = await connection.execute(
        update(spending)
        .where(spending.c.budget == budget, spending.c.day == day)
        .values(credits=spending.c.credits + amount)
    )
    if changed.rowcount == 0:
        row = {"budget": budget, "day": day, "credits": max(0, amount)}
        await connection.execute(insert(spending).values(row))


async def spent_on(connection: AsyncConnection, day: str, budget: str = PEOPLE) -> int:
    """The credits of a budget accepted on a day in Kuwait, less what was refunded."""
    found = await connection.execute(_SPENT_ON_DAY, {"budget": budget, "day": day})
    return found.scalar() or 0
