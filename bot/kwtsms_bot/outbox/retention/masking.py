"""Masks one number in texts and reasons, and discards drafts that name it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import dedupe, draft, message, recipient, switch
from kwtsms_bot.outbox.retention.number_pattern import NumberPattern
from kwtsms_bot.outbox.retention.purge_store import PENDING_STATES
from kwtsms_bot.outbox.sql import chunks, mark_changed
from kwtsms_bot.outbox.states import State

# Their texts may still be sent, word for word.
UNSETTLED_STATES = (*PENDING_STATES, State.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class KeptNumber:
    """A message from which the number cannot be erased yet, and the state that prevents it."""

    ref: str
    state: str


async def find_matches(
    connection: AsyncConnection, pattern: NumberPattern, suspects: Sequence[ColumnElement[bool]]
) -> list[Any]:
    """Returns the messages among the suspects whose text names it, in any notation."""
    query = select(message.c.id, message.c.ref, message.c.text).where(message.c.text.is_not(None))
    rows = [row for part in suspects for row in (await connection.execute(query.where(part))).all()]
    return list({row.id: row for row in rows if pattern.is_in(row.text)}.values())


async def mask_texts(
    connection: AsyncConnection, rows: Sequence[Any], pattern: NumberPattern
) -> tuple[int, list[KeptNumber]]:
    """Masks it in texts to others; a text that may still be sent is kept as it is."""
    masked, kept = [], []
    for row in rows:
        states = select(recipient.c.state).where(
            recipient.c.message_id == row.id, recipient.c.state.in_(UNSETTLED_STATES)
        )
        state = (await connection.execute(states.limit(1))).scalar()
        if state is not None:
            kept.append(KeptNumber(row.ref, state))
            continue
        unerased = (message.c.id == row.id) & message.c.text.is_not(None)  # Not erased just now.
        changed = (
            update(message).where(unerased).values(text=pattern.mask_in(row.text), text_hash="")
        )
        if (await connection.execute(changed)).rowcount:
            masked.append(row.id)
    await clear_hashes(connection, masked)
    await mark_changed(connection, masked)
    return len(masked), kept


async def mask_reasons(
    connection: AsyncConnection, ids: Sequence[int], pattern: NumberPattern
) -> None:
    """Masks it in the reasons of these messages' other recipients.

    A refusal by kwtSMS may name one number, and is the reason of all recipients.
    """
    of_messages = recipient.c.message_id.in_(ids)
    query = (
        select(recipient.c.reason).where(of_messages, recipient.c.reason.is_not(None)).distinct()
    )
    for reason in (await connection.execute(query)).scalars().all():
        if pattern.is_in(reason):
            changed = update(recipient).where(of_messages, recipient.c.reason == reason)
            await connection.execute(changed.values(reason=pattern.mask_in(reason)))


async def clear_hashes(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Clears the content hashes of these messages.

    Anyone who knows the rest of a request could find the number by trying hashes.
    """
    for part in chunks(ids):
        await connection.execute(
            update(dedupe).where(dedupe.c.message_id.in_(part)).values(content_hash="")
        )


async def discard_drafts(connection: AsyncConnection, phone: str, pattern: NumberPattern) -> int:
    """Discards the drafts that name the number; returns how many.

    A draft goes as a whole: a second person approves exactly the numbers that they were shown.
    """
    rows = await connection.execute(select(draft.c.token, draft.c.phones, draft.c.text))
    tokens = [
        row.token for row in rows if phone in row.phones.split(",") or pattern.is_in(row.text)
    ]
    return await _delete_drafts(connection, tokens)


async def _delete_drafts(connection: AsyncConnection, tokens: Sequence[str]) -> int:
    deleted = [
        await connection.execute(delete(draft).where(draft.c.token.in_(part)))
        for part in chunks(tokens)
    ]
    return sum(one.rowcount for one in deleted)


async def mask_pause_reasons(connection: AsyncConnection, pattern: NumberPattern) -> None:
    """Masks it in the reason for a pause, which an administrator wrote."""
    for row in (await connection.execute(select(switch.c.name, switch.c.reason))).all():
        changed = update(switch).where(switch.c.name == row.name)
        await connection.execute(changed.values(reason=pattern.mask_in(row.reason)))
