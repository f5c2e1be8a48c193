"""Calls of unknown outcome, the balances around them, and the evidence found.

A late answer that nothing was sent replaces that evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database, DuplicateKey
from kwtsms_bot.database.job_slots import JobSlot, claim_slot
from kwtsms_bot.database.tables import attempt, balance_sample, evidence, recipient
from kwtsms_bot.outbox.evidence import MAX_CLOCK_SKEW, NOT_SENT, BalanceReading, CallCost, Evidence
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.sql import LONGEST_LEASE, mark_changed, upsert
from kwtsms_bot.outbox.states import State

EXAMINE_DELAY = timedelta(minutes=1)  # A call may hang at the gateway and be charged later.
MAX_ANSWER_TIME = timedelta(minutes=1)  # A sample was taken within this after its time.
BATCH_SIZE = 20
JOB = "evidence"


@dataclass(frozen=True, slots=True)
class UnansweredCall:
    """A call whose outcome is unknown."""

    attempt: int
    message_id: int
    begun_at: datetime
    price: int  # In credits, as estimated: pages times recipients.


class EvidenceStore:
    """Store of evidence, for the reconciler."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim_reconcile_slot(self, slot: JobSlot) -> bool:
        """Whether this process claims the balance request in `slot`."""
        return await claim_slot(self._database, JOB, slot)

    async def unanswered_calls(self, now: datetime) -> Sequence[UnansweredCall]:
        """Returns calls without evidence that can be reconciled now, the oldest first."""
        examined = select(evidence.c.attempt_id).where(evidence.c.attempt_id == attempt.c.id)
        query = (
            select(attempt)
            .where(attempt.c.lost, attempt.c.settled_at <= now - EXAMINE_DELAY, ~examined.exists())
            .order_by(attempt.c.id)
            .limit(BATCH_SIZE)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [UnansweredCall(row.id, row.message_id, row.begun_at, row.price) for row in rows]

    async def balance_before(self, unanswered: UnansweredCall) -> BalanceReading | None:
        """Returns the last balance known before the call began."""
        known_by = unanswered.begun_at - MAX_CLOCK_SKEW
        call = (
            select(attempt)
            .where(
                attempt.c.id < unanswered.attempt,
                attempt.c.settled_at <= known_by,
                attempt.c.balance_after.is_not(None),
            )
            .order_by(attempt.c.id.desc())
            .limit(1)
        )
        sample = (
            select(balance_sample)
            .where(balance_sample.c.at <= known_by - MAX_ANSWER_TIME)
            .order_by(balance_sample.c.at.desc())
            .limit(1)
        )
        async with self._database.reading() as connection:
            called = (await connection.execute(call)).first()
            sampled = (await connection.execute(sample)).first()
        found = []
        if called is not None:
            found.append(BalanceReading(called.begun_at, called.settled_at, called.balance_after))
        if sampled is not None:
            found.append(
                BalanceReading(sampled.at, sampled.at + MAX_ANSWER_TIME, sampled.available)
            )
        return max(found, key=lambda one: one.ended_at, default=None)

    async def costs_between(
        self, unanswered: UnansweredCall, before: BalanceReading, until: datetime
    ) -> list[CallCost]:
        """Returns our other calls that may have been charged between `before` and `until`."""
        query = _calls_between(before, until).where(attempt.c.id != unanswered.attempt)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [
            CallCost(row.begun_at, row.settled_at, _cost(row))
            for row in rows
            # The call that reported the first balance is included in it.
            if (row.begun_at, row.settled_at) != (before.begun_at, before.ended_at)
        ]

    async def record_evidence(
        self, unanswered: UnansweredCall, found: Evidence, now: datetime
    ) -> None:
        """Stores the evidence; if another replica was first, its evidence stays."""
        row = insert(evidence).values(attempt_id=unanswered.attempt, **_columns(found, now))
        try:
            async with self._database.transaction() as connection:
                await connection.execute(row)
                await mark_changed(connection, [unanswered.message_id])
        except DuplicateKey:
            return


async def record_late_not_sent(
    connection: AsyncConnection, call: int, settlement: Settlement, now: datetime
) -> None:
    """Stores a late answer that nothing was sent; a person still decides.

    The card shows it even if somebody has marked the call as sent already.
    """
    await connection.execute(
        update(recipient)
        .where(recipient.c.attempt_id == call, recipient.c.state == State.UNKNOWN.value)
        .values(code=settlement.code, reason=settlement.reason)
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
    """Returns a call's cost: 0 if the gateway accepted nothing, None if it is unknown."""
    unknown = row.points is None and (row.lost or row.gateway_id or row.settled_at is None)
    return None if unknown else row.points or Decimal(0)


def _calls_between(before: BalanceReading, until: datetime) -> Select[tuple[object, ...]]:
    """Returns the query for calls that were under way at any moment in between."""
    start = before.begun_at - MAX_CLOCK_SKEW
    active = or_(attempt.c.settled_at.is_(None), attempt.c.settled_at >= start)
    return select(attempt).where(
        and_(attempt.c.begun_at >= start - LONGEST_LEASE, attempt.c.begun_at <= until), active
    )
