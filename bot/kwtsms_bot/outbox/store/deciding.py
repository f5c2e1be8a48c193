"""What a person decides about a message, and what the tracker learns of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot import kuwait
from kwtsms_bot.database import AlreadyThere
from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.outbox.admission import day_of
from kwtsms_bot.outbox.decision import Decided, Decision
from kwtsms_bot.outbox.limits import UNLIMITED, Allowance, OverLimit, Usage, breach
from kwtsms_bot.outbox.message import DedupeKey, State
from kwtsms_bot.outbox.store.accepting import use_up
from kwtsms_bot.outbox.store.admitting import ACCEPTING
from kwtsms_bot.outbox.store.audit import By
from kwtsms_bot.outbox.store.base import Base, chunks, move, touch
from kwtsms_bot.outbox.store.decisions import record, to_decide
from kwtsms_bot.outbox.store.erasing import NUMBERED
from kwtsms_bot.outbox.store.usage import add, spent_on
from kwtsms_bot.outbox.tracking import Tracked

CHECKING = timedelta(minutes=2)  # Then another replica asks.
STATUS_LENGTH = 80


class Deciding(Base):
    """Decisions and reports."""

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

    async def to_check(self, now: datetime) -> Tracked | None:
        """The attempt whose status is to be asked first; it is ours for a while."""
        query = (
            select(attempt)
            .where(attempt.c.check_at <= now, attempt.c.gateway_id.is_not(None))
            .order_by(attempt.c.check_at)
            .limit(1)
        )
        if not await self._is_any(query):
            return None
        async with self.database.transaction() as connection:
            locked = query.with_for_update(skip_locked=True)
            row = (await connection.execute(locked)).first()
            if row is None:
                return None
            mine = update(attempt).where(attempt.c.id == row.id).values(check_at=now + CHECKING)
            await connection.execute(mine)
            phones = await connection.execute(
                select(recipient.c.phone).where(recipient.c.attempt_id == row.id, NUMBERED)
            )
            return Tracked(
                attempt=row.id,
                gateway_id=row.gateway_id,
                phones=tuple(phones.scalars()),
                sent_at=row.settled_at,
                checks=row.checks,
            )

    async def _is_any(self, query: Select[Any]) -> bool:
        """Without keeping a writer waiting."""
        async with self.database.reading() as connection:
            return (await connection.execute(query)).first() is not None

    async def next_check(self) -> datetime | None:
        """When the first status is to be asked."""
        query = (
            select(attempt.c.check_at)
            .where(attempt.c.check_at.is_not(None))
            .order_by(attempt.c.check_at)
            .limit(1)
        )
        async with self.database.reading() as connection:
            found: datetime | None = (await connection.execute(query)).scalar()
        return found

    async def note_check(
        self,
        tracked: Tracked,
        found: Mapping[str, State],
        *,
        again_at: datetime | None,
        now: datetime,
        status: str | None = None,
    ) -> None:
        """Writes down what the gateway said of each number, and when to ask again.

        `status` is its word about the call as a whole.
        """
        async with self.database.transaction() as connection:
            news = int(await _said(connection, tracked.attempt, status, now))
            await connection.execute(
                update(attempt)
                .where(attempt.c.id == tracked.attempt)
                .values(check_at=again_at, checks=attempt.c.checks + 1)
            )
            for state in set(found.values()):
                code = "ERR030" if state is State.STUCK else None
                for phones in chunks([phone for phone, one in found.items() if one is state]):
                    here = [
                        recipient.c.attempt_id == tracked.attempt,
                        recipient.c.phone.in_(phones),
                    ]
                    news += await move(connection, here, state, now, code=code, reason=None)
            owner = select(attempt.c.message_id).where(attempt.c.id == tracked.attempt)
            ids = (await connection.execute(owner)).scalars().all()
            await touch(connection, ids if news else ())


async def _said(connection: AsyncConnection, call: int, status: str | None, now: datetime) -> bool:
    """Keeps the gateway's word and when it came; whether it is another than before.

    Without digits: whatever it says, no number is kept longer than its message.
    """
    if not status:
        return False
    plain = (one if one.isprintable() and not one.isdigit() else "•" for one in status)
    word = "".join(plain)[:STATUS_LENGTH]
    before = select(attempt.c.status).where(attempt.c.id == call)
    known = (await connection.execute(before)).scalar()
    await connection.execute(
        update(attempt).where(attempt.c.id == call).values(status=word, status_at=now)
    )
    return known != word


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
    await add(connection, amount, now)


async def _decided(connection: AsyncConnection, message_id: int, made: Decision) -> int:
    """How many of its recipients were unknown, and are what the decision makes of them."""
    where = [recipient.c.message_id == message_id, recipient.c.state == State.UNKNOWN.value]
    after = State.SENT
    if made.what is Decided.SEND_AGAIN:
        after = State.QUEUED
        where.append(NUMBERED)  # What is erased cannot be sent.
    return await move(connection, where, after, made.at, due_at=made.at, reason=None, code=None)
