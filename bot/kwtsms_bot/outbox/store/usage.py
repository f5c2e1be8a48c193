"""What has been sent lately, asked inside the transaction that accepts more."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import message, recipient, spending
from kwtsms_bot.outbox.admission import Author, Busy, Past, Request, day_of, shared_numbers
from kwtsms_bot.outbox.limits import HOUR, Allowance
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store.base import chunks

# What never reached a phone counts for no phone.
WITHOUT_EFFECT = (State.CANCELLED.value, State.REJECTED.value, State.EXPIRED.value)


async def read_past(
    connection: AsyncConnection, requests: Sequence[Request], allowance: Allowance
) -> Past:
    """What matters for these requests; whoever holds the transaction holds the figures."""
    shared = shared_numbers(requests)
    at_once = max(shared.values(), default=1)
    return Past(
        authors=await _authors(connection, requests, allowance.messages_per_hour),
        days={day: await _spent(connection, day) for day in {one.day for one in requests}},
        numbers=await _busy(connection, requests, allowance.per_number_per_hour, at_once=at_once),
        shared=shared,
    )


async def add(connection: AsyncConnection, amount: int, at: datetime) -> None:
    """Adds credits to the day of `at`; fewer than none takes them back."""
    changed = await connection.execute(
        update(spending)
        .where(spending.c.day == day_of(at))
        .values(credits=spending.c.credits + amount)
    )
    if changed.rowcount == 0:
        await connection.execute(insert(spending).values(day=day_of(at), credits=max(0, amount)))


async def _spent(connection: AsyncConnection, day: str) -> int:
    """The credits accepted since midnight in Kuwait, less what was cancelled."""
    query = select(spending.c.credits).where(spending.c.day == day)
    return (await connection.execute(query)).scalar() or 0


async def _authors(
    connection: AsyncConnection, requests: Sequence[Request], most: int | None
) -> dict[str, Author]:
    """Those who have sent as much within the hour as they may, or will have once these are in."""
    if most is None:
        return {}
    since = min(one.at for one in requests) - HOUR
    come = Counter(one.new.author for one in requests)
    query = (
        select(message.c.author, func.count())
        .where(message.c.author.in_(list(come)), message.c.created_at > since)
        .group_by(message.c.author)
        .having(func.count() > most - max(come.values()))
    )
    near = [author for author, _ in await connection.execute(query)]
    return {
        one: await _author(connection, one, start=max(0, most - come[one]), count=come[one])
        for one in near
    }


async def _author(connection: AsyncConnection, author: str, *, start: int, count: int) -> Author:
    """As many of somebody's times as those who come now can come to."""
    query = (
        select(message.c.created_at)
        .where(message.c.author == author)
        .order_by(message.c.id.desc())
        .offset(start)
        .limit(count)
    )
    return Author(start, tuple((await connection.execute(query)).scalars()))


async def _busy(
    connection: AsyncConnection, requests: Sequence[Request], most: int | None, *, at_once: int
) -> dict[str, Busy]:
    """The numbers that are full within the hour, or can be once `at_once` more have come."""
    if most is None:
        return {}
    since = min(one.at for one in requests) - HOUR
    found = {}
    for phones in chunks([phone for one in requests for phone in one.new.recipients]):
        query = (
            select(recipient.c.phone, func.count(), func.min(message.c.created_at))
            .select_from(recipient.join(message, message.c.id == recipient.c.message_id))
            .where(
                recipient.c.phone.in_(phones),
                recipient.c.state.not_in(WITHOUT_EFFECT),
                message.c.created_at > since,
            )
            .group_by(recipient.c.phone)
            .having(func.count() > most - at_once)
        )
        for phone, count, first in await connection.execute(query):
            found[phone] = Busy(count, first)
    return found
