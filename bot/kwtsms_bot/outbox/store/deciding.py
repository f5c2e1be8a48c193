"""What a person decides about a message whose outcome is unknown."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot import kuwait
from kwtsms_bot.database import AlreadyThere
from kwtsms_bot.database.tables import recipient
from kwtsms_bot.outbox.admission import day_of
from kwtsms_bot.outbox.decision import Decided, Decision
from kwtsms_bot.outbox.limits import UNLIMITED, Allowance, OverLimit, Usage, breach
from kwtsms_bot.outbox.message import DedupeKey, State
from kwtsms_bot.outbox.store.accepting import use_up
from kwtsms_bot.outbox.store.admitting import ACCEPTING
from kwtsms_bot.outbox.store.audit import By
from kwtsms_bot.outbox.store.base import Base, move
from kwtsms_bot.outbox.store.decisions import record, to_decide
from kwtsms_bot.outbox.store.erasing import NUMBERED
from kwtsms_bot.outbox.store.usage import add, spent_on


class Deciding(Base):
    """The two answers to it."""

    async def send_again(
        self,
        ref: str,
        now: datetime,
        by: By,
        *,
        expires_at: datetime | None = None,
        once: DedupeKey | None = None,
        allowance: Allowance = UNLIMITED,
    ) -> int:
        """Queues anew what is unknown: a person takes the risk that it is sent twice.

        From `expires_at` on it is too old; without it, from when it was before. With `once`, a
        decision under the same key counts no second time. It may cost as much as it did before, so
        it counts once more among the credits of the day.

        Raises:
            OverLimit: that would be more credits than a day may have.
        """
        changed: dict[str, datetime | None] = {"cancelled_at": None}
        if expires_at is not None:
            changed["expires_at"] = expires_at
        made = Decision(Decided.SEND_AGAIN, by.actor, now, 0)
        try:
            async with self.database.transaction() as connection:
                await self.database.one_at_a_time(connection, ACCEPTING)
                row, moved = await _decide(connection, ref, made, by, once=once, **changed)
                if moved:
                    await _afford(connection, row.pages * moved, now, allowance)
        except AlreadyThere:
            return 0
        return moved

    async def treat_as_sent(
        self, ref: str, now: datetime, by: By, *, once: DedupeKey | None = None
    ) -> int:
        """Takes what is unknown as sent."""
        made = Decision(Decided.TREAT_AS_SENT, by.actor, now, 0)
        try:
            async with self.database.transaction() as connection:
                _, moved = await _decide(connection, ref, made, by, once=once)
        except AlreadyThere:
            return 0
        return moved


async def _decide(
    connection: AsyncConnection,
    ref: str,
    made: Decision,
    by: By,
    *,
    once: DedupeKey | None,
    **changed: datetime | None,
) -> tuple[Any, int]:
    """The message and how many it was about; the key is used up with it, or neither is there."""
    if once is not None:
        await use_up(connection, once, made.at)
    row = await to_decide(connection, ref)
    if row is None:
        return None, 0
    moved = await _decided(connection, row.id, made)
    if moved:
        await record(connection, row, replace(made, recipients=moved), by, **changed)
    return row, moved


async def _afford(
    connection: AsyncConnection, amount: int, now: datetime, allowance: Allowance
) -> None:
    """Spends so many credits of the day; raises OverLimit where that is too much."""
    usage = Usage(None, None, await spent_on(connection, day_of(now)))
    over = breach(allowance, usage, amount, kuwait.midnight_after(now))
    if over is not None:
        raise OverLimit(over)
    await add(connection, [(amount, now)])


async def _decided(connection: AsyncConnection, message_id: int, made: Decision) -> int:
    """How many of its recipients were unknown, and are what the decision makes of them."""
    where = [recipient.c.message_id == message_id, recipient.c.state == State.UNKNOWN.value]
    after = State.SENT
    if made.what is Decided.SEND_AGAIN:
        after = State.QUEUED
        where.append(NUMBERED)  # What is erased cannot be sent.
    return await move(connection, where, after, made.at, due_at=made.at, reason=None, code=None)
