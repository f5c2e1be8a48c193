"""Calls whose outcome was lost, what is known about the balance around them, and what it showed.

Where the answer comes late and says that nothing was sent, that is shown in the place of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import AlreadyThere
from kwtsms_bot.database.tables import attempt, balance_sample, evidence, recipient
from kwtsms_bot.database.ticks import Slot, take_tick
from kwtsms_bot.outbox.evidence import CLOCKS_DIFFER, NOT_SENT, Evidence, Seen, Spent
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store.base import Base, touch, upsert
from kwtsms_bot.outbox.store.takeover import LONGEST_LEASE

AFTER = timedelta(minutes=1)  # What hangs at the gateway may be charged a little later.
ANSWER_TAKES = timedelta(minutes=1)  # A sample was taken within this after its time.
AT_ONCE = 20
JOB = "evidence"


@dataclass(frozen=True, slots=True)
class LostCall:
    """A call of which nobody knows what became."""

    attempt: int
    message_id: int
    begun_at: datetime
    price: int  # In credits, as we reckon it: pages times recipients.


class Examining(Base):
    """What the witness asks and writes down."""

    async def take_look(self, slot: Slot) -> bool:
        """Whether this process is the one that asks for the balance in `slot`."""
        return await take_tick(self.database, JOB, slot)

    async def lost_calls(self, now: datetime) -> Sequence[LostCall]:
        """Those that can be looked into now and were not yet, the oldest first."""
        seen = select(evidence.c.attempt_id).where(evidence.c.attempt_id == attempt.c.id)
        query = (
            select(attempt)
            .where(attempt.c.lost, attempt.c.settled_at <= now - AFTER, ~seen.exists())
            .order_by(attempt.c.id)
            .limit(AT_ONCE)
        )
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [LostCall(row.id, row.message_id, row.begun_at, row.price) for row in rows]

    async def balance_before(self, lost: LostCall) -> Seen | None:
        """The last balance that was known before the call began."""
        by = lost.begun_at - CLOCKS_DIFFER
        call = (
            select(attempt)
            .where(
                attempt.c.id < lost.attempt,
                attempt.c.settled_at <= by,
                attempt.c.balance_after.is_not(None),
            )
            .order_by(attempt.c.id.desc())
            .limit(1)
        )
        sample = (
            select(balance_sample)
            .where(balance_sample.c.at <= by - ANSWER_TAKES)
            .order_by(balance_sample.c.at.desc())
            .limit(1)
        )
        async with self.database.reading() as connection:
            called = (await connection.execute(call)).first()
            sampled = (await connection.execute(sample)).first()
        found = []
        if called is not None:
            found.append(Seen(called.begun_at, called.settled_at, called.balance_after))
        if sampled is not None:
            found.append(Seen(sampled.at, sampled.at + ANSWER_TAKES, sampled.available))
        return max(found, key=lambda one: one.ended_at, default=None)

    async def spent_between(self, lost: LostCall, before: Seen, until: datetime) -> list[Spent]:
        """Our other calls that may have been charged between then and then."""
        query = _calls_about(before, until).where(attempt.c.id != lost.attempt)
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Spent(row.begun_at, row.settled_at, _cost(row))
            for row in rows
            # The call that told the first balance is in it already.
            if (row.begun_at, row.settled_at) != (before.begun_at, before.ended_at)
        ]

    async def note_evidence(self, lost: LostCall, found: Evidence, now: datetime) -> None:
        """Writes down what was found; where another replica was first, its finding stays."""
        row = insert(evidence).values(attempt_id=lost.attempt, **_columns(found, now))
        try:
            async with self.database.transaction() as connection:
                await connection.execute(row)
                await touch(connection, [lost.message_id])
        except AlreadyThere:
            return


async def not_sent_after_all(
    connection: AsyncConnection, call: int, plan: Plan, now: datetime
) -> None:
    """An answer that came after the call was given up: nothing was sent. A person still decides.

    Where one has taken it as sent already, they are told as well.
    """
    await connection.execute(
        update(recipient)
        .where(recipient.c.attempt_id == call, recipient.c.state == State.UNKNOWN.value)
        .values(code=plan.code, reason=plan.reason)
    )
    found = _columns(NOT_SENT, now)
    step = upsert(connection, evidence).values(attempt_id=call, **found)
    await connection.execute(step.on_conflict_do_update(index_elements=["attempt_id"], set_=found))


def _columns(found: Evidence, now: datetime) -> dict[str, Any]:
    return {
        "verdict": found.verdict.value,
        "before": found.before,
        "after": found.after,
        "meanwhile": found.meanwhile,
        "at": now,
    }


def _cost(row: Row[Any]) -> Decimal | None:
    """What a call cost: nothing, where the gateway took no message of it."""
    untold = row.points is None and (row.lost or row.gateway_id or row.settled_at is None)
    return None if untold else row.points or Decimal(0)


def _calls_about(before: Seen, until: datetime) -> Select[tuple[object, ...]]:
    """Calls that were under way at any moment from then until then."""
    from_ = before.begun_at - CLOCKS_DIFFER
    under_way = or_(attempt.c.settled_at.is_(None), attempt.c.settled_at >= from_)
    return select(attempt).where(
        and_(attempt.c.begun_at >= from_ - LONGEST_LEASE, attempt.c.begun_at <= until), under_way
    )
