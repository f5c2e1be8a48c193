"""Numbers that were just sent to: the gateway refuses a whole request for one of them (ERR028).

How long they rest goes by the database's clock: a replica whose own is slow would not wait long
enough. Numbers are marked in their order, so two calls that share some never lock each other out.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.column_types import add_delay, shift
from kwtsms_bot.database.tables import number_cooldown, recipient
from kwtsms_bot.i18n.translator import N_
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.sql import unindexed, upsert

COOLDOWN = timedelta(seconds=16)  # 15 s, and a little for the way to the gateway.
# Further off is nothing but what a clock has written that was fast.
MAX_COOLDOWN = timedelta(minutes=1)
UNSENT_STATES = (State.QUEUED.value, State.CLAIMED.value)
COOLDOWN_REASON = N_("A message to this number left less than 15 seconds ago.")
ClockExpression = ColumnElement[datetime]


def in_cooldown(clock: ClockExpression) -> ColumnElement[bool]:
    """Whether a row of `number_cooldown` says that its number has to rest."""
    return and_(
        number_cooldown.c.until > clock, number_cooldown.c.until < add_delay(clock, MAX_COOLDOWN)
    )


def is_off_cooldown(clock: ClockExpression) -> ColumnElement[bool]:
    """The contrary, in words for an index."""
    return or_(
        number_cooldown.c.until <= clock, number_cooldown.c.until >= add_delay(clock, MAX_COOLDOWN)
    )


async def start_cooldown(connection: AsyncConnection, call: int, clock: ClockExpression) -> None:
    """The numbers of this call may not be sent to for a while."""
    await _set_cooldown(connection, call, add_delay(clock, COOLDOWN), None)


async def reserve_cooldown(connection: AsyncConnection, call: int, clock: ClockExpression) -> int:
    """The same for those that are not hot yet; how many that were.

    Of two calls that do so at the same moment, the second waits and finds the first one's mark.
    """
    return await _set_cooldown(connection, call, add_delay(clock, COOLDOWN), is_off_cooldown(clock))


async def clear_cooldown(connection: AsyncConnection, call: int, clock: ClockExpression) -> None:
    """Nothing of this call has reached its numbers; what another has made hot stays hot."""
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
    """Of these recipients (`id`, `phone`), the hot ones wait until they are not.

    Which those were, and whose message has changed by that. `now` is what the caller's clock says:
    by that, they are due again.
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
