"""The circuit breaker's row, shared by all replicas."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, false, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database, DuplicateKey
from kwtsms_bot.database.claims import ExpiringClaim
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
from kwtsms_bot.outbox.message import Priority
from kwtsms_bot.outbox.sql import mark_changed
from kwtsms_bot.outbox.states import State

PROBE_LEASE = timedelta(seconds=20)  # Longer than most answers; then another replica may probe.
# Anything later was written by a wrong clock.
MAX_PROBE_DELAY = timedelta(seconds=PROBE_DELAYS[-1]) + PROBE_LEASE
PROBE_CLAIM = ExpiringClaim(circuit_breaker.c.next_probe_at, PROBE_LEASE, MAX_PROBE_DELAY)
# Queued messages of each priority whose cards are updated at once. Slack takes about one update a
# second; the other cards follow when they are updated for another reason.
CARDS_PER_PRIORITY = 50
JOB = "hold"
OUR_ROW = circuit_breaker.c.account == ACCOUNT
# For a WHERE clause.
BREAKER_NOT_OPEN = (
    ~select(circuit_breaker.c.account).where(OUR_ROW, circuit_breaker.c.open).exists()
)


class BreakerStore:
    """Store of the breaker's state, for the worker and the probe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def breaker_state(self) -> BreakerState:
        """Returns the state of the circuit breaker."""
        async with self._database.reading() as connection:
            return await load_breaker(connection)

    async def record_response(self, response: ResponseKind, *, trial: bool) -> BreakerState | None:
        """Counts a call's response; returns the new state if the breaker opened or closed."""
        if response is not ResponseKind.UNREADABLE and await self.breaker_state() == CLOSED:
            return None
        return await self._update(partial(after_call, response=response, trial=trial))

    async def record_probe(self, *, answered: bool) -> None:
        """Records the result of a probe."""
        await self._update(partial(after_probe, answered=answered))

    async def claim_probe(self) -> bool:
        """Whether this process claims the probe that is due; another may once the claim expires."""
        now = self._database.now_expression
        due = PROBE_CLAIM.has_expired(now)
        if not (await self.breaker_state()).open:
            return False
        async with self._database.transaction() as connection:
            claim = PROBE_CLAIM.claim(now, OUR_ROW, circuit_breaker.c.open, due)
            claimed = await connection.execute(claim.returning(circuit_breaker.c.next_probe_at))
            slot: datetime | None = claimed.scalar()
            if slot is not None:  # Listed there like all scheduled work.
                await claim_slot_within(connection, JOB, JobSlot(slot, PROBE_LEASE))
        return slot is not None

    async def _update(self, decide: Callable[..., BreakerState]) -> BreakerState | None:
        """Applies `decide` to the locked row; returns the new state if it opened or closed."""
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
        """Updates cards of queued messages, which say whether the breaker is open.

        In a transaction of its own, so that nobody waits for a message while locking the row.
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
    """Returns the breaker's state; with `lock`, locks its row until the transaction ends."""
    query = select(circuit_breaker).where(OUR_ROW)
    row = (await connection.execute(query.with_for_update() if lock else query)).first()
    return (
        BreakerState(row.failures, row.opened_at, row.open, row.failed_probes, row.next_probe_at)
        if row
        else CLOSED
    )


async def is_half_open(connection: AsyncConnection) -> bool:
    """Whether the breaker is half-open: the next call is its trial."""
    found = await load_breaker(connection)
    return found.opened_at is not None and not found.open


async def begin_trial(connection: AsyncConnection, now: ColumnElement[datetime]) -> bool:
    """Whether this transaction's call becomes the trial; from then on nothing else leaves."""
    claim = (
        update(circuit_breaker)
        .where(OUR_ROW, circuit_breaker.c.opened_at.is_not(None), circuit_breaker.c.open == false())
        .values(open=true(), next_probe_at=PROBE_CLAIM.expiry(now))
    )
    return (await connection.execute(claim)).rowcount == 1
