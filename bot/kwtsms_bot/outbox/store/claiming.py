"""What goes next: the recipients of one call, taken by whoever asks first.

Urgent before bulk, then the oldest; a number that was just sent to waits by itself, and what is too
old is given up. No turn is lost to either: the search goes on behind them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.columns import inserted_id
from kwtsms_bot.database.tables import attempt, message, recipient
from kwtsms_bot.outbox.message import ClaimedCall, Priority, State
from kwtsms_bot.outbox.store.base import CLAIMED, Base, free, move, touch
from kwtsms_bot.outbox.store.heat import put_off
from kwtsms_bot.outbox.store.holding import GOING, begin_trial, is_tried
from kwtsms_bot.outbox.store.loading import as_recipient
from kwtsms_bot.outbox.store.switches import RUNNING
from kwtsms_bot.outbox.store.usage import Change, add

MAX_RECIPIENTS = 200  # ERR007
MAX_LOOKS = 20  # In one transaction: on SQLite nobody else can write meanwhile.
WINDOW = 1000  # Recipients at the head of a queue that are looked at once the first is hot.


@dataclass(frozen=True, slots=True)
class _Aside:
    """What the search for a call has changed on its way: to be written behind it."""

    changed: set[int] = field(default_factory=set)  # Messages with something new to show.
    refunds: list[Change] = field(default_factory=list)


class Claiming(Base):
    """The queue's head."""

    async def claim(self, owner: str, lease: timedelta, now: datetime) -> ClaimedCall | None:
        """Takes the recipients of one call: urgent first, oldest first, none that is hot.

        While sending is held, only one number, and only where that is to be tried. None: there is
        nothing to send now, however much of what is due was too old or hot.
        """
        while True:
            call, aside = None, _Aside()
            async with self.database.transaction() as connection:
                trial = await is_tried(connection)
                for _ in range(MAX_LOOKS):
                    first = await self._first_due(connection, now)
                    rows = await self._cold_of(connection, first, now, aside) if first else ()
                    if rows and trial:
                        begun = await begin_trial(connection, self.database.now_expression)
                        rows = rows[:1] if begun else ()
                    if rows:
                        taken = await _take(connection, rows, owner=owner, now=now, lease=lease)
                        call = replace(taken, trial=trial)
                    if call or first is None:
                        break
                await touch(connection, aside.changed)
                await add(connection, aside.refunds)
            if call or first is None:
                return call

    async def _first_due(self, connection: AsyncConnection, now: datetime) -> Row[Any] | None:
        """The recipient to go first: its message and its priority."""
        for priority in self.going:
            query = _queue(priority, recipient.c.message_id, recipient.c.priority)
            due = query.where(recipient.c.due_at <= now).with_for_update(skip_locked=True)
            found: Row[Any] | None = (await connection.execute(due.limit(1))).first()
            if found is not None:
                return found
        return None

    async def _cold_of(
        self, connection: AsyncConnection, first: Row[Any], now: datetime, aside: _Aside
    ) -> Sequence[Row[Any]]:
        """Of that message, what can go now; without any, the queue has moved on when we return."""
        if await _expired(connection, first.message_id, now, aside):
            return ()
        rows = await _due_of(connection, first.message_id, now)
        ids = recipient.c.id.in_([row.id for row in rows])
        these = select(recipient.c.id, recipient.c.phone).where(ids)
        hot = await put_off(connection, these, self.clock, now)
        aside.changed.update(hot.values())
        if len(hot) == len(rows):
            queue = _queue(Priority(first.priority), recipient.c.id, recipient.c.phone)
            due = queue.where(recipient.c.due_at <= now).limit(WINDOW)
            head = due.with_for_update(skip_locked=True)
            aside.changed.update((await put_off(connection, head, self.clock, now)).values())
        return [row for row in rows if row.id not in hot]

    async def next_due(self) -> datetime | None:
        """When the first recipient in the queue is due."""
        async with self.database.reading() as connection:
            heads = (_queue(priority, recipient.c.due_at).limit(1) for priority in self.going)
            found = [(await connection.execute(head)).scalar() for head in heads]
        return min((due for due in found if due is not None), default=None)


def _queue(priority: Priority, *columns: ColumnElement[Any]) -> Select[Any]:
    """One priority's queue: its head is one look into the index, however long it is.

    While all sending is paused or held, it looks empty.
    """
    return (
        select(*columns)
        .where(
            recipient.c.state == State.QUEUED.value,
            recipient.c.priority == int(priority),
            RUNNING,
            GOING,
        )
        .order_by(recipient.c.due_at, recipient.c.id)
    )


async def _due_of(
    connection: AsyncConnection, message_id: int, now: datetime
) -> Sequence[Row[Any]]:
    query = (
        select(recipient)
        .where(
            recipient.c.message_id == message_id,
            recipient.c.state == State.QUEUED.value,
            recipient.c.due_at <= now,
        )
        .order_by(recipient.c.due_at, recipient.c.id)
        .limit(MAX_RECIPIENTS)
        .with_for_update(skip_locked=True)
    )
    return (await connection.execute(query)).all()


async def _expired(
    connection: AsyncConnection, message_id: int, now: datetime, aside: _Aside
) -> bool:
    """Gives up a message that could not be sent in time."""
    query = select(message.c.expires_at, message.c.pages, message.c.created_at).where(
        message.c.id == message_id
    )
    about = (await connection.execute(query)).one()
    if about.expires_at is None or about.expires_at > now:
        return False
    queued = free(recipient.c.message_id == message_id, recipient.c.state == State.QUEUED.value)
    count = await move(connection, [queued], State.EXPIRED, now)
    aside.changed.add(message_id)
    aside.refunds.append((-about.pages * count, about.created_at))
    return True


async def _take(
    connection: AsyncConnection,
    rows: Sequence[Row[Any]],
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
) -> ClaimedCall:
    message_id = rows[0].message_id
    about = (await connection.execute(select(message).where(message.c.id == message_id))).one()
    made = await connection.execute(
        insert(attempt).values(
            message_id=message_id,
            state=CLAIMED,
            owner=owner,
            lease_until=now + lease,
            price=about.pages * len(rows),
            lost=False,
            checks=0,
        )
    )
    attempt_id = inserted_id(made)
    changes = {"attempt_id": attempt_id, "tries": recipient.c.tries + 1}
    where = [recipient.c.id.in_([row.id for row in rows])]
    await move(connection, where, State.CLAIMED, now, **changes)
    taken = (replace(as_recipient(row), state=State.CLAIMED, tries=row.tries + 1) for row in rows)
    return ClaimedCall(
        attempt=attempt_id,
        message_id=message_id,
        ref=about.ref,
        owner=owner,
        sender_id=about.sender_id,
        text=about.text or "",
        pages=about.pages,
        accepted_at=about.created_at,
        recipients=tuple(taken),
        test=about.test,
        expires_at=about.expires_at,
        request=about.request,
    )
