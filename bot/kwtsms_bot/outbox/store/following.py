"""What is learned of calls that the gateway took: what is to be asked, and what it said."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.outbox.complaint import TakenCall
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store.base import Base, chunks, move, touch
from kwtsms_bot.outbox.store.erasing import NUMBERED
from kwtsms_bot.outbox.tracking import STUCK, Learned, Tracked, is_passed_on

CHECKING = timedelta(minutes=2)  # Then another replica asks.
STATUS_LENGTH = 80


class Following(Base):
    """Questions and answers about calls."""

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
            return await _tracked(connection, row)

    async def taken(self, gateway_id: str) -> Tracked | None:
        """The call that the gateway took under this id, for somebody who asks out of turn."""
        query = select(attempt).where(attempt.c.gateway_id == gateway_id).limit(1)
        async with self.database.reading() as connection:
            row = (await connection.execute(query)).first()
            return await _tracked(connection, row) if row else None

    async def taken_calls(
        self, message_id: int, states: Sequence[State], *, limit: int
    ) -> tuple[TakenCall, ...]:
        """The calls that the gateway took, with those of their numbers that are in these states.

        Of the numbers, the first so many; none that is erased.
        """
        query = (
            select(attempt.c.gateway_id, attempt.c.taken_at, recipient.c.phone)
            .join(recipient, recipient.c.attempt_id == attempt.c.id)
            .where(
                attempt.c.message_id == message_id,
                attempt.c.gateway_id.is_not(None),
                attempt.c.taken_at.is_not(None),
                recipient.c.state.in_([state.value for state in states]),
                NUMBERED,
            )
            .order_by(attempt.c.id, recipient.c.id)
            .limit(limit)
        )
        found: dict[tuple[str, datetime], list[str]] = {}
        async with self.database.reading() as connection:
            for gateway_id, taken_at, phone in await connection.execute(query):
                found.setdefault((gateway_id, taken_at), []).append(phone)
        return tuple(TakenCall(*call, tuple(phones)) for call, phones in found.items())

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
        self, tracked: Tracked, learned: Learned, *, again_at: datetime | None, now: datetime
    ) -> bool:
        """Writes down what the gateway said, and when to ask again; whether it is new."""
        async with self.database.transaction() as connection:
            asked = {"check_at": again_at, "checks": attempt.c.checks + 1}
            await _change(connection, tracked, **asked)
            return await _note(connection, tracked, learned, now)

    async def note_answer(self, tracked: Tracked, learned: Learned, now: datetime) -> bool:
        """The same of what was asked out of turn: what is to be asked yet stays as it is.

        Unless nothing more is to come.
        """
        async with self.database.transaction() as connection:
            if learned.over:
                await _change(connection, tracked, check_at=None)
            return await _note(connection, tracked, learned, now)


async def _tracked(connection: AsyncConnection, row: Row[Any]) -> Tracked:
    phones = await connection.execute(
        select(recipient.c.phone).where(recipient.c.attempt_id == row.id, NUMBERED)
    )
    return Tracked(
        attempt=row.id,
        gateway_id=row.gateway_id,
        phones=tuple(phones.scalars()),
        sent_at=row.settled_at,
        checks=row.checks,
        passed=is_passed_on(row.status),
    )


async def _change(connection: AsyncConnection, tracked: Tracked, **values: Any) -> None:
    await connection.execute(update(attempt).where(attempt.c.id == tracked.attempt).values(values))


async def _note(
    connection: AsyncConnection, tracked: Tracked, learned: Learned, now: datetime
) -> bool:
    """What it said of the call and of each number; its card is shown anew if anything is new."""
    news = int(await _said(connection, tracked, learned.word, now))
    for state in set(learned.found.values()):
        code = STUCK if state is State.STUCK else None
        for phones in chunks([phone for phone, one in learned.found.items() if one is state]):
            here = [recipient.c.attempt_id == tracked.attempt, recipient.c.phone.in_(phones)]
            news += await move(connection, here, state, now, code=code, reason=None)
    owner = select(attempt.c.message_id).where(attempt.c.id == tracked.attempt)
    ids = (await connection.execute(owner)).scalars().all()
    await touch(connection, ids if news else ())
    return news > 0


async def _said(
    connection: AsyncConnection, tracked: Tracked, status: str | None, now: datetime
) -> bool:
    """Keeps the gateway's word and since when it says so; whether it is another than before.

    Without digits: whatever it says, no number is kept longer than its message.
    """
    if not status:
        return False
    plain = (one if one.isprintable() and not one.isdigit() else "•" for one in status)
    word = "".join(plain).strip()[:STATUS_LENGTH]
    before = select(attempt.c.status).where(attempt.c.id == tracked.attempt)
    if (await connection.execute(before)).scalar() == word:
        return False
    await _change(connection, tracked, status=word, status_at=now)
    return True
