"""What a person decides about a message, and what the tracker learns of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import AlreadyThere
from kwtsms_bot.database.tables import attempt, decision, message, recipient
from kwtsms_bot.outbox.decision import Decided, Decision
from kwtsms_bot.outbox.message import DedupeKey, State
from kwtsms_bot.outbox.store.accepting import use_up
from kwtsms_bot.outbox.store.audit import By, note
from kwtsms_bot.outbox.store.base import Base, chunks, hold, move, touch
from kwtsms_bot.outbox.store.erasing import NUMBERED
from kwtsms_bot.outbox.store.usage import add
from kwtsms_bot.outbox.tracking import Tracked

CHECKING = timedelta(minutes=2)  # Then another replica asks.
STATUS_LENGTH = 80
LEDGER = {  # How a decision is told there.
    Decided.SEND_AGAIN: "send again",
    Decided.TREAT_AS_SENT: "treat as sent",
    Decided.CANCEL: "cancelled {count}",
}


class Deciding(Base):
    """Decisions and reports."""

    async def cancel(self, ref: str, now: datetime, by: By) -> int:
        """Takes back what is still queued; how many recipients that were."""
        async with self.database.transaction() as connection:
            row = await _held(connection, ref)
            if row is None:
                return 0
            where = [recipient.c.message_id == row.id, recipient.c.state == State.QUEUED.value]
            moved = await move(connection, where, State.CANCELLED, now, reason=None, code=None)
            if moved:
                await add(connection, -row.pages * moved, row.created_at)
                made = Decision(Decided.CANCEL, by.actor, now, moved)
                await _record(connection, row, made, by)
        return moved

    async def send_again(
        self,
        ref: str,
        now: datetime,
        by: By,
        *,
        expires_at: datetime | None = None,
        once: DedupeKey | None = None,
    ) -> int:
        """Queues anew what is unknown: a person takes the risk that it is sent twice.

        From `expires_at` on it is too old; without it, from when it was before. With `once`, a
        decision under the same key counts no second time.
        """
        changed = {} if expires_at is None else {"expires_at": expires_at}
        made = Decision(Decided.SEND_AGAIN, by.actor, now, 0)
        return await self._decide(ref, made, by, once, **changed)

    async def treat_as_sent(
        self, ref: str, now: datetime, by: By, *, once: DedupeKey | None = None
    ) -> int:
        """Takes what is unknown as sent."""
        return await self._decide(ref, Decision(Decided.TREAT_AS_SENT, by.actor, now, 0), by, once)

    async def _decide(
        self, ref: str, made: Decision, by: By, once: DedupeKey | None, **changed: datetime
    ) -> int:
        """The key is used up together with the decision, or neither is there."""
        try:
            async with self.database.transaction() as connection:
                if once is not None:
                    await use_up(connection, once, made.at)
                row = await _held(connection, ref)
                if row is None:
                    return 0
                moved = await _decided(connection, row.id, made)
                if moved:
                    await _record(connection, row, replace(made, recipients=moved), by, **changed)
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


async def _held(connection: AsyncConnection, ref: str) -> Any:
    """The message to decide about; until we are done, no call of it is settled."""
    about = select(message.c.id, message.c.ref, message.c.pages, message.c.created_at)
    row = (await connection.execute(about.where(message.c.ref == ref))).first()
    if row is not None:
        await hold(connection, attempt.c.id, attempt.c.message_id == row.id)
    return row


async def _decided(connection: AsyncConnection, message_id: int, made: Decision) -> int:
    """How many of its recipients were unknown, and are what the decision makes of them."""
    where = [recipient.c.message_id == message_id, recipient.c.state == State.UNKNOWN.value]
    after = State.SENT
    if made.what is Decided.SEND_AGAIN:
        after = State.QUEUED
        where.append(NUMBERED)  # What is erased cannot be sent.
    return await move(connection, where, after, made.at, due_at=made.at, reason=None, code=None)


async def _record(
    connection: AsyncConnection, row: Row[Any], made: Decision, by: By, **changed: datetime
) -> None:
    """On the message, and in the ledger: neither is there without the other."""
    await connection.execute(
        insert(decision).values(
            message_id=row.id,
            what=made.what.value,
            actor=made.actor,
            recipients=made.recipients,
            at=made.at,
        )
    )
    detail = LEDGER[made.what].format(count=made.recipients)
    line = by.line(made.at, "send", "allowed", subject=row.ref, detail=detail)
    await note(connection, line)
    if changed:
        await connection.execute(update(message).where(message.c.id == row.id).values(changed))
    await touch(connection, [row.id])
