"""What is written of messages that are let in: a handful of statements for however many."""

import secrets
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from sqlalchemy import insert, literal
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.columns import each
from kwtsms_bot.database.tables import dedupe, message, recipient
from kwtsms_bot.outbox.admission import Request
from kwtsms_bot.outbox.message import Message, Standing, State
from kwtsms_bot.outbox.store.audit import accepted, note
from kwtsms_bot.outbox.store.loading import FIRST
from kwtsms_bot.outbox.store.usage import add

REF_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # None that is mistaken for another.
REF_LENGTH = 7
ROWS = 1000  # Written at a time.


async def write_messages(connection: AsyncConnection, requests: Sequence[Request]) -> list[Message]:
    """The messages themselves."""
    refs = [new_ref() for _ in requests]
    rows = [_row(one, ref) for one, ref in zip(requests, refs, strict=True)]
    inserted = insert(message).returning(message.c.id, message.c.ref)
    ids = {row.ref: row.id for row in await connection.execute(inserted, rows)}
    return [_fresh(ids[ref], ref, one) for one, ref in zip(requests, refs, strict=True)]


async def write_recipients(
    connection: AsyncConnection, made: Sequence[Message], requests: Sequence[Request]
) -> None:
    """Their recipients, together."""
    rows = chain.from_iterable(map(_recipients, made, requests))
    while part := list(islice(rows, ROWS)):
        await connection.execute(insert(recipient), part)


async def write_many_recipients(
    connection: AsyncConnection, made: Message, request: Request, dialect: str
) -> None:
    """Those of one message in one statement, many times as fast: its numbers are one parameter."""
    row = _waiting(made, request)
    same = [literal(value, recipient.c[name].type) for name, value in row.items()]
    numbers = each(dialect, request.new.recipients).add_columns(*same)
    await connection.execute(insert(recipient).from_select(["phone", *row], numbers))


async def book(
    connection: AsyncConnection, made: Sequence[Message], requests: Sequence[Request]
) -> None:
    """Their keys, their credits, and their lines in the ledger."""
    both = list(zip(made, requests, strict=True))
    keys = [_key(one.id, request) for one, request in both if request.new.key is not None]
    if keys:
        await connection.execute(insert(dedupe), keys)
    await note(connection, *(accepted(one, request.new) for one, request in both))
    await add(connection, [(one.credits, one.at) for one in requests])


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


def _waiting(made: Message, request: Request) -> dict[str, Any]:
    """A recipient as it begins, but for its number."""
    return {
        "message_id": made.id,
        "state": State.QUEUED.value,
        "priority": int(request.new.priority),
        "due_at": request.at,
        "tries": 0,
        "updated_at": request.at,
    }


def _recipients(made: Message, request: Request) -> Iterator[dict[str, Any]]:
    row = _waiting(made, request)
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
