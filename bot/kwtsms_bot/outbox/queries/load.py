"""Builds messages from rows. The database counts the recipients, which are not loaded."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import HAS_REASON, attempt, decision, evidence, message, recipient
from kwtsms_bot.outbox.decision import Decision, DecisionKind
from kwtsms_bot.outbox.delivery.rules import PASSED_ON, is_passed_on
from kwtsms_bot.outbox.evidence import Evidence, Verdict
from kwtsms_bot.outbox.flow_control.breaker_store import load_breaker
from kwtsms_bot.outbox.flow_control.circuit_breaker import OPEN_REASON as BREAKER_REASON
from kwtsms_bot.outbox.message import CardLocation, Message, Priority, Reason, StateCount
from kwtsms_bot.outbox.rows import FIRST_PHONES
from kwtsms_bot.outbox.states import State

MAX_REASONS = 20  # Nobody reads more of them on a card.
MAX_DECISIONS = 10  # Likewise.
KUWAIT = "965"


async def load_message(connection: AsyncConnection, where: ColumnElement[bool]) -> Message | None:
    """Returns the newest message that matches `where`; None if there is none."""
    query = select(message).where(where).order_by(message.c.id.desc()).limit(1)
    row = (await connection.execute(query)).first()
    return await _as_message(connection, row) if row else None


async def _as_message(connection: AsyncConnection, row: Row[Any]) -> Message:
    state_counts = await _state_counts(connection, row.id)
    decisions = await _decisions(connection, row.id)
    presumed_sent = await _presumed_sent(connection, row.id, decisions)
    calls = await _calls(connection, row.id)
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
        card_location=CardLocation(row.place_channel, row.place_ts) if row.place_channel else None,
        first_phones=await _first_phones(connection, row.id),
        state_counts=state_counts,
        reasons=(
            *await _breaker_reason(connection, state_counts),
            *await _reasons(connection, row.id),
        ),
        sent_in_kuwait=await _sent_in_kuwait(connection, row.id, calls),
        evidence=await _evidence(connection, row.id, state_counts),
        decisions=decisions[-MAX_DECISIONS:],
        presumed_sent=presumed_sent,
        **_gateway_facts(calls),
    )


def _gateway_facts(calls: Sequence[Row[Any]]) -> dict[str, Any]:
    """Returns what the gateway has said about a message, and what it has left open."""
    points = [call.points for call in calls if call.points is not None]
    balances = [call.balance_after for call in calls if call.balance_after is not None]
    ids = sorted((call.id, call.gateway_id) for call in calls if call.gateway_id)
    statuses = [(call.status_at, call.status) for call in calls if call.status_at is not None]
    status_at, status = max(statuses, default=(None, None))
    accepted = [call for call in calls if call.accepted_at]
    passed = accepted and all(is_passed_on(call.status) for call in accepted)
    return {
        "gateway_ids": tuple(dict.fromkeys(gateway_id for _, gateway_id in ids)),
        "points": sum(points, Decimal(0)) if points else None,
        "balance_after": balances[-1] if balances else None,
        "unsure": sum(call.price for call in calls if call.lost),
        "accepted_at": max((call.accepted_at for call in accepted), default=None),
        "passed_at": max(call.status_at for call in accepted) if passed else None,
        "lost_at": max((call.settled_at for call in calls if call.lost), default=None),
        "status": status,
        "status_at": status_at,
    }


async def _state_counts(connection: AsyncConnection, message_id: int) -> tuple[StateCount, ...]:
    """Counts the recipients by state; reads one index and no recipient row."""
    query = (
        select(recipient.c.state, func.count().label("count"), func.max(recipient.c.updated_at))
        .where(recipient.c.message_id == message_id)
        .group_by(recipient.c.state)
    )
    found = {
        State(state): StateCount(State(state), count, since)
        for state, count, since in await connection.execute(query)
    }
    return tuple(found[state] for state in State if state in found)


async def _first_phones(connection: AsyncConnection, message_id: int) -> tuple[str, ...]:
    query = (
        select(recipient.c.phone)
        .where(recipient.c.message_id == message_id)
        .order_by(recipient.c.message_id, recipient.c.id)
        .limit(FIRST_PHONES)
    )
    return tuple((await connection.execute(query)).scalars())


async def _reasons(connection: AsyncConnection, message_id: int) -> tuple[Reason, ...]:
    """Returns the recipients' reasons; those that have one are in an index of their own."""
    query = (
        select(
            recipient.c.state,
            recipient.c.code,
            recipient.c.reason,
            func.min(recipient.c.due_at).label("due_at"),
        )
        .where(recipient.c.message_id == message_id, HAS_REASON)
        .group_by(recipient.c.state, recipient.c.code, recipient.c.reason)
        .order_by(func.min(recipient.c.id))
        .limit(MAX_REASONS)
    )
    rows = await connection.execute(query)
    return tuple(Reason(State(row.state), row.code, row.reason, row.due_at) for row in rows)


async def _breaker_reason(
    connection: AsyncConnection, state_counts: Sequence[StateCount]
) -> tuple[Reason, ...]:
    """Returns the reason why queued recipients wait while the breaker is not closed."""
    if not any(one.state is State.QUEUED for one in state_counts):
        return ()
    breaker = await load_breaker(connection)
    if breaker.opened_at is None:
        return ()
    return (Reason(State.QUEUED, None, BREAKER_REASON, breaker.next_probe_at or breaker.opened_at),)


async def _sent_in_kuwait(
    connection: AsyncConnection, message_id: int, calls: Sequence[Row[Any]]
) -> bool:
    """Whether kwtSMS has passed the message on to any number in Kuwait."""
    if not any(is_passed_on(call.status) for call in calls):
        return False
    passed = select(attempt.c.id).where(
        attempt.c.message_id == message_id, func.lower(attempt.c.status).in_(PASSED_ON)
    )
    query = (
        select(recipient.c.id)
        .where(
            recipient.c.message_id == message_id,
            recipient.c.state == State.SENT.value,
            recipient.c.phone.startswith(KUWAIT),
            recipient.c.attempt_id.in_(passed),
        )
        .limit(1)
    )
    return (await connection.execute(query)).first() is not None


def count_presumed_sent(message_id: int | Column[int]) -> Select[int]:
    """Counts the sent recipients whose call kwtSMS has not confirmed, or who have no call.

    Recipients from a back-up have none.
    """
    call = and_(
        attempt.c.id == recipient.c.attempt_id, attempt.c.message_id == recipient.c.message_id
    )
    return (
        select(func.count())
        .select_from(recipient.outerjoin(attempt, call))
        .where(
            recipient.c.message_id == message_id,
            recipient.c.state == State.SENT.value,
            attempt.c.accepted_at.is_(None),
        )
    )


async def _presumed_sent(
    connection: AsyncConnection, message_id: int, decisions: Sequence[Decision]
) -> int:
    if not any(one.kind is DecisionKind.TREAT_AS_SENT for one in decisions):
        return 0
    return (await connection.execute(count_presumed_sent(message_id))).scalar_one()


async def _decisions(connection: AsyncConnection, message_id: int) -> tuple[Decision, ...]:
    query = select(decision).where(decision.c.message_id == message_id).order_by(decision.c.id)
    return tuple(
        Decision(DecisionKind(row.what), row.actor, row.at, row.recipients)
        for row in await connection.execute(query)
    )


async def _evidence(
    connection: AsyncConnection, message_id: int, state_counts: Sequence[StateCount]
) -> tuple[Evidence, ...]:
    """Returns the evidence on calls with unknown recipients, or with wrongly assumed sends."""
    if not any(one.state in (State.UNKNOWN, State.SENT) for one in state_counts):
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
    """Returns the settled calls of a message, the oldest answer first."""
    query = (
        select(attempt)
        .where(attempt.c.message_id == message_id, attempt.c.settled_at.is_not(None))
        .order_by(attempt.c.settled_at)
    )
    return (await connection.execute(query)).all()
