"""What has been sent lately, asked inside the transaction that accepts more."""

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot import kuwait
from kwtsms_bot.database.tables import message, recipient, spending
from kwtsms_bot.outbox.limits import HOUR, Allowance, OverLimit, Usage, breach
from kwtsms_bot.outbox.message import NewMessage, State
from kwtsms_bot.outbox.store.base import chunks

# What never reached a phone counts for no phone.
WITHOUT_EFFECT = (State.CANCELLED.value, State.REJECTED.value, State.EXPIRED.value)


async def spend(
    connection: AsyncConnection, new: NewMessage, now: datetime, allowance: Allowance
) -> None:
    """Puts the message on today's account; whoever holds the transaction holds the figures.

    Raises:
        OverLimit: it would be too much.
    """
    needed = new.pages * len(new.recipients)
    usage = Usage(
        author_since=await _author_since(connection, new, now, allowance.messages_per_hour),
        busiest_since=await _busiest_since(connection, new, now, allowance.per_number_per_hour),
        spent_today=await spent(connection, now),
    )
    over = breach(allowance, usage, needed, kuwait.midnight_after(now))
    if over is not None:
        raise OverLimit(over)
    await add(connection, needed, now)


async def add(connection: AsyncConnection, amount: int, at: datetime) -> None:
    """Adds credits to the day of `at`; fewer than none takes them back."""
    changed = await connection.execute(
        update(spending)
        .where(spending.c.day == _day(at))
        .values(credits=spending.c.credits + amount)
    )
    if changed.rowcount == 0:
        await connection.execute(insert(spending).values(day=_day(at), credits=max(0, amount)))


async def spent(connection: AsyncConnection, now: datetime) -> int:
    """The credits accepted since midnight in Kuwait, less what was cancelled."""
    query = select(spending.c.credits).where(spending.c.day == _day(now))
    return (await connection.execute(query)).scalar() or 0


def _day(at: datetime) -> str:
    return at.astimezone(kuwait.ZONE).date().isoformat()


async def _author_since(
    connection: AsyncConnection, new: NewMessage, now: datetime, most: int | None
) -> datetime | None:
    """When the oldest of the author's last `most` messages was sent, if that is within the hour."""
    if most is None:
        return None
    query = (
        select(message.c.created_at)
        .where(message.c.author == new.author)
        .order_by(message.c.id.desc())
        .offset(most - 1)
        .limit(1)
    )
    since: datetime | None = (await connection.execute(query)).scalar()
    return since if since is not None and since > now - HOUR else None


async def _busiest_since(
    connection: AsyncConnection, new: NewMessage, now: datetime, most: int | None
) -> datetime | None:
    """When a number that has had `most` messages within the hour got the first of them."""
    if most is None:
        return None
    for phones in chunks(new.recipients):
        first = func.min(message.c.created_at)
        query = (
            select(first)
            .select_from(recipient.join(message, message.c.id == recipient.c.message_id))
            .where(
                recipient.c.phone.in_(phones),
                recipient.c.state.not_in(WITHOUT_EFFECT),
                message.c.created_at > now - HOUR,
            )
            .group_by(recipient.c.phone)
            .having(func.count() >= most)
            .order_by(first.desc())
            .limit(1)
        )
        found: datetime | None = (await connection.execute(query)).scalar()
        if found is not None:
            return found
    return None
