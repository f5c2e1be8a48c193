"""One number, erased from every table at a person's word. What is to be sent is never dropped.

Texts that name it are looked for first, while others write. What is erased and what is kept is
then decided in one transaction; a rehearsal undoes it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import hot_number, message, recipient
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.naming import Naming
from kwtsms_bot.outbox.store.audit import AuditEntry, note
from kwtsms_bot.outbox.store.base import Base, chunks, hold, hold_messages, move, touch
from kwtsms_bot.outbox.store.erasing import (
    ERASING,
    UNDER_WAY,
    without_numbers,
    without_texts,
    without_words,
)
from kwtsms_bot.outbox.store.masking import (
    Kept,
    drop_drafts,
    mask_reason,
    mask_texts,
    mask_words,
    that_name,
    without_hashes,
)
from kwtsms_bot.outbox.store.usage import Change, add
from kwtsms_client import mask

PART = 1_000  # Texts in memory at a time.
# The newest are looked at again: whoever had a number and had not committed was not seen.
LATELY = 1_000


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of a number; `phone` is masked."""

    phone: str
    messages: int  # That went to it: it is not among their recipients any more.
    texts: int  # Of these, erased: they went to nobody else.
    unknown: int  # Of these messages: nobody can decide any more to send it again.
    named: int  # Texts to others in which it was masked.
    drafts: int  # Thrown away: they waited for a yes.
    cancelled: int  # Taken back before they left.
    kept: tuple[Kept, ...]  # Still to be sent to it, or naming it and not settled.

    @property
    def nothing(self) -> bool:
        """Whether there was nothing of it."""
        return not (self.messages or self.named or self.drafts or self.cancelled or self.kept)


class Forgetting(Base):
    """What a person who wants to be forgotten may ask for."""

    async def forget(
        self, phone: str, now: datetime, *, actor: str, cancel: bool = False
    ) -> Forgotten:
        """Erases the number wherever it is; with `cancel`, takes back first what is queued to it.

        The ledger says so, without the number.
        """
        suspects = await self._naming(phone)
        async with self.database.transaction() as connection:
            await self.database.one_at_a_time(connection, ERASING)
            found = await _forget(connection, phone, now, suspects, cancel=cancel)
            await note(connection, _line(found, actor, now))
        return found

    async def rehearse_forgetting(
        self, phone: str, now: datetime, *, cancel: bool = False
    ) -> Forgotten:
        """What `forget` would do; nothing is changed."""
        suspects = await self._naming(phone)
        async with self.database.transaction() as connection:
            rehearsal = await connection.begin_nested()
            found = await _forget(connection, phone, now, suspects, cancel=cancel)
            await rehearsal.rollback()
        return found

    async def _naming(self, phone: str) -> list[ColumnElement[bool]]:
        """The messages whose text may name it, in parts.

        No SQL knows all the ways to write a number, so every text is read once, and keeps nobody
        waiting.
        """
        naming = Naming(phone)
        texts = select(message.c.id, message.c.text).where(message.c.text.is_not(None))
        async with self.database.reading() as connection:
            newest = (await connection.execute(select(func.max(message.c.id)))).scalar() or 0
            rows = await connection.stream(texts.execution_options(yield_per=PART))
            ids = [
                row.id
                async for part in rows.partitions(PART)
                for row in part
                if naming.within(row.text)
            ]
        return [message.c.id > newest - LATELY, *(message.c.id.in_(part) for part in chunks(ids))]


def _line(found: Forgotten, actor: str, now: datetime) -> AuditEntry:
    detail = (
        f"messages {found.messages}, texts {found.texts}, named {found.named}, "
        f"drafts {found.drafts}, cancelled {found.cancelled}, kept {len(found.kept)}"
    )
    return AuditEntry(now, actor, "forget", "allowed", found.phone, detail)


async def _forget(
    connection: AsyncConnection,
    phone: str,
    now: datetime,
    suspects: Sequence[ColumnElement[bool]],
    *,
    cancel: bool,
) -> Forgotten:
    naming = Naming(phone)
    for part in chunks(await _settled(connection, phone)):
        await without_words(connection, part)
    await hold(connection, recipient.c.id, recipient.c.phone == phone)
    refunds = await _cancel(connection, phone, now) if cancel else []
    waiting = await _with(connection, (recipient.c.phone == phone) & _in(*UNDER_WAY))
    unknown = await _with(connection, (recipient.c.phone == phone) & _in(State.UNKNOWN.value))
    await connection.execute(delete(hot_number).where(hot_number.c.phone == phone))
    settled = await _settled(connection, phone)  # And what was taken back just now.
    for part in chunks(settled):
        await mask_words(connection, part, naming)
    naming_it = await that_name(connection, naming, suspects)
    await hold_messages(connection, [*settled, *(row.id for row in naming_it)])
    messages, texts = await _erase(connection, phone, settled)
    named, unsettled = await mask_texts(connection, naming_it, naming)
    drafts = await drop_drafts(connection, phone, naming)
    await mask_reason(connection, naming)
    await add(connection, refunds)
    kept = {one.ref: one for one in (*unsettled, *waiting)}
    return Forgotten(
        phone=mask(phone),
        messages=messages,
        texts=texts,
        unknown=len(unknown),
        named=named,
        drafts=drafts,
        cancelled=len(refunds),
        kept=tuple(kept.values()),
    )


def _in(*states: str) -> ColumnElement[bool]:
    return recipient.c.state.in_(states)


async def _with(connection: AsyncConnection, where: ColumnElement[bool]) -> list[Kept]:
    """The messages with such recipients."""
    query = (
        select(message.c.ref, recipient.c.state)
        .join_from(recipient, message)
        .where(where)
        .order_by(recipient.c.id)
    )
    return [Kept(row.ref, row.state) for row in await connection.execute(query)]


async def _cancel(connection: AsyncConnection, phone: str, now: datetime) -> list[Change]:
    """Takes back what has not left; the credits of each. Nobody else's is touched."""
    query = (
        select(recipient.c.id, message.c.pages, message.c.created_at)
        .join_from(recipient, message)
        .where(recipient.c.phone == phone, _in(State.QUEUED.value))
        .order_by(recipient.c.id)
    )
    return [
        (-row.pages, row.created_at)
        for row in (await connection.execute(query)).all()
        if await move(
            connection, [recipient.c.id == row.id], State.CANCELLED, now, reason=None, code=None
        )
    ]


async def _erase(connection: AsyncConnection, phone: str, ids: Sequence[int]) -> tuple[int, int]:
    """From how many messages it is gone, and how many of those have no text any more."""
    messages = await without_numbers(connection, recipient.c.phone == phone)
    texts = 0
    for part in chunks(ids):
        texts += await without_texts(connection, part)
    await without_hashes(connection, ids)
    await touch(connection, ids)  # Their cards say so, too.
    return messages, texts


async def _settled(connection: AsyncConnection, phone: str) -> Sequence[int]:
    """The messages that have been to it, or will not go."""
    query = select(recipient.c.message_id).where(recipient.c.phone == phone, ~_in(*UNDER_WAY))
    return (await connection.execute(query)).scalars().all()
