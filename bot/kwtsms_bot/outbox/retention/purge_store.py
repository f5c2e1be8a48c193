"""What time erases: texts and numbers. Who, when, pages, credits and what became of it stay.

Each part is a short transaction, so that nobody waits for an erasure of any size.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import attempt, dedupe, message, number_cooldown, recipient
from kwtsms_bot.outbox.flow_control.cooldown import is_off_cooldown
from kwtsms_bot.outbox.message import ERASED, State
from kwtsms_bot.outbox.sql import (
    MAX_PARAMETERS,
    lock_messages,
    lock_rows,
    lock_unlocked,
    mark_changed,
    transition,
)

BATCH_SIZE = 1_000  # Recipients erased in one transaction.
PENDING_STATES = (State.QUEUED.value, State.CLAIMED.value, State.IN_FLIGHT.value)
# The first half is for the index of a message's numbers: what is erased stands before it.
HAS_NUMBER = (recipient.c.phone >= "0") & recipient.c.phone.not_like(f"{ERASED}%")
ERASURE_LOCK = "erasing"  # Two replicas that erase at once would wait for each other's rows.


class PurgeStore:
    """What the retention time asks for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def expire_overdue(self, before: datetime, now: datetime) -> int:
        """Gives up what is queued from before; how many recipients that were.

        It is past its expiry, and no worker has looked at it: sending is paused. Its card says so.
        """
        old = _older_than(before) & _with_recipient_in(State.QUEUED.value)
        count = 0
        while ids := await self._message_ids(old):
            queued = lock_unlocked(
                recipient.c.message_id.in_(ids), recipient.c.state == State.QUEUED.value
            )
            async with self._database.transaction() as connection:
                count += await transition(connection, [queued], State.EXPIRED, now)
                await mark_changed(connection, ids)
        return count

    async def erase(self, before: datetime) -> int:
        """Forgets texts and numbers of messages from before; how many messages that were.

        What is still to be sent is kept. What is unknown is not: nobody has decided in all the
        time; its card keeps the one that ends the matter.
        """
        ids = await self._message_ids(_older_than(before) & ~_with_recipient_in(*PENDING_STATES))
        some = (
            select(recipient.c.id)
            .where(recipient.c.message_id.in_(ids), HAS_NUMBER)
            .limit(BATCH_SIZE)
        )
        part = some.with_for_update(skip_locked=True)
        erased = BATCH_SIZE
        while ids and erased == BATCH_SIZE:
            async with self._database.transaction() as connection:
                await self._database.acquire_lock(connection, ERASURE_LOCK)
                await erase_statuses(connection, ids)
                erased = await erase_numbers(connection, recipient.c.id.in_(part))
                if erased < BATCH_SIZE:
                    await erase_texts(connection, ids)
        return len(ids)

    async def _message_ids(self, where: ColumnElement[bool]) -> Sequence[int]:
        """As many as fit into a statement."""
        async with self._database.reading() as connection:
            query = select(message.c.id).where(where).limit(MAX_PARAMETERS)
            return (await connection.execute(query)).scalars().all()

    async def purge_metadata(self, before: datetime) -> None:
        """Forgets numbers that are not hot any more, and the keys of requests from before."""
        off_cooldown = select(number_cooldown.c.phone).where(
            is_off_cooldown(self._database.now_expression)
        )
        unlocked = off_cooldown.with_for_update(skip_locked=True)  # Not by a call that leaves now.
        async with self._database.transaction() as connection:
            await connection.execute(
                delete(number_cooldown).where(number_cooldown.c.phone.in_(unlocked))
            )
            await connection.execute(delete(dedupe).where(dedupe.c.created_at < before))


async def erase_statuses(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Erases what kwtSMS has said of the calls of these messages."""
    calls = attempt.c.message_id.in_(ids)
    await lock_rows(connection, attempt.c.id, calls)
    await connection.execute(update(attempt).where(calls).values(status=None))


async def erase_numbers(connection: AsyncConnection, where: ColumnElement[bool]) -> int:
    """Erases the numbers of these recipients, and kwtSMS's words about them; how many.

    Not what is to be sent, even if somebody has only just decided so.
    """
    erased = await connection.execute(
        update(recipient)
        .where(where, recipient.c.state.not_in(PENDING_STATES))
        .values(phone=ERASED + cast(recipient.c.id, String), reason=None)
    )
    return erased.rowcount


async def erase_texts(connection: AsyncConnection, ids: Sequence[int]) -> int:
    """Erases the texts of those of these messages that go to nobody any more; how many.

    Whoever may still decide about one of them sees on its card that it is too late.
    """
    await lock_messages(connection, ids)
    remaining = select(recipient.c.id).where(recipient.c.message_id == message.c.id, HAS_NUMBER)
    erased = await connection.execute(
        update(message)
        .where(message.c.id.in_(ids), ~remaining.exists())
        .values(text=None, text_hash="")
    )
    undecided = select(recipient.c.message_id).where(
        recipient.c.message_id.in_(ids), recipient.c.state == State.UNKNOWN.value
    )
    await mark_changed(connection, (await connection.execute(undecided)).scalars().all())
    return erased.rowcount


def _older_than(before: datetime) -> ColumnElement[bool]:
    """Messages from before that have a text still; an index holds no others."""
    return (message.c.created_at < before) & message.c.text.is_not(None)


def _with_recipient_in(*states: str) -> ColumnElement[bool]:
    """Messages of which some recipient is in one of these states."""
    found = select(recipient.c.id).where(
        recipient.c.message_id == message.c.id, recipient.c.state.in_(states)
    )
    return found.exists()
