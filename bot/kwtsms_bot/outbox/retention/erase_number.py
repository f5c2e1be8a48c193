"""Erases one number from every table, at a person's request. Drops nothing that is to be sent.

Texts that name it are searched for first, while others write. What is erased and what is kept is
then decided in one transaction, which a preview rolls back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import message, number_cooldown, recipient
from kwtsms_bot.outbox.audit import AuditEntry, add_entries
from kwtsms_bot.outbox.quota.usage_store import CreditChange, add_credits
from kwtsms_bot.outbox.retention.alerts import mask_in_alerts
from kwtsms_bot.outbox.retention.masking import (
    KeptNumber,
    clear_hashes,
    discard_drafts,
    find_matches,
    mask_pause_reasons,
    mask_reasons,
    mask_texts,
)
from kwtsms_bot.outbox.retention.number_pattern import NumberPattern
from kwtsms_bot.outbox.retention.purge_store import (
    ERASURE_LOCK,
    PENDING_STATES,
    erase_numbers,
    erase_statuses,
    erase_texts,
)
from kwtsms_bot.outbox.retention.request_keys import mask_in_answers
from kwtsms_bot.outbox.sql import (
    chunks,
    lock_messages,
    lock_rows,
    mark_changed,
    transition,
)
from kwtsms_bot.outbox.states import State
from kwtsms_client import mask

BATCH_SIZE = 1_000  # Texts in memory at a time.
# The newest are checked again: uncommitted ones were not visible to the search.
RECHECKED_MESSAGES = 1_000


@dataclass(frozen=True, slots=True)
class Erased:
    """The result of an erasure; `phone` is masked."""

    phone: str
    messages: int  # To it: it is no longer among their recipients.
    texts: int  # Of these, erased: they went to nobody else.
    unknown: int  # Of these messages: they can no longer be sent again.
    named: int  # Texts to others in which it was masked.
    alerts: int  # Alerts and incidents in which it was masked.
    answers: int  # Answers to applications, and their references, in which it was masked.
    drafts: int  # Discarded: they waited for a decision.
    cancelled: int  # Cancelled before they left.
    kept: tuple[KeptNumber, ...]  # Still to be sent to it, or unsettled and naming it.

    @property
    def is_empty(self) -> bool:
        """Whether the number was found nowhere."""
        found = (self.messages, self.named, self.alerts, self.answers, self.drafts, self.cancelled)
        return not (any(found) or self.kept)


class NumberEraser:
    """Eraser of a number, at the request of the person who has it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def erase_number(
        self, phone: str, now: datetime, *, actor: str, cancel: bool = False
    ) -> Erased:
        """Erases the number wherever it is; with `cancel`, first cancels what is queued to it.

        The audit log records it, with the number masked.
        """
        suspects = await self._suspects(phone)
        async with self._database.transaction() as connection:
            await self._database.acquire_lock(connection, ERASURE_LOCK)
            found = await _erase_number(connection, phone, now, suspects, cancel=cancel)
            await add_entries(connection, _audit_entry(found, actor, now))
        return found

    async def preview_erasure(self, phone: str, now: datetime, *, cancel: bool = False) -> Erased:
        """Returns what `erase_number` would do; changes nothing."""
        suspects = await self._suspects(phone)
        async with self._database.transaction() as connection:
            savepoint = await connection.begin_nested()
            found = await _erase_number(connection, phone, now, suspects, cancel=cancel)
            await savepoint.rollback()
        return found

    async def _suspects(self, phone: str) -> list[ColumnElement[bool]]:
        """Returns conditions that select, in parts, the messages whose text may name the number.

        No SQL knows all the ways to write a number, so every text is read once, without blocking
        anybody.
        """
        pattern = NumberPattern(phone)
        texts = select(message.c.id, message.c.text).where(message.c.text.is_not(None))
        async with self._database.reading() as connection:
            newest = (await connection.execute(select(func.max(message.c.id)))).scalar() or 0
            rows = await connection.stream(texts.execution_options(yield_per=BATCH_SIZE))
            ids = [
                row.id
                async for part in rows.partitions(BATCH_SIZE)
                for row in part
                if pattern.is_in(row.text)
            ]
        return [
            message.c.id > newest - RECHECKED_MESSAGES,
            *(message.c.id.in_(part) for part in chunks(ids)),
        ]


def _audit_entry(found: Erased, actor: str, now: datetime) -> AuditEntry:
    detail = (
        f"messages {found.messages}, texts {found.texts}, named {found.named}, "
        f"alerts {found.alerts}, answers {found.answers}, "
        f"drafts {found.drafts}, cancelled {found.cancelled}, kept {len(found.kept)}"
    )
    return AuditEntry(now, actor, "forget", "allowed", found.phone, detail)


async def _erase_number(
    connection: AsyncConnection,
    phone: str,
    now: datetime,
    suspects: Sequence[ColumnElement[bool]],
    *,
    cancel: bool,
) -> Erased:
    pattern = NumberPattern(phone)
    for part in chunks(await _settled_messages(connection, phone)):
        await erase_statuses(connection, part)
    await lock_rows(connection, recipient.c.id, recipient.c.phone == phone)
    refunds = await _cancel_queued(connection, phone, now) if cancel else []
    pending = await _messages_with(
        connection, (recipient.c.phone == phone) & _in_states(*PENDING_STATES)
    )
    unknown = await _messages_with(
        connection, (recipient.c.phone == phone) & _in_states(State.UNKNOWN.value)
    )
    await connection.execute(delete(number_cooldown).where(number_cooldown.c.phone == phone))
    settled = await _settled_messages(connection, phone)  # And what was cancelled just now.
    for part in chunks(settled):
        await mask_reasons(connection, part, pattern)
    matches = await find_matches(connection, pattern, suspects)
    await lock_messages(connection, [*settled, *(row.id for row in matches)])
    messages, texts = await _erase_recipients(connection, phone, settled)
    named, unsettled = await mask_texts(connection, matches, pattern)
    alerts = await mask_in_alerts(connection, phone, pattern)
    answers = await mask_in_answers(connection, pattern)
    drafts = await discard_drafts(connection, phone, pattern)
    await mask_pause_reasons(connection, pattern)
    await add_credits(connection, refunds)
    kept = {one.ref: one for one in (*unsettled, *pending)}
    return Erased(
        phone=mask(phone),
        messages=messages,
        texts=texts,
        unknown=len(unknown),
        named=named,
        alerts=alerts,
        answers=answers,
        drafts=drafts,
        cancelled=len(refunds),
        kept=tuple(kept.values()),
    )


def _in_states(*states: str) -> ColumnElement[bool]:
    return recipient.c.state.in_(states)


async def _messages_with(
    connection: AsyncConnection, where: ColumnElement[bool]
) -> list[KeptNumber]:
    """Returns the messages with such recipients."""
    query = (
        select(message.c.ref, recipient.c.state)
        .join_from(recipient, message)
        .where(where)
        .order_by(recipient.c.id)
    )
    return [KeptNumber(row.ref, row.state) for row in await connection.execute(query)]


async def _cancel_queued(
    connection: AsyncConnection, phone: str, now: datetime
) -> list[CreditChange]:
    """Cancels what is queued to the number, and to no other; returns the refunds."""
    query = (
        select(recipient.c.id, message.c.pages, message.c.created_at, message.c.budget)
        .join_from(recipient, message)
        .where(recipient.c.phone == phone, _in_states(State.QUEUED.value))
        .order_by(recipient.c.id)
    )
    return [
        CreditChange(-row.pages, row.created_at, row.budget)
        for row in (await connection.execute(query)).all()
        if await transition(
            connection, [recipient.c.id == row.id], State.CANCELLED, now, reason=None, code=None
        )
    ]


async def _erase_recipients(
    connection: AsyncConnection, phone: str, ids: Sequence[int]
) -> tuple[int, int]:
    """Erases it from its messages; returns how many those are, and how many lost their text."""
    messages = await erase_numbers(connection, recipient.c.phone == phone)
    texts = 0
    for part in chunks(ids):
        texts += await erase_texts(connection, part)
    await clear_hashes(connection, ids)
    await mark_changed(connection, ids)  # So that their cards show it.
    return messages, texts


async def _settled_messages(connection: AsyncConnection, phone: str) -> Sequence[int]:
    """Returns the messages to the number in which its recipient is not pending."""
    query = select(recipient.c.message_id).where(
        recipient.c.phone == phone, ~_in_states(*PENDING_STATES)
    )
    return (await connection.execute(query)).scalars().all()
