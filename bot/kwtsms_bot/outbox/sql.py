"""What the store modules share: the database, and legal steps only.

Who changes rows locks them in one order, so that two never wait for each other: calls, recipients,
`number_cooldown`, messages, the credits of a day, and several of a kind by their numbers, all in one go.
Who has recipients already takes others only where they are free.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import message, recipient
from kwtsms_bot.outbox.message import TRANSITIONS, State

CLAIMED, IN_FLIGHT, SETTLED = "claimed", "in_flight", "over"  # An attempt's states.
MAX_PARAMETERS = 500  # SQLite takes 32,766 parameters in a statement at most, older ones 999.


def sources_of(after: State) -> list[str]:
    """The states from which `after` can be reached: an UPDATE names them, so no step is illegal."""
    return [state.value for state, targets in TRANSITIONS.items() if after in targets]


async def transition(
    connection: AsyncConnection,
    where: Sequence[ColumnElement[bool]],
    after: State,
    now: datetime,
    **changes: Any,
) -> int:
    """Moves the recipients that `where` names to `after`, if they may; how many that were."""
    condition = lock_in_order(unindexed(recipient.c.state).in_(sources_of(after)), *where)
    changed = await connection.execute(
        update(recipient).where(condition).values(state=after.value, updated_at=now, **changes)
    )
    return changed.rowcount


def unindexed(column: Column[str]) -> ColumnElement[str]:
    """The column, for rows that are found by something else.

    SQLite would walk through all that is queued, a million rows, to find the two hundred of a call.
    """
    return column + ""


def lock_in_order(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """These recipients, each waited for in its turn and held until the end."""
    rows = select(recipient.c.id).where(*where).order_by(recipient.c.id)
    return recipient.c.id.in_(rows.with_for_update())


def lock_unlocked(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Only those of these recipients that nobody else is changing, held until the end."""
    rows: Select[tuple[int]] = select(recipient.c.id).where(*where)
    return recipient.c.id.in_(rows.with_for_update(skip_locked=True))


async def lock_rows(
    connection: AsyncConnection, column: Column[int], where: ColumnElement[bool]
) -> None:
    """Waits for each of these rows in its turn, by `column`, and holds them until the end."""
    rows = select(column).where(where).order_by(column)
    await connection.execute(rows.with_for_update(key_share=True))


async def lock_messages(connection: AsyncConnection, ids: Iterable[int]) -> None:
    """The same for these messages, however many."""
    for part in chunks(sorted(set(ids))):
        await lock_rows(connection, message.c.id, message.c.id.in_(part))


async def mark_changed(connection: AsyncConnection, messages: Iterable[int]) -> None:
    """There is something new to show of these messages."""
    ids = sorted(set(messages))
    if len(ids) > 1:
        await lock_messages(connection, ids)
    for part in chunks(ids):
        await connection.execute(
            update(message).where(message.c.id.in_(part)).values(revision=message.c.revision + 1)
        )


def upsert(connection: AsyncConnection, table: Table) -> Any:
    """An INSERT that may say what happens where the row is there: each dialect has its own."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """`values` in parts that fit into a statement."""
    return (
        values[start : start + MAX_PARAMETERS] for start in range(0, len(values), MAX_PARAMETERS)
    )
