"""Outcomes that the database does not accept: each is written in part, and the next calls leave."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert

from kwtsms_bot.database import Database, DatabaseError, InvalidValue
from kwtsms_bot.database.tables import job_slot, spending, switch
from kwtsms_bot.outbox.dispatch import worker
from kwtsms_bot.outbox.dispatch.worker import MAX_IN_FLIGHT
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from support.database import AT, CallerClockSettlements, caller_clock_outbox, opened
from support.worker_bench import running_worker

PAUSE = {"name": "x", "actor": "U1", "reason": "", "at": AT}


@pytest.mark.parametrize(
    "row",
    [
        insert(spending).values(budget="people", day="2026-01-01", credits=10**19),
        insert(spending).values(budget="people", day="2026-01-01", credits=-(10**30)),
        insert(job_slot).values(job="\ud800", slot="x"),
        insert(switch).values(PAUSE | {"at": AT.date()}),
    ],
    ids=["beyond 64 bits", "far beyond", "half a character", "no instant"],
)
@pytest.mark.parametrize("in_thread", [False, True])
async def test_a_value_that_cannot_be_stored_is_an_error_of_its_own(
    database_url: str,
    row: Any,
    in_thread: bool,  # noqa: FBT001 - a value of the table.
) -> None:
    """Both drivers' errors about values, and our own conversions', are `InvalidValue`."""

    async def work(connection: Any) -> None:
        await connection.execute(row)

    async with opened(database_url) as database:
        with pytest.raises(InvalidValue):
            await (database.run_transaction(work) if in_thread else within(database, work))
        assert (await database.now()).year > 2000


async def within(database: Database, work: Callable[[Any], Any]) -> None:
    """Runs the work in a transaction of the event loop."""
    async with database.transaction() as connection:
        await work(connection)


@pytest.mark.parametrize("job", ["a\0b", "j" * 5000])
async def test_a_text_that_postgresql_does_not_store_is_such_an_error(
    postgres_url: str, job: str
) -> None:
    """A NUL and a text that is too long are errors about the value there."""
    row = insert(job_slot).values(job=job, slot="x")
    async with opened(postgres_url) as database:
        with pytest.raises(InvalidValue):
            await within(database, lambda connection: connection.execute(row))


@pytest.mark.parametrize("credits_spent", [2**31, 3_000_000_000, 10**17])
async def test_the_columns_of_credits_are_wide(database_url: str, credits_spent: int) -> None:
    """Sums beyond 32 bits are stored."""
    row = insert(spending).values(budget="people", day="2026-01-01", credits=credits_spent)
    async with opened(database_url) as database:
        await within(database, lambda connection: connection.execute(row))


class UnstorableSettlements(CallerClockSettlements):
    """Settlements to which a value is added that no database stores."""

    def __init__(self, database: Database, changes: dict[str, Any]) -> None:
        super().__init__(database)
        self.changes, self.tries = changes, 0

    async def settle(self, call: ClaimedCall, settlement: Settlement, now: datetime) -> None:
        """Stores the outcome with the added value, where it has one of its kind."""
        self.tries += 1
        known = {name: one for name, one in self.changes.items() if getattr(settlement, name)}
        await super().settle(call, replace(settlement, **known), now)


class RefusingSettlements(CallerClockSettlements):
    """Settlements of a database that accepts everything but outcomes."""

    async def settle(self, call: ClaimedCall, settlement: Settlement, now: datetime) -> None:
        """Fails for a reason that is not known."""
        raise DatabaseError(f"no permission to settle {call.ref} as {settlement.state} at {now}")


def with_settlements(make: Callable[[Database], Any]) -> Callable[[Database], Outbox]:
    """Opens an outbox with these settlements."""
    return lambda database: replace(caller_clock_outbox(database), settlements=make(database))


@pytest.mark.parametrize(
    ("changes", "tries", "known_id"),
    [({"points": Decimal(10**30)}, 2, True), ({"gateway_id": "\ud800"}, 3, False)],
)
async def test_what_cannot_be_stored_is_left_out(
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    tries: int,
    known_id: bool,  # noqa: FBT001 - a value of the table.
) -> None:
    """After one try, the outcome is stored without figures, and then without anything else."""
    monkeypatch.setattr(worker, "RETRY_SECONDS", 3600)
    make = with_settlements(lambda database: UnstorableSettlements(database, changes))
    async with running_worker(database_url, open_outbox=make) as bench:
        message = await bench.wait_for_state(await bench.send(), State.SENT)
        settlements: Any = bench.outbox.settlements

    assert (message.points, bool(message.gateway_ids)) == (None, known_id)
    assert settlements.tries == tries


async def test_an_outcome_that_is_never_accepted_keeps_no_slot_busy(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that accepts other writes is not waited for: the next messages leave."""
    monkeypatch.setattr(worker, "RETRY_SECONDS", 0.001)
    monkeypatch.setattr(worker, "MAX_REFUSED_WRITES", 2)
    make = with_settlements(RefusingSettlements)
    async with running_worker(database_url, open_outbox=make) as bench:
        bench.gateway.configure(requests_per_second=None)
        for n in range(MAX_IN_FLIGHT + 1):
            await bench.send(f"9659000000{n}")
        await bench.gateway.until(lambda: len(bench.gateway.ledger) == MAX_IN_FLIGHT + 1)

        assert len(bench.gateway.ledger) == MAX_IN_FLIGHT + 1
