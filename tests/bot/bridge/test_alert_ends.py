"""Alerts that no tool ends: forgotten ones, and those of integrations that were removed."""

from pathlib import Path

from sqlalchemy import select

from kwtsms_bot.bridge.activity import ActivityLog, RequestOutcome
from kwtsms_bot.bridge.activity_recorder import ActivityRecorder
from kwtsms_bot.bridge.states import Closing
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.bridge.store.ends.removed_integrations import RemovedIntegrations
from kwtsms_bot.bridge.store.integration_states import IntegrationStateStore
from kwtsms_bot.database.tables import incident
from kwtsms_bot.doctor.removed_integrations import count_left
from support.bridge_bench import BRIDGE, BridgeBench, alert, bridge_bench, ended

NATIVE = {"kind": "native", "token": "demo-native-token"}
WITH_OLD = BRIDGE | {
    "integrations": {"scripts": NATIVE, "old": NATIVE | {"token": "demo-native-other"}}
}


async def report_something(bench: BridgeBench) -> None:
    """Another request of the integration is accepted."""
    log = ActivityLog(["scripts"])
    log.record("scripts", RequestOutcome(bench.now, 1))
    await ActivityRecorder(log, IntegrationStateStore(bench.database)).store()


async def days(bench: BridgeBench, count: int) -> list[str]:
    """Lets days pass; returns the texts."""
    return await bench.advance(count * 86_400, step=43_200)


async def closed_by(bench: BridgeBench) -> list[str | None]:
    """The closer of each incident."""
    query = select(incident.c.resolved_by).order_by(incident.c.id)
    async with bench.database.reading() as connection:
        return list((await connection.execute(query)).scalars())


async def test_an_alert_unreported_for_a_week_is_closed(database_url: str) -> None:
    """While its integration reports other things, and nobody is texted about it."""
    async with bridge_bench(database_url) as bench:
        await bench.post(alert("disk"))
        await bench.advance(10)
        await days(bench, 6)
        await report_something(bench)
        open_still = await closed_by(bench)
        texts = await days(bench, 2)
        open_silent = await closed_by(bench)
        await report_something(bench)
        texts += await days(bench, 1)

        assert open_still == open_silent == [None]  # Its last request is older than a day.
        assert await closed_by(bench) == [Closing.FORGOTTEN]
        assert texts == []


async def test_a_repeat_counts_as_a_report(tmp_path: Path) -> None:
    """A repeated alert stays open, also if it is acknowledged."""
    async with bridge_bench(tmp_path) as bench:
        (repeated,) = await bench.post(alert("disk"))
        await bench.post(alert("fan"))
        await bench.act(repeated.ref, Action.ACKNOWLEDGE)
        for _ in range(4):
            await days(bench, 2)
            await bench.post(alert("disk"))
            await report_something(bench)
        await bench.advance(43_200, step=43_200)

        assert await closed_by(bench) == [None, Closing.FORGOTTEN]


async def test_what_is_reported_after_it_was_forgotten_is_new(tmp_path: Path) -> None:
    """A later report without a time begins a new alert."""
    async with bridge_bench(tmp_path) as bench:
        await bench.post(alert("disk"))
        await days(bench, 7)
        await report_something(bench)
        await days(bench, 1)
        (again,) = await bench.post(alert("disk"))
        texts = await bench.advance(10)

        assert again.sms == "due"
        assert len(texts) == 1


async def test_incidents_of_a_removed_integration_are_closed(database_url: str) -> None:
    """Other integrations and tests stay as they are; nothing is texted about it."""
    async with bridge_bench(database_url, WITH_OLD) as bench:
        await bench.post(alert("disk"), alert("fan"), integration="old")
        await bench.post(alert("line"))
        await bench.post(alert("test", test=True), integration="old")
        left = RemovedIntegrations(bench.database, ["scripts"])
        counted = await left.count()
        ended_count = await left.close()
        texts = await bench.advance(30, step=5)

        assert (counted, ended_count) == ({"old": 2}, 2)
        assert await left.count() == {}
        assert await closed_by(bench) == [Closing.INTEGRATION_REMOVED] * 2 + [None, None]
        assert [text.split(".")[0] for text in texts] == ["ERR line is down"]


async def test_a_check_counts_them(tmp_path: Path) -> None:
    """`config check` reads the database, and creates none."""
    none = tmp_path / "none.db"
    async with bridge_bench(tmp_path, WITH_OLD) as bench:
        await bench.post(alert("disk"), integration="old")
        url = f"sqlite:///{tmp_path / 'outbox.sqlite3'}"

        assert await count_left(url, ["scripts"]) == {"old": 1}
        assert await count_left(url, ["scripts", "old"]) == {}
    assert await count_left(f"sqlite:///{none}", []) == {}
    assert not none.exists()


async def test_ends_do_not_prolong_a_storm(tmp_path: Path) -> None:
    """Ends are no news: five minutes after its last member, the next alert is by itself."""
    async with bridge_bench(tmp_path) as bench:
        results = await bench.post(*(alert(f"host-{n}") for n in range(20)))
        for number in range(10, 16):
            await bench.advance(60, step=20)
            await bench.post(ended(f"host-{number}"))
        (later,) = await bench.post(alert("line"))

        assert results[-1].ref == results[-2].ref
        assert later.ref != results[-1].ref
