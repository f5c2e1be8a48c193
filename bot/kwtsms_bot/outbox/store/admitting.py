"""Whether messages are let in: asked once for all who come together, and one after the other.

What is refused has written nothing.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import dedupe, message
from kwtsms_bot.outbox.admission import Request
from kwtsms_bot.outbox.limits import Allowance, OverLimit, SentBefore
from kwtsms_bot.outbox.message import DedupeKey, Message
from kwtsms_bot.outbox.store.loading import load
from kwtsms_bot.outbox.store.switches import Paused, pause_of
from kwtsms_bot.outbox.store.usage import Books
from kwtsms_bot.outbox.store.writing import (
    book,
    write_many_recipients,
    write_messages,
    write_recipients,
)

ACCEPTING = "accepting"  # Limits hold only where one accepts after the other.
_KNOWN = select(dedupe).where(
    dedupe.c.scope == bindparam("scope"), dedupe.c.key.in_(bindparam("keys", expanding=True))
)


class KeyReused(Exception):
    """The same key came with another content: it is not the same request."""


class Accepted:
    """What was accepted, and whether it is new or was accepted before."""

    __slots__ = ("fresh", "message")

    def __init__(self, message: Message, *, fresh: bool) -> None:
        self.message = message
        self.fresh = fresh


Answer = Accepted | KeyReused | OverLimit | Paused | SentBefore


class AcceptedBefore(Exception):
    """Somebody was faster under the same key: what is written of this one has to be undone."""

    def __init__(self, accepted: Accepted) -> None:
        super().__init__(accepted.message.ref)
        self.accepted = accepted


async def admit(
    database: Database,
    connection: AsyncConnection,
    requests: Sequence[Request],
    allowance: Allowance,
) -> list[Answer]:
    """What becomes of each of them, in their order. No two of them have the same key."""
    await database.one_at_a_time(connection, ACCEPTING)
    answers = await _judged(Books(connection, database.dialect), requests, allowance)
    let_in = [number for number in range(len(requests)) if number not in answers]
    some = [requests[number] for number in let_in]
    if some:
        made = await write_messages(connection, some)
        await write_recipients(connection, made, some)
        await book(connection, made, some)
        answers |= {n: Accepted(one, fresh=True) for n, one in zip(let_in, made, strict=True)}
    return [answers[number] for number in range(len(requests))]


async def admit_one(
    database: Database, connection: AsyncConnection, request: Request, allowance: Allowance
) -> Accepted:
    """Lets in one, to however many: nobody else has to wait while its recipients are written.

    They are in nobody's way until all of it is there, so it is asked twice whether it may come in:
    before, and with the door closed.

    Raises:
        KeyReused, OverLimit, Paused, SentBefore: it may not.
        AcceptedBefore: it has come in while it was written.
    """
    found = await _judged(Books(connection, database.dialect), [request], allowance)
    if found:
        return _taken(found[0])
    made = await write_messages(connection, [request])
    await write_many_recipients(connection, made[0], request, database.dialect)
    await database.one_at_a_time(connection, ACCEPTING)
    books = Books(connection, database.dialect, written=made[0].id)
    found = await _judged(books, [request], allowance)
    if found:
        raise AcceptedBefore(_taken(found[0]))
    await book(connection, made, [request])
    return Accepted(made[0], fresh=True)


def _taken(answer: Answer) -> Accepted:
    if isinstance(answer, Exception):
        raise answer
    return answer


async def _judged(
    books: Books, requests: Sequence[Request], allowance: Allowance
) -> dict[int, Answer]:
    """The answers to those that are not let in; the others may be written."""
    answers = await _known(books.connection, requests)
    pause = await pause_of(books.connection)
    past = await books.read_past(requests, allowance)
    for number, request in enumerate(requests):
        if number in answers:
            continue
        over = past.breach(request, allowance)
        if pause is not None:
            answers[number] = Paused(pause)
        elif over is not None:
            answers[number] = OverLimit(over)
        elif past.repeats(request):
            answers[number] = SentBefore()
        else:
            past.let_in(request)
    return answers


async def _known(connection: AsyncConnection, requests: Sequence[Request]) -> dict[int, Answer]:
    """The answers to those whose key was used before."""
    keys = [one.new.key for one in requests if one.new.key is not None]
    found: dict[DedupeKey, Row[Any]] = {}
    for scope in {key.scope for key in keys}:
        asked = {"scope": scope, "keys": [k.key for k in keys if k.scope == scope]}
        rows = await connection.execute(_KNOWN, asked)
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
