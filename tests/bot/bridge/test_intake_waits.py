"""Reports of alerts don't wait while messages are made of them."""

import asyncio
from datetime import timedelta

from sqlalchemy import event, insert, select

from kwtsms_bot.database.tables import incident, incident_event
from support.bridge_bench import BridgeBench, alert, bridge_bench
from support.postgres import Postgres

STORM = 30
LOCKS = ("UPDATE incident ", "FOR UPDATE", "FOR NO KEY UPDATE")


async def storm(bench: BridgeBench) -> str:
    """Posts the alerts of a storm, and lets them settle; returns its reference."""
    results = await bench.post(*(alert(f"host-{n}") for n in range(STORM)))
    bench.now += timedelta(seconds=6)
    bench.tick()
    return str(results[-1].ref)


async def test_messages_lock_incidents_last(postgres_databases: Postgres) -> None:
    """All that is read and rendered comes before, so that a storm takes alerts meanwhile."""
    executed: list[str] = []
    async with bridge_bench(postgres_databases.new_database()) as bench:
        await storm(bench)
        async with bench.database.transaction() as connection:
            event.listen(
                connection.sync_connection,
                "before_cursor_execute",
                lambda *facts: executed.append(str(facts[2])),
            )
            has_message = await bench.bundles.make_pass(connection)

    assert has_message
    locking = [n for n, one in enumerate(executed) if any(lock in one for lock in LOCKS)]
    assert locking == [len(executed) - 1]


async def test_what_refers_to_a_storm_keeps_no_alert_waiting(postgres_databases: Postgres) -> None:
    """While a transaction adds rows about an incident, the incident takes new alerts."""
    async with bridge_bench(postgres_databases.new_database()) as bench:
        ref = await storm(bench)
        async with bench.database.transaction() as connection:
            found = await connection.execute(select(incident.c.id).where(incident.c.ref == ref))
            values = {"at": bench.now, "kind": "opened", "actor": "", "detail": ""}
            row = {"incident_id": found.scalar_one()} | values
            await connection.execute(insert(incident_event).values(row))
            async with asyncio.timeout(2):
                (result,) = await bench.post(alert("one-more"))

    assert (result.ref, result.sms) == (ref, "due")
