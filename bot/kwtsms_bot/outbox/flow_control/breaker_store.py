"""The hold: one row that says for all replicas whether anything may leave."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, false, insert, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database, DuplicateKey
from kwtsms_bot.database.column_types import add_delay
from kwtsms_bot.database.job_slots import JobSlot, claim_slot_within
from kwtsms_bot.database.tables import circuit_breaker, recipient
from kwtsms_bot.outbox.flow_control.circuit_breaker import (
    CLOSED,
    PROBE_DELAYS,
    BreakerState,
    ResponseKind,
    after_call,
    after_probe,
)
from kwtsms_bot.outbox.flow_control.rate_limiter import ACCOUNT
from kwtsms_bot.outbox.message import Priority, State
from kwtsms_bot.outbox.sql import mark_changed

PROBE_LEASE = timedelta(seconds=20)  # Longer than most answers take; then another replica tries it.
MAX_PROBE_DELAY = (
    timedelta(seconds=PROBE_DELAYS[-1]) + PROBE_LEASE
)  # What is further off, a wrong clock has written.
# Of what waits, and of each priority: whose cards say so at once. Slack takes about one a second;
# the others say it when they are shown for another reason.
CARDS_PER_PRIORITY = 50
JOB = "hold"
OUR_ROW = circuit_breaker.c.account == ACCOUNT
BREAKER_NOT_OPEN = (
    ~select(circuit_breaker.c.account).where(OUR_ROW, circuit_breaker.c.open).exists()
)  # For a WHERE clause.


class BreakerStore:
    """What the worker and the scout tell and ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def breaker_state(self) -> BreakerState:
        """How sending stands."""
        async with self._database.reading() as connection:
            return await load_breaker(connection)

    async def record_response(self, response: ResponseKind, *, trial: bool) -> BreakerState | None:
        """Takes in what came back of a call; the hold, where it has begun or ended by that."""
        if response is not ResponseKind.UNREADABLE and await self.breaker_state() == CLOSED:
            return None
        return await self._update(partial(after_call, response=response, trial=trial))

    async def record_probe(self, *, answered: bool) -> None:
        """Takes in what a question came to."""
        await self._update(partial(after_probe, answered=answered))

    async def claim_probe(self) -> bool:
        """Whether this process is the one to ask, now; another asks if it does not come back."""
        now = self._database.now_expression
        due = or_(
            circuit_breaker.c.next_probe_at <= now,
            circuit_breaker.c.next_probe_at > add_delay(now, MAX_PROBE_DELAY),
        )
        if not (await self.breaker_state()).open:
            return False
        async with self._database.transaction() as connection:
            claimed = await connection.execute(
                update(circuit_breaker)
                .where(OUR_ROW, circuit_breaker.c.open, due)
                .values(next_probe_at=add_delay(now, PROBE_LEASE))
                .returning(circuit_breaker.c.next_probe_at)
            )
            slot: datetime | None = claimed.scalar()
            if slot is not None:  # All scheduled work stands there, and is tidied up there.
                await claim_slot_within(connection, JOB, JobSlot(slot, PROBE_LEASE))
        return slot is not None

    async def _update(self, decide: Callable[..., BreakerState]) -> BreakerState | None:
        """Decides about the row while nobody else changes it; the hold, if it began or ended."""
        await self._ensure_row()
        async with self._database.transaction() as connection:
            clock_query = select(self._database.now_expression)
            earlier = await load_breaker(connection, lock=True)
            now: datetime = (await connection.execute(clock_query)).scalar_one()
            after = decide(earlier, now=now)
            if after == earlier:
                return None
            await connection.execute(
                update(circuit_breaker)
                .where(OUR_ROW)
                .values(
                    failures=after.failures,
                    opened_at=after.opened_at,
                    open=after.open,
                    failed_probes=after.failed_probes,
                    next_probe_at=after.next_probe_at,
                )
            )
        if (earlier.opened_at is None) == (after.opened_at is None):
            return None
        await self._mark_queued_changed()
        return after

    async def _ensure_row(self) -> None:
        row = insert(circuit_breaker).values(
            account=ACCOUNT, failures=0, open=False, failed_probes=0
        )
        async with self._database.reading() as connection:
            if (await connection.execute(select(circuit_breaker.c.account).where(OUR_ROW))).first():
                return
        try:
            async with self._database.transaction() as connection:
                await connection.execute(row)
        except DuplicateKey:  # Another replica was faster.
            return

    async def _mark_queued_changed(self) -> None:
        """The cards of what waits say that it is held, or no longer.

        In a transaction of its own: whoever has the row waits for no message.
        """
        async with self._database.transaction() as connection:
            for priority in Priority:
                waiting = (
                    select(recipient.c.message_id)
                    .where(
                        recipient.c.state == State.QUEUED.value,
                        recipient.c.priority == int(priority),
                    )
                    .order_by(recipient.c.due_at, recipient.c.id)
                    .limit(CARDS_PER_PRIORITY)
                )
                await mark_changed(connection, (await connection.execute(waiting)).scalars())


async def load_breaker(connection: AsyncConnection, *, lock: bool = False) -> BreakerState:
    """How sending stands; with `lock`, until this transaction ends."""
    query = select(circuit_breaker).where(OUR_ROW)
    row = (await connection.execute(query.with_for_update() if lock else query)).first()
    return (
        BreakerState(row.failures, row.opened_at, row.open, row.failed_probes, row.next_probe_at)
        if row
        else CLOSED
    )


async def is_half_open(connection: AsyncConnection) -> bool:
    """Whether sending is held, and the next call is the one to try it."""
    found = await load_breaker(connection)
    return found.opened_at is not None and not found.open


async def begin_trial(connection: AsyncConnection, now: ColumnElement[datetime]) -> bool:
    """Whether this transaction's call is the one; from now on nothing else leaves."""
    claim = (
        update(circuit_breaker)
        .where(OUR_ROW, circuit_breaker.c.opened_at.is_not(None), circuit_breaker.c.open == false())
        .values(open=true(), next_probe_at=add_delay(now, PROBE_LEASE))
    )
    return (await connection.execute(claim)).rowcount == 1
