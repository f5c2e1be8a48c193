"""Rows made facts. A message is counted by the database and not carried here number by number."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import TOLD, attempt, evidence, message, recipient
from kwtsms_bot.outbox.evidence import Evidence, Verdict
from kwtsms_bot.outbox.hold import REASON as HELD
from kwtsms_bot.outbox.message import (
    Message,
    Place,
    Priority,
    Reason,
    Recipient,
    Standing,
    State,
)
from kwtsms_bot.outbox.store.holding import hold_of

FIRST = 3  # Numbers that a message is known by.
MAX_REASONS = 20  # Nobody reads more of them on a card.
HOME = "965"


async def load(connection: AsyncConnection, where: ColumnElement[bool]) -> Message | None:
    """The newest message that `where` names."""
    query = select(message).where(where).order_by(message.c.id.desc()).limit(1)
    row = (await connection.execute(query)).first()
    return await _complete(connection, row) if row else None


async def _complete(connection: AsyncConnection, row: Row[Any]) -> Message:
    standings = await _standings(connection, row.id)
    calls = await _calls(connection, row.id)
    points = [call.points for call in calls if call.points is not None]
    balances = [call.balance_after for call in calls if call.balance_after is not None]
    ids = sorted((call.id, call.gateway_id) for call in calls if call.gateway_id)
    return Message(
        id=row.id,
        ref=row.ref,
        source=row.source,
        author=row.author,
        team=row.team,
        text=row.text,
        text_hash=row.text_hash,
        sender_id=row.sender_id,
        priority=Priority(row.priority),
        pages=row.pages,
        test=row.test,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revision=row.revision,
        shown_revision=row.shown_revision,
        place=Place(row.place_channel, row.place_ts) if row.place_channel else None,
        first=await _first(connection, row.id),
        standings=standings,
        reasons=(*await _held(connection, standings), *await _reasons(connection, row.id)),
        sent_at_home=await _sent_at_home(connection, row.id, standings),
        gateway_ids=tuple(dict.fromkeys(gateway_id for _, gateway_id in ids)),
        points=sum(points, Decimal(0)) if points else None,
        balance_after=balances[-1] if balances else None,
        evidence=await _evidence(connection, row.id, standings),
    )


async def _standings(connection: AsyncConnection, message_id: int) -> tuple[Standing, ...]:
    """One index is read, and no recipient."""
    query = (
        select(recipient.c.state, func.count().label("count"), func.max(recipient.c.updated_at))
        .where(recipient.c.message_id == message_id)
        .group_by(recipient.c.state)
    )
    found = {
        State(state): Standing(State(state), count, since)
        for state, count, since in await connection.execute(query)
    }
    return tuple(found[state] for state in State if state in found)


async def _first(connection: AsyncConnection, message_id: int) -> tuple[str, ...]:
    query = (
        select(recipient.c.phone)
        .where(recipient.c.message_id == message_id)
        .order_by(recipient.c.message_id, recipient.c.id)
        .limit(FIRST)
    )
    return tuple((await connection.execute(query)).scalars())


async def _reasons(connection: AsyncConnection, message_id: int) -> tuple[Reason, ...]:
    """Only recipients that have one are looked at; they have an index of their own."""
    query = (
        select(
            recipient.c.state,
            recipient.c.code,
            recipient.c.reason,
            func.min(recipient.c.due_at).label("due_at"),
        )
        .where(recipient.c.message_id == message_id, TOLD)
        .group_by(recipient.c.state, recipient.c.code, recipient.c.reason)
        .order_by(func.min(recipient.c.id))
        .limit(MAX_REASONS)
    )
    rows = await connection.execute(query)
    return tuple(Reason(State(row.state), row.code, row.reason, row.due_at) for row in rows)


async def _held(connection: AsyncConnection, standings: Sequence[Standing]) -> tuple[Reason, ...]:
    """Why all that waits has to wait, where sending is held."""
    if not any(one.state is State.QUEUED for one in standings):
        return ()
    found = await hold_of(connection)
    if found.since is None:
        return ()
    return (Reason(State.QUEUED, None, HELD, found.next_at or found.since),)


async def _sent_at_home(
    connection: AsyncConnection, message_id: int, standings: Sequence[Standing]
) -> bool:
    if not any(one.state is State.SENT for one in standings):
        return False
    query = (
        select(recipient.c.id)
        .where(
            recipient.c.message_id == message_id,
            recipient.c.state == State.SENT.value,
            recipient.c.phone.startswith(HOME),
        )
        .limit(1)
    )
    return (await connection.execute(query)).first() is not None


async def _evidence(
    connection: AsyncConnection, message_id: int, standings: Sequence[Standing]
) -> tuple[Evidence, ...]:
    """Of the calls of which a recipient is unknown still."""
    if not any(one.state is State.UNKNOWN for one in standings):
        return ()
    undecided = select(recipient.c.id).where(
        recipient.c.message_id == message_id,
        recipient.c.state == State.UNKNOWN.value,
        recipient.c.attempt_id == attempt.c.id,
    )
    query = (
        select(evidence)
        .join(attempt)
        .where(attempt.c.message_id == message_id, undecided.exists())
        .order_by(attempt.c.id)
    )
    return tuple(
        Evidence(Verdict(row.verdict), row.before, row.after, row.meanwhile)
        for row in await connection.execute(query)
    )


async def _calls(connection: AsyncConnection, message_id: int) -> Sequence[Any]:
    """What the gateway said to each call, the oldest answer first."""
    query = (
        select(attempt.c.id, attempt.c.gateway_id, attempt.c.points, attempt.c.balance_after)
        .where(attempt.c.message_id == message_id, attempt.c.settled_at.is_not(None))
        .order_by(attempt.c.settled_at)
    )
    return (await connection.execute(query)).all()


def as_recipient(row: Row[Any]) -> Recipient:
    """A row of `recipient` as a fact."""
    return Recipient(
        id=row.id,
        phone=row.phone,
        state=State(row.state),
        due_at=row.due_at,
        tries=row.tries,
        gateway_id=row.gateway_id,
        code=row.code,
        reason=row.reason,
        updated_at=row.updated_at,
    )
