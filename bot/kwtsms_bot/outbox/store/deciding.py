"""What a person decides about a message, and what the tracker learns of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update

from kwtsms_bot.database import AlreadyThere
from kwtsms_bot.database.tables import attempt, message, recipient
from kwtsms_bot.outbox.message import DedupeKey, State
from kwtsms_bot.outbox.store.accepting import use_up
from kwtsms_bot.outbox.store.base import Base, move, touch
from kwtsms_bot.outbox.store.erasing import NUMBERED
from kwtsms_bot.outbox.store.usage import add
from kwtsms_bot.outbox.tracking import Tracked

CHECKING = timedelta(minutes=2)  # Then another replica asks.


class Deciding(Base):
    """Decisions and reports."""

    async def cancel(self, ref: str, now: datetime) -> int:
        """Takes back what is still queued; how many recipients that were."""
        about = select(message.c.id, message.c.pages, message.c.created_at).where(
            message.c.ref == ref
        )
        async with self.database.transaction() as connection:
            row = (await connection.execute(about)).first()
            if row is None:
                return 0
            where = [recipient.c.message_id == row.id, recipient.c.state == State.QUEUED.value]
            moved = await move(connection, where, State.CANCELLED, now, reason=None, code=None)
            if moved:
                await add(connection, -row.pages * moved, row.created_at)
                await touch(connection, [row.id])
        return moved

    async def send_again(self, ref: str, now: datetime, once: DedupeKey | None = None) -> int:
        """Queues anew what is unknown: a person takes the risk that it is sent twice.

        With `once`, a decision under the same key counts no second time.
        """
        return await self._decide(ref, State.QUEUED, now, once)

    async def treat_as_sent(self, ref: str, now: datetime, once: DedupeKey | None = None) -> int:
        """Takes what is unknown as sent."""
        return await self._decide(ref, State.SENT, now, once)

    async def _decide(self, ref: str, after: State, now: datetime, once: DedupeKey | None) -> int:
        """The key is used up together with the decision, or neither is there."""
        ids = select(message.c.id).where(message.c.ref == ref)
        where = [recipient.c.message_id.in_(ids), recipient.c.state == State.UNKNOWN.value]
        if after is State.QUEUED:  # What is erased cannot be sent.
            where.append(NUMBERED)
        try:
            async with self.database.transaction() as connection:
                if once is not None:
                    await use_up(connection, once, now)
                moved = await move(
                    connection, where, after, now, due_at=now, reason=None, code=None
                )
                found = (await connection.execute(ids)).scalars().all()
                await touch(connection, found if moved else ())
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
    ) -> None:
        """Writes down what the gateway said of each number, and when to ask again."""
        async with self.database.transaction() as connection:
            await connection.execute(
                update(attempt)
                .where(attempt.c.id == tracked.attempt)
                .values(check_at=again_at, checks=attempt.c.checks + 1)
            )
            moved = 0
            for phone, state in found.items():
                here = [recipient.c.attempt_id == tracked.attempt, recipient.c.phone == phone]
                code = "ERR030" if state is State.STUCK else None
                moved += await move(connection, here, state, now, code=code, reason=None)
            owner = select(attempt.c.message_id).where(attempt.c.id == tracked.attempt)
            ids = (await connection.execute(owner)).scalars().all()
            await touch(connection, ids if moved else ())
