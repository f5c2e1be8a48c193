"""An integration that is expected to report and falls silent is an incident of its own."""

from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application

from kwtsms_bot.bridge.activity import ActivityLog, RequestOutcome
from kwtsms_bot.bridge.activity_recorder import ActivityRecorder
from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.overdue.monitor import OverdueMonitor
from kwtsms_bot.bridge.overdue.silent_source import (
    OverdueChange,
    Presence,
    SourceState,
    find_change,
)
from kwtsms_bot.bridge.overdue.store import OverdueStore
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.bridge.store.integration_states import IntegrationStateStore
from kwtsms_bot.bridge.webhooks import Webhooks
from kwtsms_sandbox.slack import YOUSEF
from support.bridge_bench import BRIDGE, BridgeBench, alert, bridge_bench
from support.database import ACTOR, AT
from support.incident_testbed import incident_testbed

MINUTE = timedelta(minutes=1)
EXPECT = 15 * MINUTE
TOKEN = "demo-alertmanager-token"
WATCHED = BRIDGE | {
    "integrations": {"prometheus": {"kind": "native", "token": TOKEN, "expect": "15m"}}
}


class Replica:
    """A process that accepts requests, and looks for what is silent."""

    def __init__(self, bench: BridgeBench) -> None:
        self.bench, self.changes = bench, 0
        self.activity = ActivityLog(bench.bridge.integrations)
        recorder = ActivityRecorder(self.activity, IntegrationStateStore(bench.database))
        store = OverdueStore(bench.database, bench.bridge, bench.receivers)
        self.monitor = OverdueMonitor(store, recorder, on_change=self._count)

    def _count(self) -> None:
        self.changes += 1

    def accept(self, alerts: int = 0) -> None:
        """Accepts a request: a heartbeat, or alerts."""
        outcome = RequestOutcome(self.bench.now, alerts)
        self.activity.record("prometheus", outcome)


async def pass_time(bench: BridgeBench, *replicas: Replica, minutes: int) -> list[str]:
    """Lets time pass, with a check each minute; returns the texts that left."""
    texts = []
    for seconds in (*[60] * minutes, 10):
        texts += await bench.advance(seconds, step=seconds)
        for one in replicas:
            await one.monitor.check()
    return texts


async def test_a_silent_integration_is_texted_once_and_resolved(database_url: str) -> None:
    """Scenario 37: nothing for 15 minutes, then an SMS; something comes, and it is resolved."""
    async with bridge_bench(database_url, WATCHED) as bench:
        replicas = [Replica(bench), Replica(bench)]
        early = await pass_time(bench, *replicas, minutes=10)
        replicas[0].accept()
        quiet = await pass_time(bench, *replicas, minutes=14)
        late = await pass_time(bench, *replicas, minutes=20)
        (result,) = await bench.actions.act([late[0][-5:]], Action.ACKNOWLEDGE, ACTOR)
        replicas[1].accept()
        after = await pass_time(bench, *replicas, minutes=2)
        (again,) = await bench.actions.act([result.ref], Action.RESOLVE, ACTOR)

    assert (early, quiet, after) == ([], [], [])
    (text,) = late
    assert text.startswith("ERR integration prometheus is silent")
    assert (again.state, again.by) == ("resolved", "prometheus")
    assert sum(one.changes for one in replicas) == 2


async def test_each_silence_is_an_episode(database_url: str) -> None:
    """The tool falls silent again half an hour after it returned: that is texted again."""
    async with bridge_bench(database_url, WATCHED) as bench:
        replica = Replica(bench)
        first = await pass_time(bench, replica, minutes=20)
        for _ in range(3):
            replica.accept()
            await pass_time(bench, replica, minutes=10)
        second = await pass_time(bench, replica, minutes=20)

    assert [len(first), len(second)] == [1, 1]
    assert first != second


async def test_a_bot_that_was_away_waits_for_a_full_expect(database_url: str) -> None:
    """After the start of the only replica, the tool has 15 minutes, however long it was away."""
    async with bridge_bench(database_url, WATCHED) as bench:
        before = Replica(bench)
        before.accept()
        await pass_time(bench, before, minutes=1)
        await bench.advance(7200, step=3600)
        started = Replica(bench)
        waiting = await pass_time(bench, started, minutes=14)
        overdue = await pass_time(bench, started, minutes=2)

    assert waiting == []
    assert len(overdue) == 1


async def test_a_watchdog_counts_and_is_never_texted(database_url: str) -> None:
    """An alert of severity none shows that the tool is there."""
    async with bridge_bench(database_url, WATCHED) as bench:
        replica = Replica(bench)
        texts = []
        for _ in range(3):
            watchdog = alert("watchdog", "Watchdog", severity=AlertSeverity.NONE)
            results = await bench.post(watchdog, integration="prometheus")
            replica.accept(len(results))
            texts += await pass_time(bench, replica, minutes=10)

    assert texts == []


async def test_without_expect_an_overdue_integration_is_forgiven(database_url: str) -> None:
    """`expect` was removed from the configuration: the incident is resolved."""
    async with bridge_bench(database_url, WATCHED) as bench:
        (text,) = await pass_time(bench, Replica(bench), minutes=16)
    unwatched = {"prometheus": {"kind": "native", "token": TOKEN}}
    async with bridge_bench(database_url, BRIDGE | {"integrations": unwatched}) as bench:
        bench.now = AT + timedelta(hours=1)
        bench.tick()
        await Replica(bench).monitor.check()
        (result,) = await bench.actions.act([text[-5:]], Action.ACKNOWLEDGE, ACTOR)

    assert result.state == "resolved"


async def test_an_admin_sees_since_when_it_is_overdue(tmp_path: Path) -> None:
    """The list names it, and the integration's own page has the address for heartbeats."""
    async with incident_testbed(tmp_path, WATCHED) as bed:
        await pass_time(bed.bench, Replica(bed.bench), minutes=16)
        reply = await bed.type("integrations prometheus", YOUSEF.id)
        facts = dict(reply.facts)

    assert facts["Expected within"] == "15m"
    assert facts["Heartbeat"].endswith("/hooks/prometheus/heartbeat")
    assert facts["Overdue since"] == "23 Nov, 15:16"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/hooks/prometheus/heartbeat", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ("/hooks/prometheus/heartbeat", {}, 401),
        ("/hooks/other/heartbeat", {"Authorization": f"Bearer {TOKEN}"}, 401),
        (f"/hooks/prometheus/{TOKEN}/heartbeat", {}, 200),
        ("/hooks/prometheus/wrong-token-here/heartbeat", {}, 401),
    ],
)
async def test_a_heartbeat_counts_and_reports_nothing(
    database_url: str, path: str, headers: dict[str, str], status: int
) -> None:
    """A heartbeat is authorized as the hook is; whatever it posts, no alert begins."""
    settings = {"kind": "native", "token": TOKEN, "expect": "15m", "url_token": True}
    async with bridge_bench(
        database_url, BRIDGE | {"integrations": {"prometheus": settings}}
    ) as bench:
        webhooks = Webhooks(bench.bridge, bench.receivers, bench.intake, refusal_seconds=0)
        app = Application()
        app.add_routes(webhooks.routes())
        async with TestClient(TestServer(app)) as client:
            answer = await client.post(path, headers=headers, data='{"title": "x"}')
            states = await bench.states()
        pending = webhooks.activity.pop_pending()

    assert (answer.status, states) == (status, [])
    accepted = pending["prometheus"].accepted if "prometheus" in pending else 0
    assert accepted == int(status == 200)


@pytest.mark.parametrize(
    ("state", "present", "expected"),
    [
        (SourceState(), 14 * MINUTE, None),
        (SourceState(), 15 * MINUTE, OverdueChange.FELL_SILENT),
        (SourceState(last_at=AT - 14 * MINUTE), 60 * MINUTE, None),
        (SourceState(last_at=AT - 15 * MINUTE), 60 * MINUTE, OverdueChange.FELL_SILENT),
        (SourceState(last_at=AT - 60 * MINUTE), MINUTE, None),
        (SourceState(AT - 60 * MINUTE, AT - 45 * MINUTE), 90 * MINUTE, None),
        (SourceState(AT - MINUTE, AT - 45 * MINUTE), 90 * MINUTE, OverdueChange.RETURNED),
    ],
)
def test_when_it_changes(
    state: SourceState, present: timedelta, expected: OverdueChange | None
) -> None:
    """Silent for `expect`, in which we were there; back with the first request after that."""
    assert find_change(state, EXPECT, present_since=AT - present, now=AT) is expected


def test_presence_begins_anew_after_a_break() -> None:
    """More than a minute between two checks, or a clock set back: we may have missed something."""
    presence = Presence()
    times = [0, 30, 60, 200, 230, 10]
    found = [presence.record(AT + timedelta(seconds=one)) for one in times]

    assert [(one - AT).seconds for one in found] == [0, 0, 0, 200, 200, 10]
