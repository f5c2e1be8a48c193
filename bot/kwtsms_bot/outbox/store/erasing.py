"""What time erases: texts and numbers. Who, when, pages, credits and what became of it stay.

Each part is a short transaction, so that nobody waits for an erasure of any size.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import attempt, dedupe, hot_number, message, recipient
from kwtsms_bot.outbox.message import ERASED, State
from kwtsms_bot.outbox.store.base import PARAMETERS, Base, free, hold, hold_messages, move, touch
from kwtsms_bot.outbox.store.heat import has_rested

PART = 1_000  # Recipients erased in one transaction.
UNDER_WAY = (State.QUEUED.value, State.CLAIMED.value, State.IN_FLIGHT.value)
# The first half is for the index of a message's numbers: what is erased stands before it.
NUMBERED = (recipient.c.phone >= "0") & recipient.c.phone.not_like(f"{ERASED}%")
ERASING = "erasing"  # Two replicas that erase at once would wait for each other's rows.


class Erasing(Base):
    """What the retention time asks for."""

    async def give_up(self, before: datetime, now: datetime) -> int:
        """Gives up what is queued from before; how many recipients that were.

        It is past its expiry, and no worker has looked at it: sending is paused. Its card says so.
        """
        old = _old(before) & _some(State.QUEUED.value)
        count = 0
        while ids := await self._messages(old):
            queued = free(recipient.c.message_id.in_(ids), recipient.c.state == State.QUEUED.value)
            async with self.database.transaction() as connection:
                count += await move(connection, [queued], State.EXPIRED, now)
                await touch(connection, ids)
        return count

    async def erase(self, before: datetime) -> int:
        """Forgets texts and numbers of messages from before; how many messages that were.

        What is still to be sent is kept. What is unknown is not: nobody has decided in all the
        time; its card keeps the one that ends the matter.
        """
        ids = await self._messages(_old(before) & ~_some(*UNDER_WAY))
        some = select(recipient.c.id).where(recipient.c.message_id.in_(ids), NUMBERED).limit(PART)
        part = some.with_for_update(skip_locked=True)
        erased = PART
        while ids and erased == PART:
            async with self.database.transaction() as connection:
                await self.database.one_at_a_time(connection, ERASING)
                await without_words(connection, ids)
                erased = await without_numbers(connection, recipient.c.id.in_(part))
                if erased < PART:
                    await without_texts(connection, ids)
        return len(ids)

    async def _messages(self, where: ColumnElement[bool]) -> Sequence[int]:
        """As many as fit into a statement."""
        async with self.database.reading() as connection:
            query = select(message.c.id).where(where).limit(PARAMETERS)
            return (await connection.execute(query)).scalars().all()

    async def drop_traces(self, before: datetime) -> None:
        """Forgets numbers that are not hot any more, and the keys of requests from before."""
        rested = select(hot_number.c.phone).where(has_rested(self.clock))
        unmarked = rested.with_for_update(skip_locked=True)  # Not by a call that leaves now.
        async with self.database.transaction() as connection:
            await connection.execute(delete(hot_number).where(hot_number.c.phone.in_(unmarked)))
            await connection.execute(delete(dedupe).where(dedupe.c.created_at < before))


async def without_words(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Erases what kwtSMS has said of the calls of these messages."""
    calls = attempt.c.message_id.in_(ids)
    await hold(connection, attempt.c.id, calls)
    await connection.execute(update(attempt).where(calls).values(status=None))


async def without_numbers(connection: AsyncConnection, where: ColumnElement[bool]) -> int:
    """Erases the numbers of these recipients, and kwtSMS's words about them; how many.

    Not what is to be sent, even if somebody has only just decided so.
    """
    erased = await connection.execute(
        update(recipient)
        .where(where, recipient.c.state.not_in(UNDER_WAY))
        .values(phone=ERASED + cast(recipient.c.id, String), reason=None)
    )
    return erased.rowcount


async def without_texts(connection: AsyncConnection, ids: Sequence[int]) -> int:
    """Erases the texts of those of these messages that go to nobody any more; how many.

    Whoever may still decide about one of them sees on its card that it is too late.
    """
    await hold_messages(connection, ids)
    going = select(recipient.c.id).where(recipient.c.message_id == message.c.id, NUMBERED)
    erased = await connection.execute(
        update(message)
        .where(message.c.id.in_(ids), ~going.exists())
        .values(text=None, text_hash="")
    )
    undecided = select(recipient.c.message_id).where(
        recipient.c.message_id.in_(ids), recipient.c.state == State.UNKNOWN.value
    )
    await touch(connection, (await connection.execute(undecided)).scalars().all())
    return erased.rowcount


def _old(before: datetime) -> ColumnElement[bool]:
    """Messages from before that have a text still; an index holds no others."""
    return (message.c.created_at < before) & message.c.text.is_not(None)


def _some(*states: str) -> ColumnElement[bool]:
    """Messages of which some recipient is in one of these states."""
    found = select(recipient.c.id).where(
        recipient.c.message_id == message.c.id, recipient.c.state.in_(states)
    )
    return found.exists()
