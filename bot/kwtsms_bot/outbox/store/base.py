"""What the store modules share: the database, rows made facts, and legal steps only."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import attempt, message, recipient
from kwtsms_bot.outbox.message import (
    TRANSITIONS,
    Message,
    Place,
    Priority,
    Recipient,
    State,
)

CLAIMED, IN_FLIGHT, OVER = "claimed", "in_flight", "over"  # An attempt's states.
PARAMETERS = 500  # SQLite takes 32,766 parameters in a statement at most, older ones 999.


class Base:
    """Holds the database; its subclasses hold the statements."""

    def __init__(self, database: Database) -> None:
        self.database = database


def before(after: State) -> list[str]:
    """The states from which `after` can be reached: an UPDATE names them, so no step is illegal."""
    return [state.value for state, following in TRANSITIONS.items() if after in following]


async def move(
    connection: AsyncConnection,
    where: Sequence[ColumnElement[bool]],
    after: State,
    now: datetime,
    **changes: Any,
) -> int:
    """Moves the recipients that `where` names to `after`, if they may; how many that were."""
    moved = await connection.execute(
        update(recipient)
        .where(recipient.c.state.in_(before(after)), *where)
        .values(state=after.value, updated_at=now, **changes)
    )
    return moved.rowcount


async def touch(connection: AsyncConnection, messages: Iterable[int]) -> None:
    """There is something new to show of these messages."""
    for part in chunks(list(set(messages))):
        await connection.execute(
            update(message).where(message.c.id.in_(part)).values(revision=message.c.revision + 1)
        )


def chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """`values` in parts that fit into a statement."""
    return (values[start : start + PARAMETERS] for start in range(0, len(values), PARAMETERS))


async def load(connection: AsyncConnection, where: ColumnElement[bool]) -> Message | None:
    """The newest message that `where` names."""
    row = (
        await connection.execute(
            select(message).where(where).order_by(message.c.id.desc()).limit(1)
        )
    ).first()
    return await _complete(connection, row) if row else None


async def _complete(connection: AsyncConnection, row: Row[Any]) -> Message:
    recipients = await connection.execute(
        select(recipient).where(recipient.c.message_id == row.id).order_by(recipient.c.id)
    )
    points, balance_after = await _charged(connection, row.id)
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
        recipients=tuple(as_recipient(one) for one in recipients),
        points=points,
        balance_after=balance_after,
    )


async def _charged(
    connection: AsyncConnection, message_id: int
) -> tuple[Decimal | None, Decimal | None]:
    rows = (
        await connection.execute(
            select(attempt.c.points, attempt.c.balance_after)
            .where(attempt.c.message_id == message_id, attempt.c.settled_at.is_not(None))
            .order_by(attempt.c.settled_at)
        )
    ).all()
    points = [row.points for row in rows if row.points is not None]
    balances = [row.balance_after for row in rows if row.balance_after is not None]
    return sum(points, Decimal(0)) if points else None, balances[-1] if balances else None


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


async def count(connection: AsyncConnection, where: ColumnElement[bool]) -> int:
    """How many recipients there are."""
    found: int = (
        await connection.execute(select(func.count()).select_from(recipient).where(where))
    ).scalar_one()
    return found
