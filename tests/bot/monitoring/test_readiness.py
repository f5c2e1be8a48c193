"""The readiness probe: whether the database can be written, and the age of the oldest message."""

from datetime import datetime, timedelta

import pytest

from kwtsms_bot.database import Database
from kwtsms_bot.monitoring import readiness
from kwtsms_bot.monitoring.health import MAX_STUCK
from kwtsms_bot.monitoring.readiness import Readiness
from kwtsms_bot.outbox.dispatch.retry import NO_CONNECTION_DELAYS
from kwtsms_bot.outbox.message import Priority
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.queries.statistics import OutboxStatistics
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import open_outbox
from support.database import AT, NUMBER, OTHER, new_message, opened
from support.leak_search import cells

LEASE = timedelta(seconds=30)
HOUR = timedelta(hours=1)


def readiness_of(database: Database, at: datetime = AT, *, idle: float = 0.0) -> Readiness:
    """The readiness of a bot whose components other than the database are healthy."""

    async def connected() -> bool:
        return True

    return Readiness(
        OutboxStatistics(database),
        slack=connected,
        dispatcher_idle=lambda: idle,
        answer_timeout=timedelta(seconds=15),
        clock=lambda: at,
    )


async def wrong(bot: Readiness) -> dict[str, str]:
    """The problems, by name of the unhealthy component."""
    return {
        component.name: component.problem
        for component in (await bot.probe()).components
        if not component.ok
    }


async def test_a_database_without_writes_is_not_healthy(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only database (full disk, standby) is unhealthy until it accepts writes again."""
    monkeypatch.setattr(readiness, "FRESH_SECONDS", -1)
    monkeypatch.setattr(readiness, "PROVEN_SECONDS", -1)
    async with opened(database_url) as database:
        bot = readiness_of(database)
        found = [await wrong(bot)]
        for change in ("job_slot RENAME TO away", "away RENAME TO job_slot"):
            async with database.transaction() as connection:
                await connection.exec_driver_sql(f"ALTER TABLE {change}")
            found.append(await wrong(bot))

    assert found == [{}, {"database": "can't be written to"}, {}]


LONG = (MAX_STUCK + timedelta(seconds=15)).total_seconds()


@pytest.mark.parametrize(
    ("idle", "stopping", "restart"),
    [
        (0.0, False, False),
        (LONG, False, False),
        (LONG + 1, False, True),
        (LONG + 1, True, False),
    ],
)
async def test_a_dispatcher_that_hangs_needs_a_restart(
    database_url: str, idle: float, *, stopping: bool, restart: bool
) -> None:
    """A restart is needed after minutes, if the database works and the bot is not stopping."""
    async with opened(database_url) as database:
        bot = readiness_of(database, idle=idle)
        bot.stopping = stopping

        assert await bot.needs_restart() is restart


@pytest.mark.parametrize("table", ["job_slot", "switch"])
async def test_while_the_database_is_away_a_restart_does_not_help(
    database_url: str, table: str
) -> None:
    """A restart would lose outcomes that wait until something can be read and written."""
    async with opened(database_url) as database:
        async with database.transaction() as connection:
            await connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO away")

        assert not await readiness_of(database, idle=LONG + 1).needs_restart()


async def test_a_probe_leaves_nothing_behind(database_url: str) -> None:
    """The probe's row is deleted in the same transaction, so that no other connection sees it."""
    async with opened(database_url) as database:
        before = await cells(database)
        await readiness_of(database).probe()
        await readiness_of(database).probe()

        assert await cells(database) == before


async def test_not_every_probe_writes(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a successful write, the next probes do not write for a while."""
    monkeypatch.setattr(readiness, "FRESH_SECONDS", -1)
    async with opened(database_url) as database:
        bot = readiness_of(database)
        await bot.probe()
        async with database.transaction() as connection:
            await connection.exec_driver_sql("ALTER TABLE job_slot RENAME TO away")

        assert await wrong(bot) == {}


async def test_a_message_is_as_old_as_its_acceptance(database_url: str) -> None:
    """A delay does not change a message's age, and a sent message does not count."""
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        await outbox.intake.accept(new_message(OTHER, text="gone"), AT - HOUR)
        gone = await outbox.claims.claim("one", LEASE, AT)
        assert gone
        await outbox.intake.accept(new_message(NUMBER, text="waits"), AT)
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        await outbox.intake.accept(
            new_message(text="urgent", priority=Priority.URGENT), AT + timedelta(minutes=1)
        )
        for one in (gone, call):
            await outbox.settlements.put_in_flight(one, LEASE, AT)
        later = AT + timedelta(seconds=NO_CONNECTION_DELAYS[-1])
        await outbox.settlements.settle(gone, Settlement(State.SENT, AT, gateway_id="f4c8"), AT)
        await outbox.settlements.settle(
            call, Settlement(State.QUEUED, later, reason="no connection"), AT
        )
        health = await readiness_of(database, AT + timedelta(minutes=2)).probe()
        late = await wrong(readiness_of(database, AT + HOUR))

    assert {component.name: component.seconds for component in health.components}["queue"] == 120.0
    assert late == {"queue": "a message has waited for too long"}


async def test_an_empty_queue_is_of_no_age(database_url: str) -> None:
    """An empty queue has an age of 0."""
    async with opened(database_url) as database:
        health = await readiness_of(database).probe()

    assert {component.name: component.seconds for component in health.components}["queue"] == 0.0
