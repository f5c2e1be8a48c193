"""Statements that several stores share: legal state changes, row locks, changed cards.

Code that changes rows locks them in one order, so that two transactions never wait for each other:
attempts, recipients, `number_cooldown`, messages, the credits of a day; several of a kind in the
order of their keys, all at once. Code that has locked recipients takes further ones only where
nobody else has locked them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import attempt, message, recipient
from kwtsms_bot.outbox.states import (
    ATTEMPT_TRANSITIONS,
    TRANSITIONS,
    AttemptState,
    State,
    sources_of,
)

LONGEST_LEASE = timedelta(minutes=10)  # The maximum in config.yaml.
MAX_CLOCK_SKEW = timedelta(minutes=1)  # Anything later was written by a wrong clock.
MAX_PARAMETERS = 500  # SQLite takes 32,766 parameters in a statement at most, older ones 999.


async def transition(
    connection: AsyncConnection,
    where: Sequence[ColumnElement[bool]],
    after: State,
    now: datetime,
    **changes: Any,
) -> int:
    """Moves the recipients that match `where` to `after` if that step is legal; returns how many.

    This is the only way in which a recipient's state changes.
    """
    sources = sources_of(after, TRANSITIONS)
    condition = lock_in_order(unindexed(recipient.c.state).in_(sources), *where)
    changed = await connection.execute(
        update(recipient).where(condition).values(state=after.value, updated_at=now, **changes)
    )
    return changed.rowcount


async def transition_attempts(
    connection: AsyncConnection,
    where: Sequence[ColumnElement[bool]],
    after: AttemptState,
    **changes: Any,
) -> int:
    """Moves the attempts that match `where` to `after` if that step is legal; returns how many.

    This is the only way in which an attempt's state changes.
    """
    sources = attempt.c.state.in_(sources_of(after, ATTEMPT_TRANSITIONS))
    changed = await connection.execute(
        update(attempt).where(sources, *where).values(state=after.value, **changes)
    )
    return changed.rowcount


def unindexed(column: Column[str]) -> ColumnElement[str]:
    """Returns the column as an expression that no index serves, for rows found by another index.

    SQLite would otherwise read all queued rows, a million, to find the two hundred of a call.
    """
    return column + ""


def lock_in_order(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Returns the condition that selects these recipients and locks them in the order of IDs."""
    rows = select(recipient.c.id).where(*where).order_by(recipient.c.id)
    return recipient.c.id.in_(rows.with_for_update())


def lock_unlocked(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Returns the condition that selects and locks those recipients that nobody else has locked."""
    rows: Select[tuple[int]] = select(recipient.c.id).where(*where)
    return recipient.c.id.in_(rows.with_for_update(skip_locked=True))


async def lock_rows(
    connection: AsyncConnection, column: Column[int], where: ColumnElement[bool]
) -> None:
    """Locks these rows in the order of `column`, until the transaction ends."""
    rows = select(column).where(where).order_by(column)
    await connection.execute(rows.with_for_update(key_share=True))


async def lock_messages(connection: AsyncConnection, ids: Iterable[int]) -> None:
    """Locks these messages in the order of their IDs, however many there are."""
    for part in chunks(sorted(set(ids))):
        await lock_rows(connection, message.c.id, message.c.id.in_(part))


async def mark_changed(connection: AsyncConnection, messages: Iterable[int]) -> None:
    """Increments the revisions of these messages, so that their cards are updated."""
    ids = sorted(set(messages))
    if len(ids) > 1:
        await lock_messages(connection, ids)
    for part in chunks(ids):
        await connection.execute(
            update(message).where(message.c.id.in_(part)).values(revision=message.c.revision + 1)
        )


def upsert(connection: AsyncConnection, table: Table) -> Any:
    """Returns an INSERT that supports ON CONFLICT; each dialect has its own."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Splits `values` into parts that fit into one statement."""
    return (
        values[start : start + MAX_PARAMETERS] for start in range(0, len(values), MAX_PARAMETERS)
    )
