"""Rows made facts. A message is counted by the database and not carried here number by number."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import TOLD, attempt, decision, evidence, message, recipient
from kwtsms_bot.outbox.decision import Decided, Decision
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
MAX_DECISIONS = 10  # Likewise.
HOME = "965"


async def load(connection: AsyncConnection, where: ColumnElement[bool]) -> Message | None:
    """The newest message that `where` names."""
    query = select(message).where(where).order_by(message.c.id.desc()).limit(1)
    row = (await connection.execute(query)).first()
    return await _complete(connection, row) if row else None


async def _complete(connection: AsyncConnection, row: Row[Any]) -> Message:
    standings = await _standings(connection, row.id)
    decisions = await _decisions(connection, row.id)
    presumed = await _presumed(connection, row.id, decisions)
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
        evidence=await _evidence(connection, row.id, standings),
        decisions=decisions[-MAX_DECISIONS:],
        presumed=presumed,
        **_told(await _calls(connection, row.id)),
    )


def _told(calls: Sequence[Row[Any]]) -> dict[str, Any]:
    """What the gateway has said of a message, and what it has left open."""
    points = [call.points for call in calls if call.points is not None]
    balances = [call.balance_after for call in calls if call.balance_after is not None]
    ids = sorted((call.id, call.gateway_id) for call in calls if call.gateway_id)
    words = [(call.status_at, call.status) for call in calls if call.status_at is not None]
    status_at, status = max(words, default=(None, None))
    return {
        "gateway_ids": tuple(dict.fromkeys(gateway_id for _, gateway_id in ids)),
        "points": sum(points, Decimal(0)) if points else None,
        "balance_after": balances[-1] if balances else None,
        "unsure": sum(call.price for call in calls if call.lost),
        "taken_at": max((call.taken_at for call in calls if call.taken_at), default=None),
        "status": status,
        "status_at": status_at,
    }


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
    """Whether kwtSMS has said of any number in Kuwait that it took the message."""
    if not any(one.state is State.SENT for one in standings):
        return False
    query = (
        select(recipient.c.id)
        .where(
            recipient.c.message_id == message_id,
            recipient.c.state == State.SENT.value,
            recipient.c.phone.startswith(HOME),
            recipient.c.attempt_id.not_in(_not_taken(message_id)),
        )
        .limit(1)
    )
    return (await connection.execute(query)).first() is not None


def _not_taken(message_id: int) -> Select[tuple[int]]:
    """The calls of a message of which the gateway has not said that it took them."""
    return select(attempt.c.id).where(
        attempt.c.message_id == message_id, attempt.c.taken_at.is_(None)
    )


async def _presumed(
    connection: AsyncConnection, message_id: int, decisions: Sequence[Decision]
) -> int:
    if not any(one.what is Decided.TREAT_AS_SENT for one in decisions):
        return 0
    call = recipient.c.attempt_id  # Without one: it comes from a back-up.
    query = select(func.count()).where(
        recipient.c.message_id == message_id,
        recipient.c.state == State.SENT.value,
        or_(call.is_(None), call.in_(_not_taken(message_id))),
    )
    return (await connection.execute(query)).scalar_one()


async def _decisions(connection: AsyncConnection, message_id: int) -> tuple[Decision, ...]:
    query = select(decision).where(decision.c.message_id == message_id).order_by(decision.c.id)
    return tuple(
        Decision(Decided(row.what), row.actor, row.at, row.recipients)
        for row in await connection.execute(query)
    )


async def _evidence(
    connection: AsyncConnection, message_id: int, standings: Sequence[Standing]
) -> tuple[Evidence, ...]:
    """Of the calls of which a recipient is unknown still, or is taken as sent and was not."""
    if not any(one.state in (State.UNKNOWN, State.SENT) for one in standings):
        return ()
    undecided = recipient.c.state == State.UNKNOWN.value
    mistaken = and_(
        recipient.c.state == State.SENT.value, evidence.c.verdict == Verdict.NOT_SENT.value
    )
    concerned = select(recipient.c.id).where(
        recipient.c.attempt_id == attempt.c.id, or_(undecided, mistaken)
    )
    query = (
        select(evidence)
        .join(attempt)
        .where(attempt.c.message_id == message_id, concerned.exists())
        .order_by(attempt.c.id)
    )
    return tuple(
        Evidence(Verdict(row.verdict), row.before, row.after, row.meanwhile)
        for row in await connection.execute(query)
    )


async def _calls(connection: AsyncConnection, message_id: int) -> Sequence[Row[Any]]:
    """What the gateway said to each call, the oldest answer first."""
    query = (
        select(attempt)
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
