"""What is written of messages that are let in: a handful of statements for however many."""

import secrets
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from sqlalchemy import insert, literal
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.column_types import rows_of
from kwtsms_bot.database.tables import dedupe, message, recipient
from kwtsms_bot.outbox.audit import acceptance_entry, add_entries
from kwtsms_bot.outbox.message import Message, State, StateCount
from kwtsms_bot.outbox.queries.load import FIRST_PHONES
from kwtsms_bot.outbox.quota.admission import AdmissionRequest
from kwtsms_bot.outbox.quota.usage_store import add_credits

REF_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # None that is mistaken for another.
REF_LENGTH = 7
ROWS_PER_INSERT = 1000  # Written at a time.


async def insert_messages(
    connection: AsyncConnection, requests: Sequence[AdmissionRequest]
) -> list[Message]:
    """The messages themselves."""
    refs = [new_ref() for _ in requests]
    rows = [_message_row(one, ref) for one, ref in zip(requests, refs, strict=True)]
    inserted = insert(message).returning(message.c.id, message.c.ref)
    ids = {row.ref: row.id for row in await connection.execute(inserted, rows)}
    return [_as_message(ids[ref], ref, one) for one, ref in zip(requests, refs, strict=True)]


async def insert_recipients(
    connection: AsyncConnection, messages: Sequence[Message], requests: Sequence[AdmissionRequest]
) -> None:
    """Their recipients, together."""
    rows = chain.from_iterable(map(_recipient_rows, messages, requests))
    while part := list(islice(rows, ROWS_PER_INSERT)):
        await connection.execute(insert(recipient), part)


async def insert_many_recipients(
    connection: AsyncConnection, new_message: Message, request: AdmissionRequest, dialect: str
) -> None:
    """Those of one message in one statement, many times as fast: its numbers are one parameter."""
    row = _recipient_row(new_message, request)
    constants = [literal(value, recipient.c[name].type) for name, value in row.items()]
    numbers = rows_of(dialect, request.new.recipients).add_columns(*constants)
    await connection.execute(insert(recipient).from_select(["phone", *row], numbers))


async def record_acceptance(
    connection: AsyncConnection, messages: Sequence[Message], requests: Sequence[AdmissionRequest]
) -> None:
    """Their keys, their credits, and their lines in the ledger."""
    pairs = list(zip(messages, requests, strict=True))
    keys = [_key_row(one.id, request) for one, request in pairs if request.new.key is not None]
    if keys:
        await connection.execute(insert(dedupe), keys)
    await add_entries(connection, *(acceptance_entry(one, request.new) for one, request in pairs))
    await add_credits(connection, [(one.credits, one.at) for one in requests])


def _message_row(request: AdmissionRequest, ref: str) -> dict[str, Any]:
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
        "shown_revision": 0 if new.card_location else 1,
        "place_channel": new.card_location.channel if new.card_location else None,
        "place_ts": new.card_location.ts if new.card_location else None,
    }


def _recipient_row(new_message: Message, request: AdmissionRequest) -> dict[str, Any]:
    """A recipient as it begins, but for its number."""
    return {
        "message_id": new_message.id,
        "state": State.QUEUED.value,
        "priority": int(request.new.priority),
        "due_at": request.at,
        "tries": 0,
        "updated_at": request.at,
    }


def _recipient_rows(new_message: Message, request: AdmissionRequest) -> Iterator[dict[str, Any]]:
    row = _recipient_row(new_message, request)
    return ({**row, "phone": phone} for phone in request.new.recipients)


def _key_row(message_id: int, request: AdmissionRequest) -> dict[str, Any]:
    key = request.new.key
    return {
        "scope": key.scope if key else "",
        "key": key.key if key else "",
        "content_hash": request.new.content_hash,
        "message_id": message_id,
        "created_at": request.at,
    }


def _as_message(message_id: int, ref: str, request: AdmissionRequest) -> Message:
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
        shown_revision=0 if new.card_location else 1,
        card_location=new.card_location,
        first_phones=new.recipients[:FIRST_PHONES],
        state_counts=(StateCount(State.QUEUED, len(new.recipients), request.at),),
        reasons=(),
        sent_in_kuwait=False,
        gateway_ids=(),
        points=None,
        balance_after=None,
    )


def new_ref() -> str:
    """A short name for a message that can be read out over the phone."""
    return "M" + "".join(secrets.choice(REF_LETTERS) for _ in range(REF_LENGTH))
