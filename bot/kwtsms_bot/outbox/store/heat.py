"""Numbers that were just sent to: the gateway refuses a whole request for one of them (ERR028).

How long they rest goes by the database's clock: a replica whose own is slow would not wait long
enough. Numbers are marked in their order, so two calls that share some never lock each other out.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.columns import later, moved
from kwtsms_bot.database.tables import hot_number, recipient
from kwtsms_bot.language import marked
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store.base import only_checked, upsert

HOT = timedelta(seconds=16)  # 15 s, and a little for the way to the gateway.
# Further off is nothing but what a clock has written that was fast.
HOTTEST = timedelta(minutes=1)
NOT_LEFT = (State.QUEUED.value, State.CLAIMED.value)
HOT_REASON = marked("A message to this number left less than 15 seconds ago.")
Clock = ColumnElement[datetime]


def is_hot(clock: Clock) -> ColumnElement[bool]:
    """Whether a row of `hot_number` says that its number has to rest."""
    return and_(hot_number.c.until > clock, hot_number.c.until < later(clock, HOTTEST))


def has_rested(clock: Clock) -> ColumnElement[bool]:
    """The contrary, in words for an index."""
    return or_(hot_number.c.until <= clock, hot_number.c.until >= later(clock, HOTTEST))


async def heat(connection: AsyncConnection, call: int, clock: Clock) -> None:
    """The numbers of this call may not be sent to for a while."""
    await _mark(connection, call, later(clock, HOT), None)


async def heat_cold(connection: AsyncConnection, call: int, clock: Clock) -> int:
    """The same for those that are not hot yet; how many that were.

    Of two calls that do so at the same moment, the second waits and finds the first one's mark.
    """
    return await _mark(connection, call, later(clock, HOT), has_rested(clock))


async def cool(connection: AsyncConnection, call: int, clock: Clock) -> None:
    """Nothing of this call has reached its numbers; what another has made hot stays hot."""
    await _mark(connection, call, clock, hot_number.c.attempt_id == call)


async def _mark(
    connection: AsyncConnection, call: int, until: Clock, where: ColumnElement[bool] | None
) -> int:
    numbers = (
        select(recipient.c.phone, until, literal(call))
        .where(recipient.c.attempt_id == call)
        .order_by(recipient.c.phone)
    )
    made = upsert(connection, hot_number).from_select(["phone", "until", "attempt_id"], numbers)
    changed = {name: made.excluded[name] for name in ("until", "attempt_id")}
    step = made.on_conflict_do_update(index_elements=["phone"], set_=changed, where=where)
    return len((await connection.execute(step.returning(hot_number.c.phone))).all())


async def put_off(
    connection: AsyncConnection, candidates: Select[Any], clock: Clock, now: datetime
) -> dict[int, int]:
    """Of these recipients (`id`, `phone`), the hot ones wait until they are not.

    Which those were, and whose message has changed by that. `now` is what the caller's clock says:
    by that, they are due again.
    """
    some = candidates.subquery()
    hot = select(some.c.id).join(hot_number, hot_number.c.phone == some.c.phone)
    until = (
        select(hot_number.c.until).where(hot_number.c.phone == recipient.c.phone).scalar_subquery()
    )
    step = (
        update(recipient)
        .where(
            recipient.c.id.in_(hot.where(is_hot(clock))),
            only_checked(recipient.c.state).in_(NOT_LEFT),
        )
        .values(due_at=moved(until, clock, now), reason=HOT_REASON, code=None)
        .returning(recipient.c.id, recipient.c.message_id)
    )
    return {row.id: row.message_id for row in await connection.execute(step)}
