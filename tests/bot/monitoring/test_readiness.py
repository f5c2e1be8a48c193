"""What is looked at: that something can be written, and since when the oldest message waits."""

from datetime import datetime, timedelta

import pytest

from kwtsms_bot.database import Database
from kwtsms_bot.monitoring import readiness
from kwtsms_bot.monitoring.readiness import Readiness
from kwtsms_bot.outbox.dispatch.retry import NO_CONNECTION_DELAYS, Settlement
from kwtsms_bot.outbox.message import Priority, State
from kwtsms_bot.outbox.queries.statistics import OutboxStatistics
from kwtsms_bot.outbox.store import Store
from support.database import AT, NUMBER, OTHER, new_message, opened
from support.leak_search import cells

LEASE = timedelta(seconds=30)
HOUR = timedelta(hours=1)


def readiness_of(database: Database, at: datetime = AT) -> Readiness:
    """A bot of which all but its database is well."""

    async def connected() -> bool:
        return True

    return Readiness(
        OutboxStatistics(database),
        slack=connected,
        dispatcher_idle=lambda: 0.0,
        answer_timeout=timedelta(seconds=15),
        clock=lambda: at,
    )


async def wrong(bot: Readiness) -> dict[str, str]:
    """The parts that are not well, and what is wrong with them."""
    return {
        component.name: component.problem
        for component in (await bot.probe()).components
        if not component.ok
    }


async def test_a_database_without_writes_is_not_healthy(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it can be read: a full disk, a standby. That it takes something again is seen."""
    monkeypatch.setattr(readiness, "FRESH_SECONDS", -1)
    monkeypatch.setattr(readiness, "PROVEN_SECONDS", -1)
    async with opened(database_url) as database:
        bot = readiness_of(database)
        found = [await wrong(bot)]
        for change in ("tick RENAME TO away", "away RENAME TO tick"):
            async with database.transaction() as connection:
                await connection.exec_driver_sql(f"ALTER TABLE {change}")
            found.append(await wrong(bot))

    assert found == [{}, {"database": "nothing can be written to it"}, {}]


async def test_a_probe_leaves_nothing_behind(database_url: str) -> None:
    """What is written is gone with the same commit, whoever else looks at the same time."""
    async with opened(database_url) as database:
        before = await cells(database)
        await readiness_of(database).probe()
        await readiness_of(database).probe()

        assert await cells(database) == before


async def test_not_every_probe_writes(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was proven is taken for granted for a while."""
    monkeypatch.setattr(readiness, "FRESH_SECONDS", -1)
    async with opened(database_url) as database:
        bot = readiness_of(database)
        await bot.probe()
        async with database.transaction() as connection:
            await connection.exec_driver_sql("ALTER TABLE tick RENAME TO away")

        assert await wrong(bot) == {}


async def test_a_message_is_as_old_as_its_acceptance(database_url: str) -> None:
    """However often it was put off; one that waits no more does not count."""
    async with opened(database_url) as database:
        store = Store(database)
        await store.accept(new_message(OTHER, text="gone"), AT - HOUR)
        gone = await store.claim("one", LEASE, AT)
        assert gone
        await store.accept(new_message(NUMBER, text="waits"), AT)
        call = await store.claim("one", LEASE, AT)
        assert call
        await store.accept(
            new_message(text="urgent", priority=Priority.URGENT), AT + timedelta(minutes=1)
        )
        for one in (gone, call):
            await store.put_in_flight(one, LEASE, AT)
        later = AT + timedelta(seconds=NO_CONNECTION_DELAYS[-1])
        await store.settle(gone, Settlement(State.SENT, AT, gateway_id="f4c8"), AT)
        await store.settle(call, Settlement(State.QUEUED, later, reason="no connection"), AT)
        health = await readiness_of(database, AT + timedelta(minutes=2)).probe()
        late = await wrong(readiness_of(database, AT + HOUR))

    assert {component.name: component.seconds for component in health.components}["queue"] == 120.0
    assert late == {"queue": "a message has waited for too long"}


async def test_an_empty_queue_is_of_no_age(database_url: str) -> None:
    """Nothing waits."""
    async with opened(database_url) as database:
        health = await readiness_of(database).probe()

    assert {component.name: component.seconds for component in health.components}["queue"] == 0.0
