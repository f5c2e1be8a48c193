"""Per-number cooldown: kwtSMS rejects a call if any of its numbers was just sent to (ERR028).

Measured by the database's clock: a replica whose own is slow would not wait long enough. Numbers
are written in order, so two calls that share some never deadlock.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.column_types import add_delay, shift
from kwtsms_bot.database.tables import number_cooldown, recipient
from kwtsms_bot.i18n.translator import N_
from kwtsms_bot.outbox.sql import unindexed, upsert
from kwtsms_bot.outbox.states import State

COOLDOWN = timedelta(seconds=16)  # By default: 15 s, and a margin for the network.
# Anything later was written by a fast clock.
MAX_COOLDOWN = timedelta(minutes=1)
UNSENT_STATES = (State.QUEUED.value, State.CLAIMED.value)
COOLDOWN_REASON = N_("This number received a message less than 15 seconds ago.")
ClockExpression = ColumnElement[datetime]


def in_cooldown(clock: ClockExpression) -> ColumnElement[bool]:
    """Returns the condition that the number in a row of `number_cooldown` is in cooldown."""
    return and_(
        number_cooldown.c.until > clock, number_cooldown.c.until < add_delay(clock, MAX_COOLDOWN)
    )


def is_off_cooldown(clock: ClockExpression) -> ColumnElement[bool]:
    """Returns the opposite condition, in a form that the index serves."""
    return or_(
        number_cooldown.c.until <= clock, number_cooldown.c.until >= add_delay(clock, MAX_COOLDOWN)
    )


async def start_cooldown(
    connection: AsyncConnection, call: int, clock: ClockExpression, cooldown: timedelta
) -> None:
    """Starts the cooldown of this call's numbers."""
    await _set_cooldown(connection, call, add_delay(clock, cooldown), None)


async def reserve_cooldown(
    connection: AsyncConnection, call: int, clock: ClockExpression, cooldown: timedelta
) -> int:
    """Starts the cooldown of those numbers that are not in one; returns how many.

    Of two calls that do so at the same time, the second waits and finds the first one's cooldown.
    """
    return await _set_cooldown(connection, call, add_delay(clock, cooldown), is_off_cooldown(clock))


async def clear_cooldown(connection: AsyncConnection, call: int, clock: ClockExpression) -> None:
    """Ends the cooldowns that this call set; those set by other calls stay."""
    await _set_cooldown(connection, call, clock, number_cooldown.c.attempt_id == call)


async def _set_cooldown(
    connection: AsyncConnection,
    call: int,
    until: ClockExpression,
    where: ColumnElement[bool] | None,
) -> int:
    numbers = (
        select(recipient.c.phone, until, literal(call))
        .where(recipient.c.attempt_id == call)
        .order_by(recipient.c.phone)
    )
    inserted = upsert(connection, number_cooldown).from_select(
        ["phone", "until", "attempt_id"], numbers
    )
    changed = {name: inserted.excluded[name] for name in ("until", "attempt_id")}
    statement = inserted.on_conflict_do_update(index_elements=["phone"], set_=changed, where=where)
    return len((await connection.execute(statement.returning(number_cooldown.c.phone))).all())


async def defer_cooling_down(
    connection: AsyncConnection, candidates: Select[Any], clock: ClockExpression, now: datetime
) -> dict[int, int]:
    """Defers those of the recipients in `candidates` (`id`, `phone`) that are in cooldown.

    Returns the message ID of each, by recipient ID. They are due again when the cooldown ends, by
    the caller's clock, which says `now`.
    """
    numbers = candidates.subquery()
    in_table = select(numbers.c.id).join(
        number_cooldown, number_cooldown.c.phone == numbers.c.phone
    )
    until = (
        select(number_cooldown.c.until)
        .where(number_cooldown.c.phone == recipient.c.phone)
        .scalar_subquery()
    )
    statement = (
        update(recipient)
        .where(
            recipient.c.id.in_(in_table.where(in_cooldown(clock))),
            unindexed(recipient.c.state).in_(UNSENT_STATES),
        )
        .values(due_at=shift(until, clock, now), reason=COOLDOWN_REASON, code=None)
        .returning(recipient.c.id, recipient.c.message_id)
    )
    return {row.id: row.message_id for row in await connection.execute(statement)}
