"""Erases texts and numbers after the retention time; keeps people, times, costs and outcomes.

Each part is a short transaction, so that nobody waits for an erasure of any size.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import (
    api_message,
    attempt,
    dedupe,
    message,
    number_cooldown,
    recipient,
)
from kwtsms_bot.outbox.flow_control.cooldown import is_off_cooldown
from kwtsms_bot.outbox.message import ERASED
from kwtsms_bot.outbox.rows import HAS_NUMBER
from kwtsms_bot.outbox.sql import (
    MAX_PARAMETERS,
    lock_messages,
    lock_rows,
    lock_unlocked,
    mark_changed,
    transition,
)
from kwtsms_bot.outbox.states import State

BATCH_SIZE = 1_000  # Recipients erased in one transaction.
PENDING_STATES = (State.QUEUED.value, State.CLAIMED.value, State.IN_FLIGHT.value)
ERASURE_LOCK = "erasing"  # Two replicas that erase at once would wait for each other's rows.


class PurgeStore:
    """Store of what the retention time erases."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def expire_overdue(self, before: datetime, now: datetime) -> int:
        """Expires what is queued in messages from before then; returns how many recipients.

        They are past their expiry, and no worker has expired them because sending is paused.
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
        """Erases texts and numbers of messages from before then; returns how many messages.

        Messages still to be sent are kept. Unknown ones are not, as nobody has decided in all that
        time; they can still be marked as sent.
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
        """Returns as many matching message IDs as fit into one statement."""
        async with self._database.reading() as connection:
            query = select(message.c.id).where(where).limit(MAX_PARAMETERS)
            return (await connection.execute(query)).scalars().all()

    async def purge_metadata(self, before: datetime) -> None:
        """Deletes cooldowns that have ended, and keys of requests from before then."""
        off_cooldown = select(number_cooldown.c.phone).where(
            is_off_cooldown(self._database.now_expression)
        )
        unlocked = off_cooldown.with_for_update(skip_locked=True)  # By no call that leaves now.
        async with self._database.transaction() as connection:
            await connection.execute(
                delete(number_cooldown).where(number_cooldown.c.phone.in_(unlocked))
            )
            await connection.execute(delete(dedupe).where(dedupe.c.created_at < before))


async def erase_statuses(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Erases kwtSMS's statuses of these messages' calls."""
    calls = attempt.c.message_id.in_(ids)
    await lock_rows(connection, attempt.c.id, calls)
    await connection.execute(update(attempt).where(calls).values(status=None))


async def erase_numbers(connection: AsyncConnection, where: ColumnElement[bool]) -> int:
    """Erases the numbers of these recipients and their reasons; returns how many.

    Skips recipients that are to be sent to, even if somebody has only just decided so.
    """
    erased = await connection.execute(
        update(recipient)
        .where(where, recipient.c.state.not_in(PENDING_STATES))
        .values(phone=ERASED + cast(recipient.c.id, String), reason=None)
    )
    return erased.rowcount


async def erase_texts(connection: AsyncConnection, ids: Sequence[int]) -> int:
    """Erases the texts of those of these messages that have no number left; returns how many.

    An application's own name for such a message is erased with it.

    Cards of unknown messages are updated, to show that they can no longer be sent again.
    """
    await lock_messages(connection, ids)
    remaining = select(recipient.c.id).where(recipient.c.message_id == message.c.id, HAS_NUMBER)
    erased = await connection.execute(
        update(message)
        .where(message.c.id.in_(ids), ~remaining.exists())
        .values(text=None, text_hash="")
    )
    without_text = select(message.c.id).where(message.c.id.in_(ids), message.c.text.is_(None))
    await connection.execute(
        update(api_message).where(api_message.c.message_id.in_(without_text)).values(reference=None)
    )
    undecided = select(recipient.c.message_id).where(
        recipient.c.message_id.in_(ids), recipient.c.state == State.UNKNOWN.value
    )
    await mark_changed(connection, (await connection.execute(undecided)).scalars().all())
    return erased.rowcount


def _older_than(before: datetime) -> ColumnElement[bool]:
    """The condition for messages from before then that still have a text; an index serves it."""
    return (message.c.created_at < before) & message.c.text.is_not(None)


def _with_recipient_in(*states: str) -> ColumnElement[bool]:
    """The condition for messages with a recipient in one of these states."""
    found = select(recipient.c.id).where(
        recipient.c.message_id == message.c.id, recipient.c.state.in_(states)
    )
    return found.exists()
