"""The hold: one row that says for all replicas whether anything may leave."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, false, insert, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import AlreadyThere
from kwtsms_bot.database.columns import later
from kwtsms_bot.database.pacing import hold
from kwtsms_bot.database.tables import recipient
from kwtsms_bot.database.ticks import Slot, note_tick
from kwtsms_bot.outbox.hold import OPEN, WAITS, Heard, Hold, after_call, after_question
from kwtsms_bot.outbox.message import Priority, State
from kwtsms_bot.outbox.store.base import Base, touch
from kwtsms_bot.outbox.store.pace import ACCOUNT

TRYING = timedelta(seconds=20)  # Longer than most answers take; then another replica tries it.
LONGEST = timedelta(seconds=WAITS[-1]) + TRYING  # What is further off, a wrong clock has written.
# Of what waits, and of each priority: whose cards say so at once. Slack takes about one a second;
# the others say it when they are shown for another reason.
SHOWN = 50
JOB = "hold"
OURS = hold.c.account == ACCOUNT
GOING = ~select(hold.c.account).where(OURS, hold.c.shut).exists()  # For a WHERE clause.


class Holding(Base):
    """What the worker and the scout tell and ask."""

    async def hold(self) -> Hold:
        """How sending stands."""
        async with self.database.reading() as connection:
            return await hold_of(connection)

    async def heard(self, heard: Heard, *, trial: bool) -> Hold | None:
        """Takes in what came back of a call; the hold, where it has begun or ended by that."""
        if heard is not Heard.NOTHING and await self.hold() == OPEN:
            return None
        return await self._change(partial(after_call, heard=heard, trial=trial))

    async def answered(self, *, answered: bool) -> None:
        """Takes in what a question came to."""
        await self._change(partial(after_question, answered=answered))

    async def take_question(self) -> bool:
        """Whether this process is the one to ask, now; another asks if it does not come back."""
        now = self.database.now_expression
        due = or_(hold.c.next_at <= now, hold.c.next_at > later(now, LONGEST))
        if not (await self.hold()).shut:
            return False
        async with self.database.transaction() as connection:
            asked = await connection.execute(
                update(hold)
                .where(OURS, hold.c.shut, due)
                .values(next_at=later(now, TRYING))
                .returning(hold.c.next_at)
            )
            slot: datetime | None = asked.scalar()
            if slot is not None:  # All scheduled work stands there, and is tidied up there.
                await note_tick(connection, JOB, Slot(slot, TRYING))
        return slot is not None

    async def _change(self, decide: Callable[..., Hold]) -> Hold | None:
        """Decides about the row while nobody else changes it; the hold, if it began or ended."""
        await self._begin()
        async with self.database.transaction() as connection:
            now_is = select(self.database.now_expression)
            before = await hold_of(connection, lock=True)
            now: datetime = (await connection.execute(now_is)).scalar_one()
            after = decide(before, now=now)
            if after == before:
                return None
            await connection.execute(
                update(hold)
                .where(OURS)
                .values(
                    unread=after.unread,
                    since=after.since,
                    shut=after.shut,
                    in_vain=after.in_vain,
                    next_at=after.next_at,
                )
            )
        if (before.since is None) == (after.since is None):
            return None
        await self._show()
        return after

    async def _begin(self) -> None:
        row = insert(hold).values(account=ACCOUNT, unread=0, shut=False, in_vain=0)
        async with self.database.reading() as connection:
            if (await connection.execute(select(hold.c.account).where(OURS))).first():
                return
        try:
            async with self.database.transaction() as connection:
                await connection.execute(row)
        except AlreadyThere:  # Another replica was faster.
            return

    async def _show(self) -> None:
        """The cards of what waits say that it is held, or no longer.

        In a transaction of its own: whoever has the row waits for no message.
        """
        async with self.database.transaction() as connection:
            for priority in Priority:
                waiting = (
                    select(recipient.c.message_id)
                    .where(
                        recipient.c.state == State.QUEUED.value,
                        recipient.c.priority == int(priority),
                    )
                    .order_by(recipient.c.due_at, recipient.c.id)
                    .limit(SHOWN)
                )
                await touch(connection, (await connection.execute(waiting)).scalars())


async def hold_of(connection: AsyncConnection, *, lock: bool = False) -> Hold:
    """How sending stands; with `lock`, until this transaction ends."""
    query = select(hold).where(OURS)
    row = (await connection.execute(query.with_for_update() if lock else query)).first()
    return Hold(row.unread, row.since, row.shut, row.in_vain, row.next_at) if row else OPEN


async def is_tried(connection: AsyncConnection) -> bool:
    """Whether sending is held, and the next call is the one to try it."""
    found = await hold_of(connection)
    return found.since is not None and not found.shut


async def begin_trial(connection: AsyncConnection, now: ColumnElement[datetime]) -> bool:
    """Whether this transaction's call is the one; from now on nothing else leaves."""
    mine = (
        update(hold)
        .where(OURS, hold.c.since.is_not(None), hold.c.shut == false())
        .values(shut=true(), next_at=later(now, TRYING))
    )
    return (await connection.execute(mine)).rowcount == 1
