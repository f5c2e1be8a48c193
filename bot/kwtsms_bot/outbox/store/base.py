"""What the store modules share: the database, and legal steps only."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import message, recipient
from kwtsms_bot.outbox.message import TRANSITIONS, State

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
        .where(only_checked(recipient.c.state).in_(before(after)), *where)
        .values(state=after.value, updated_at=now, **changes)
    )
    return moved.rowcount


def only_checked(column: Column[str]) -> ColumnElement[str]:
    """The column, for rows that are found by something else.

    SQLite would walk through all that is queued, a million rows, to find the two hundred of a call.
    """
    return column + ""


async def touch(connection: AsyncConnection, messages: Iterable[int]) -> None:
    """There is something new to show of these messages."""
    for part in chunks(list(set(messages))):
        await connection.execute(
            update(message).where(message.c.id.in_(part)).values(revision=message.c.revision + 1)
        )


def chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """`values` in parts that fit into a statement."""
    return (values[start : start + PARAMETERS] for start in range(0, len(values), PARAMETERS))
