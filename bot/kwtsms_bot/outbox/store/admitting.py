"""The statements that let messages in: a handful for all who come together, not for each.

What is refused has written nothing.
"""

import secrets
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import dedupe, message, recipient
from kwtsms_bot.outbox.admission import Request
from kwtsms_bot.outbox.limits import Allowance, OverLimit
from kwtsms_bot.outbox.message import DedupeKey, Message, Standing, State
from kwtsms_bot.outbox.store.audit import accepted, note
from kwtsms_bot.outbox.store.loading import FIRST, load
from kwtsms_bot.outbox.store.switches import Paused, pause_of
from kwtsms_bot.outbox.store.usage import add, read_past

REF_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # None that is mistaken for another.
REF_LENGTH = 7
ROWS = 1000  # Written at a time: 100,000 recipients are never in memory as rows.


class KeyReused(Exception):
    """The same key came with another content: it is not the same request."""


class Accepted:
    """What was accepted, and whether it is new or was accepted before."""

    __slots__ = ("fresh", "message")

    def __init__(self, message: Message, *, fresh: bool) -> None:
        self.message = message
        self.fresh = fresh


Answer = Accepted | KeyReused | OverLimit | Paused


async def admit(
    connection: AsyncConnection, requests: Sequence[Request], allowance: Allowance
) -> list[Answer]:
    """What becomes of each of them, in their order. No two of them have the same key."""
    answers = await _known(connection, requests)
    pause = await pause_of(connection)
    past = await read_past(connection, requests, allowance)
    let_in = []
    for number, request in enumerate(requests):
        if number in answers:
            continue
        over = past.breach(request, allowance)
        if pause is not None:
            answers[number] = Paused(pause)
        elif over is not None:
            answers[number] = OverLimit(over)
        else:
            past.let_in(request)
            let_in.append(number)
    made = await _write(connection, [requests[number] for number in let_in])
    answers |= {n: Accepted(one, fresh=True) for n, one in zip(let_in, made, strict=True)}
    return [answers[number] for number in range(len(requests))]


async def _known(connection: AsyncConnection, requests: Sequence[Request]) -> dict[int, Answer]:
    """The answers to those whose key was used before."""
    keys = [one.new.key for one in requests if one.new.key is not None]
    found: dict[DedupeKey, Row[Any]] = {}
    for scope in {key.scope for key in keys}:
        query = select(dedupe).where(
            dedupe.c.scope == scope, dedupe.c.key.in_([k.key for k in keys if k.scope == scope])
        )
        rows = await connection.execute(query)
        found |= {DedupeKey(scope, row.key): row for row in rows}
    answers: dict[int, Answer] = {}
    for number, request in enumerate(requests):
        row = found.get(request.new.key) if request.new.key else None
        if row is not None:
            answers[number] = await _as_before(connection, request, row)
    return answers


async def _as_before(connection: AsyncConnection, request: Request, row: Row[Any]) -> Answer:
    before = None
    # Without a hash: its message is forgotten, and it is the same request by its key alone.
    if row.content_hash in ("", request.new.content_hash):
        before = await load(connection, message.c.id == row.message_id)
    if before is None:
        return KeyReused(f"{row.scope}: the key was used for another message")
    return Accepted(before, fresh=False)


async def _write(connection: AsyncConnection, requests: Sequence[Request]) -> list[Message]:
    """The messages, their recipients, their keys, and their lines in the ledger."""
    if not requests:
        return []
    refs = [new_ref() for _ in requests]
    rows = [_row(one, ref) for one, ref in zip(requests, refs, strict=True)]
    inserted = insert(message).returning(message.c.id, message.c.ref)
    ids = {row.ref: row.id for row in await connection.execute(inserted, rows)}
    named = [(ids[ref], one) for one, ref in zip(requests, refs, strict=True)]
    every = chain.from_iterable(_recipients(number, one) for number, one in named)
    while part := list(islice(every, ROWS)):
        await connection.execute(insert(recipient), part)
    keys = [_key(number, one) for number, one in named if one.new.key is not None]
    if keys:
        await connection.execute(insert(dedupe), keys)
    for day in {one.day for one in requests}:
        here = [one for one in requests if one.day == day]
        await add(connection, sum(one.credits for one in here), here[0].at)
    made = [_fresh(ids[ref], ref, one) for one, ref in zip(requests, refs, strict=True)]
    await note(connection, *map(accepted, made, [one.new for one in requests]))
    return made


def _row(request: Request, ref: str) -> dict[str, Any]:
    new = request.new
    return {
        "ref": ref,
        "source": new.source,
        "author": new.author,
        "team": new.team,
        "request": new.request[:16],
        "text": new.text,
        "text_hash": new.text_hash,
        "sender_id": new.sender_id,
        "priority": int(new.priority),
        "pages": new.pages,
        "test": new.test,
        "created_at": request.at,
        "expires_at": new.expires_at,
        "revision": 1,
        "shown_revision": 0 if new.place else 1,
        "place_channel": new.place.channel if new.place else None,
        "place_ts": new.place.ts if new.place else None,
    }


def _recipients(message_id: int, request: Request) -> Iterator[dict[str, Any]]:
    row = {
        "message_id": message_id,
        "state": State.QUEUED.value,
        "priority": int(request.new.priority),
        "due_at": request.at,
        "tries": 0,
        "updated_at": request.at,
    }
    return ({**row, "phone": phone} for phone in request.new.recipients)


def _key(message_id: int, request: Request) -> dict[str, Any]:
    key = request.new.key
    return {
        "scope": key.scope if key else "",
        "key": key.key if key else "",
        "content_hash": request.new.content_hash,
        "message_id": message_id,
        "created_at": request.at,
    }


def _fresh(message_id: int, ref: str, request: Request) -> Message:
    """A new message as it would be read, without reading it."""
    new = request.new
    return Message(
        id=message_id,
        ref=ref,
        source=new.source,
        author=new.author,
        team=new.team,
        text=new.text,
        text_hash=new.text_hash,
        sender_id=new.sender_id,
        priority=new.priority,
        pages=new.pages,
        test=new.test,
        created_at=request.at,
        expires_at=new.expires_at,
        revision=1,
        shown_revision=0 if new.place else 1,
        place=new.place,
        first=new.recipients[:FIRST],
        standings=(Standing(State.QUEUED, len(new.recipients), request.at),),
        reasons=(),
        sent_at_home=False,
        gateway_ids=(),
        points=None,
        balance_after=None,
    )


def new_ref() -> str:
    """A short name for a message that can be read out over the phone."""
    return "M" + "".join(secrets.choice(REF_LETTERS) for _ in range(REF_LENGTH))
