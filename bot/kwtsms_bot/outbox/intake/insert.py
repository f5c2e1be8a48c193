"""Inserts admitted messages: a handful of statements, however many they are."""

import secrets
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from sqlalchemy import insert, literal
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.column_types import rows_of
from kwtsms_bot.database.tables import dedupe, message, recipient
from kwtsms_bot.outbox.audit import acceptance_entry, add_entries
from kwtsms_bot.outbox.message import Message, StateCount
from kwtsms_bot.outbox.quota.admission import AdmissionRequest
from kwtsms_bot.outbox.quota.usage_store import CreditChange, add_credits
from kwtsms_bot.outbox.rows import FIRST_PHONES
from kwtsms_bot.outbox.states import State

REF_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # No two look alike.
REF_LENGTH = 7
ROWS_PER_INSERT = 1000  # Per statement.


async def insert_messages(
    connection: AsyncConnection, requests: Sequence[AdmissionRequest]
) -> list[Message]:
    """Inserts the messages, without their recipients."""
    refs = [new_ref() for _ in requests]
    rows = [_message_row(one, ref) for one, ref in zip(requests, refs, strict=True)]
    inserted = insert(message).returning(message.c.id, message.c.ref)
    ids = {row.ref: row.id for row in await connection.execute(inserted, rows)}
    return [_as_message(ids[ref], ref, one) for one, ref in zip(requests, refs, strict=True)]


async def insert_recipients(
    connection: AsyncConnection, messages: Sequence[Message], requests: Sequence[AdmissionRequest]
) -> None:
    """Inserts the recipients of all these messages."""
    rows = chain.from_iterable(map(_recipient_rows, messages, requests))
    while part := list(islice(rows, ROWS_PER_INSERT)):
        await connection.execute(insert(recipient), part)


async def insert_many_recipients(
    connection: AsyncConnection, new_message: Message, request: AdmissionRequest, dialect: str
) -> None:
    """Inserts the recipients of one message in one statement.

    All numbers are one parameter, which is many times as fast.
    """
    row = _recipient_row(new_message, request)
    constants = [literal(value, recipient.c[name].type) for name, value in row.items()]
    numbers = rows_of(dialect, request.new.recipients).add_columns(*constants)
    await connection.execute(insert(recipient).from_select(["phone", *row], numbers))


async def record_acceptance(
    connection: AsyncConnection, messages: Sequence[Message], requests: Sequence[AdmissionRequest]
) -> None:
    """Records the messages' keys, credits and audit entries."""
    pairs = list(zip(messages, requests, strict=True))
    keys = [_key_row(one.id, request) for one, request in pairs if request.new.key is not None]
    if keys:
        await connection.execute(insert(dedupe), keys)
    await add_entries(connection, *(acceptance_entry(one, request.new) for one, request in pairs))
    charges = (CreditChange(one.credits, one.at, one.new.budget) for one in requests)
    await add_credits(connection, charges)


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
        "counted_credits": 0 if request.approved else request.credits,
        "budget": new.budget,
        "has_card": new.has_card,
        "created_at": request.at,
        "expires_at": new.expires_at,
        "revision": 1,
        "shown_revision": 0 if new.card_location else 1,
        "place_channel": new.card_location.channel if new.card_location else None,
        "place_ts": new.card_location.ts if new.card_location else None,
    }


def _recipient_row(new_message: Message, request: AdmissionRequest) -> dict[str, Any]:
    """Returns the row of a new recipient, without its number."""
    return {
        "message_id": new_message.id,
        "state": State.QUEUED.value,
        "priority": int(request.new.priority),
        "due_at": request.new.not_before or request.at,
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
    """Returns a new message as it would be read, without reading it."""
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
    """Returns a short random reference that can be read out over the phone."""
    return "M" + "".join(secrets.choice(REF_LETTERS) for _ in range(REF_LENGTH))
