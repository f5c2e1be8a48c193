"""Alerts are erased like messages, and a restored backup sends nothing by itself."""

from datetime import timedelta

from sqlalchemy import select

from kwtsms_bot.bridge.activity import ActivityLog, RequestOutcome
from kwtsms_bot.bridge.silences.silence import TimeWindow
from kwtsms_bot.bridge.store.integration_states import IntegrationStateStore
from kwtsms_bot.bridge.store.silences import NewSilence
from kwtsms_bot.bridge.store.transitions import mark_waiting_unknown
from kwtsms_bot.database.tables import alert as alert_table
from kwtsms_bot.database.tables import incident, phone_pace
from kwtsms_bot.outbox.audit import Actor
from kwtsms_bot.outbox.retention.alerts import erase_old_alerts
from kwtsms_bot.outbox.retention.erase_number import NumberEraser
from kwtsms_bot.outbox.retention.restore import RestoreStore
from support.bridge_bench import NOURA, BridgeBench, alert, bridge_bench, ended


async def stored_texts(bench: BridgeBench) -> list[str]:
    """The titles of all incidents and alerts, and the alerts' texts and labels."""
    titles = select(incident.c.title)
    alerts = select(alert_table.c.title, alert_table.c.text, alert_table.c.labels)
    async with bench.database.reading() as connection:
        found = list((await connection.execute(titles)).scalars())
        for row in await connection.execute(alerts):
            found += [row.title, row.text, *row.labels.values()]
    return found


async def test_old_alerts_are_erased_and_open_ones_are_not(database_url: str) -> None:
    """After the retention time nothing of a closed incident's texts is left; counts stay."""
    async with bridge_bench(database_url) as bench:
        await bench.post(alert("old", "secret A", text="secret B", labels={"site": "secret C"}))
        await bench.post(alert("open", "still down"))
        await bench.post(ended("old", title="secret A"))
        before = await erase_old_alerts(bench.database, bench.now - timedelta(hours=1))
        erased = await erase_old_alerts(bench.database, bench.now + timedelta(seconds=1))
        left = await stored_texts(bench)

        assert (before, erased) == (0, 1)
        assert "still down" in left
        assert not any("secret" in one for one in left)


async def test_a_number_is_masked_in_alerts(database_url: str) -> None:
    """A person's number is masked in titles, texts and labels, and its pace is forgotten."""
    async with bridge_bench(database_url) as bench:
        await bench.post(alert("call", f"Call +{NOURA}", text="9876 5432", labels={"phone": NOURA}))
        await bench.advance(10)
        found = await NumberEraser(bench.database).erase_number(NOURA, bench.now, actor="U1")
        async with bench.database.reading() as connection:
            paces = (await connection.execute(select(phone_pace.c.phone))).scalars().all()

        assert found.alerts == 2
        assert paces == []
        assert not any("98765432" in one.replace(" ", "") for one in await stored_texts(bench))


async def test_a_number_is_masked_in_refusals(database_url: str) -> None:
    """A refused body's key was a number: an administrator no longer sees it."""
    async with bridge_bench(database_url) as bench:
        states = IntegrationStateStore(bench.database)
        activity = ActivityLog(["scripts"])
        activity.record("scripts", RequestOutcome(bench.now, 0, f"its keys: +{NOURA}"))
        await states.add(activity.pop_pending())
        found = await NumberEraser(bench.database).erase_number(NOURA, bench.now, actor="U1")
        state = (await states.load())["scripts"]

        assert found.alerts == 1
        assert NOURA[3:] not in f"{state.refused_why} {state.requests}"


async def test_a_restored_backup_sends_nothing_by_itself(database_url: str) -> None:
    """Waiting and bundled notifications may have been sent since: they become unknown."""
    async with bridge_bench(database_url) as bench:
        await bench.post(alert("one"))
        await bench.advance(5)
        await bench.post(alert("two"))
        marked = await RestoreStore(bench.database, mark_waiting_unknown).mark_unknown(
            "shell:root", bench.now
        )
        sent_before = len(bench.sent)

        assert marked.notifications == 2 - (await bench.states()).count("sent")
        assert await bench.advance(300, step=10) == []
        assert len(bench.sent) == sent_before
        assert set(await bench.states()) <= {"sent", "unknown"}


async def test_silences_are_erased_and_masked(database_url: str) -> None:
    """Why, and of what, may name a person; one that is over is gone after the retention time."""
    async with bridge_bench(database_url) as bench:
        window = TimeWindow(bench.now, bench.now + timedelta(hours=1))
        wanted = NewSilence({"phone": (f"+{NOURA}",)}, None, window, is_weekly=False, reason=NOURA)
        await bench.silences.create(wanted, Actor("U1"))
        found = await NumberEraser(bench.database).erase_number(NOURA, bench.now, actor="U1")
        (masked,) = await bench.silences.current()
        await erase_old_alerts(bench.database, bench.now + timedelta(minutes=59))
        kept = await bench.silences.current()
        await erase_old_alerts(bench.database, bench.now + timedelta(minutes=61))
        left = await bench.silences.current()

        assert found.alerts == 1
        assert NOURA[3:] not in f"{masked.reason} {masked.conditions}"
        assert (len(kept), left) == (1, ())
