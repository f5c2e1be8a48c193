"""One number, masked or dropped where it stands among words: texts, refusals, drafts, reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import dedupe, draft, message, recipient, switch
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.naming import Naming
from kwtsms_bot.outbox.store.base import chunks, touch
from kwtsms_bot.outbox.store.erasing import UNDER_WAY

UNSETTLED = (*UNDER_WAY, State.UNKNOWN.value)  # Their texts may be sent yet, word by word.


@dataclass(frozen=True, slots=True)
class Kept:
    """What cannot be erased yet: a message, and how it stands."""

    ref: str
    state: str


async def that_name(
    connection: AsyncConnection, naming: Naming, suspects: Sequence[ColumnElement[bool]]
) -> list[Any]:
    """The messages among these whose text names it, however it is written there."""
    query = select(message.c.id, message.c.ref, message.c.text).where(message.c.text.is_not(None))
    rows = [row for part in suspects for row in (await connection.execute(query.where(part))).all()]
    return list({row.id: row for row in rows if naming.within(row.text)}.values())


async def mask_texts(
    connection: AsyncConnection, rows: Sequence[Any], naming: Naming
) -> tuple[int, list[Kept]]:
    """Masks it in texts to others; where a text may be sent yet, it is kept as it is."""
    named, kept = [], []
    for row in rows:
        states = select(recipient.c.state).where(
            recipient.c.message_id == row.id, recipient.c.state.in_(UNSETTLED)
        )
        state = (await connection.execute(states.limit(1))).scalar()
        if state is not None:
            kept.append(Kept(row.ref, state))
            continue
        there = (message.c.id == row.id) & message.c.text.is_not(None)  # Not erased just now.
        changed = update(message).where(there).values(text=naming.masked(row.text), text_hash="")
        if (await connection.execute(changed)).rowcount:
            named.append(row.id)
    await without_hashes(connection, named)
    await touch(connection, named)
    return len(named), kept


async def mask_words(connection: AsyncConnection, ids: Sequence[int], naming: Naming) -> None:
    """Masks it in what kwtSMS said of the others: a refusal of one number is told of them all."""
    here = recipient.c.message_id.in_(ids)
    query = select(recipient.c.reason).where(here, recipient.c.reason.is_not(None)).distinct()
    for reason in (await connection.execute(query)).scalars().all():
        if naming.within(reason):
            changed = update(recipient).where(here, recipient.c.reason == reason)
            await connection.execute(changed.values(reason=naming.masked(reason)))


async def without_hashes(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Whoever knows the rest of a request could find the number that makes its hash."""
    for part in chunks(ids):
        await connection.execute(
            update(dedupe).where(dedupe.c.message_id.in_(part)).values(content_hash="")
        )


async def drop_drafts(connection: AsyncConnection, phone: str, naming: Naming) -> int:
    """Whole ones: a second person does not say yes to other numbers than they were shown."""
    rows = await connection.execute(select(draft.c.token, draft.c.phones, draft.c.text))
    tokens = [
        row.token for row in rows if phone in row.phones.split(",") or naming.within(row.text)
    ]
    return await _dropped(connection, tokens)


async def _dropped(connection: AsyncConnection, tokens: Sequence[str]) -> int:
    gone = [
        await connection.execute(delete(draft).where(draft.c.token.in_(part)))
        for part in chunks(tokens)
    ]
    return sum(one.rowcount for one in gone)


async def mask_reason(connection: AsyncConnection, naming: Naming) -> None:
    """Why sending is paused is an administrator's own words."""
    for row in (await connection.execute(select(switch.c.name, switch.c.reason))).all():
        changed = update(switch).where(switch.c.name == row.name)
        await connection.execute(changed.values(reason=naming.masked(row.reason)))
