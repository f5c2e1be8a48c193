"""Integrations' requests are stored for all replicas, with nothing of their contents."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application

from kwtsms_bot.bridge.activity import REQUESTS_KEPT, ActivityLog, RequestOutcome
from kwtsms_bot.bridge.activity_recorder import ActivityRecorder
from kwtsms_bot.bridge.incident_control import IntegrationView, TokenView
from kwtsms_bot.bridge.store.integration_states import IntegrationStateStore
from kwtsms_bot.bridge.webhooks import Webhooks
from kwtsms_bot.commands.bridge.integrations import curl
from support.bridge_bench import BRIDGE, bridge_bench
from support.database import AT, opened, set_clock

TOKEN = "demo-native-token"
TWO = BRIDGE | {
    "integrations": {
        "scripts": {"kind": "native", "token": TOKEN},
        "kuma": {"kind": "uptime-kuma", "token": "demo-uptime-kuma"},
    }
}
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def accepted(second: int, alerts: int = 1) -> RequestOutcome:
    """An accepted request."""
    return RequestOutcome(AT + second * SECOND, alerts)


def refused(second: int, why: str = "unknown token") -> RequestOutcome:
    """A refused request."""
    return RequestOutcome(AT + second * SECOND, 0, why)


async def test_replicas_add_up(tmp_path: Path) -> None:
    """The counts are sums, and the last ten requests are those of all, by time."""
    async with opened(tmp_path) as database:
        states = IntegrationStateStore(database)
        logs = [ActivityLog(["scripts"]) for _ in range(2)]
        recorders = [ActivityRecorder(log, states) for log in logs]
        for second in range(12):
            logs[second % 2].record("scripts", accepted(second))
        logs[0].record("scripts", refused(20))
        logs[1].record_token("scripts", TOKEN, AT)
        set_clock(database, AT + MINUTE)
        for recorder in recorders:
            await recorder.store()
        set_clock(database, AT + 2 * MINUTE)
        logs[1].record_token("scripts", TOKEN, AT + SECOND)
        await recorders[1].store()
        state = (await states.load())["scripts"]

    assert (state.accepted, state.refused) == (12, 1)
    assert state.last_at == AT + MINUTE  # By the database's clock, which replicas share.
    assert (state.refused_at, state.refused_why) == (AT + 20 * SECOND, "unknown token")
    assert state.requests == (*map(accepted, range(3, 12)), refused(20))
    assert len(state.requests) == REQUESTS_KEPT
    assert state.tokens == {"oken": AT + SECOND}


async def test_what_could_not_be_stored_is_kept(tmp_path: Path) -> None:
    """The database was away: the next time has both."""
    async with opened(tmp_path) as database:
        log, states = ActivityLog(["scripts"]), IntegrationStateStore(database)
        log.record("scripts", accepted(1))
        log.record_token("scripts", TOKEN, AT)
        pending = log.pop_pending()
        log.record("scripts", accepted(2))
        log.put_back(pending)
        await ActivityRecorder(log, states).store()
        state = (await states.load())["scripts"]

    assert state.accepted == 2
    assert state.requests == (accepted(1), accepted(2))
    assert state.tokens == {"oken": AT}


async def test_what_is_left_is_stored_at_the_end(tmp_path: Path) -> None:
    """A stop does not lose the last seconds."""
    async with opened(tmp_path) as database:
        log, states = ActivityLog(["scripts"]), IntegrationStateStore(database)
        stop = asyncio.Event()
        running = asyncio.create_task(ActivityRecorder(log, states).run(stop))
        await asyncio.sleep(0)
        log.record("scripts", accepted(1))
        stop.set()
        await running
        found = await states.load()

    assert found["scripts"].accepted == 1


@asynccontextmanager
async def endpoint(folder: Path) -> AsyncIterator[tuple[Webhooks, TestClient]]:  # type: ignore[type-arg]
    """The endpoint with two integrations, and a client."""
    async with bridge_bench(folder, TWO) as bench:
        webhooks = Webhooks(bench.bridge, bench.receivers, bench.intake, refusal_seconds=0)
        app = Application()
        app.add_routes(webhooks.routes())
        async with TestClient(TestServer(app)) as client:
            yield webhooks, client


@pytest.mark.parametrize(
    ("path", "body", "integration", "outcome"),
    [
        ("/hooks/scripts", {"title": "x"}, "scripts", ""),
        ("/hooks/kuma", {"title": "x"}, "kuma", "the token of scripts"),
        ("/hooks/typo", {"title": "x"}, "scripts", "an address that names no integration"),
        ("/hooks/scripts", {"my": 1, "own": 2}, "scripts", "its keys: my, own"),
    ],
)
async def test_a_request_is_explained_to_admins(
    tmp_path: Path, path: str, body: object, integration: str, outcome: str
) -> None:
    """The reason is kept with the integration where an administrator looks for it."""
    async with endpoint(tmp_path) as (webhooks, client):
        await client.post(path, json=body, headers={"Authorization": f"Bearer {TOKEN}"})
        found = webhooks.activity.pop_pending()

    (request,) = found[integration].requests
    assert bool(request.refusal) is bool(outcome)
    assert outcome in request.refusal


async def test_the_command_works_as_pasted(tmp_path: Path) -> None:
    """The command asks for the token, or has it from the shell, and posts one alert."""
    async with endpoint(tmp_path) as (_, client):
        view = IntegrationView(
            name="scripts",
            kind="native",
            address=str(client.make_url("/hooks/scripts")),
            hook=str(client.make_url("/hooks/scripts")),
            is_local=True,
            is_signed=False,
            sample=json.dumps({"title": "Trying the bridge", "key": "try"}),
            tokens=(TokenView("oken", None),),
            accepted=0,
            refused=0,
            requests=(),
        )
        typed = await _run_shell(curl(view), {}, f"{TOKEN}\n")
        from_shell = await _run_shell(curl(view), {"TOKEN": TOKEN}, "")

    assert [one["outcome"] for one in json.loads(typed.removeprefix("Token: "))["alerts"]] == [
        "new"
    ]
    assert [one["outcome"] for one in json.loads(from_shell)["alerts"]] == ["repeat"]


async def _run_shell(command: str, variables: dict[str, str], typed: str) -> str:
    """Runs a command in a shell, as a person would; returns what it prints."""
    done = await asyncio.to_thread(
        subprocess.run,
        ["sh", "-c", command.replace("curl ", "curl --silent --noproxy '*' ", 1)],
        env={"PATH": os.environ["PATH"], **variables},
        input=typed,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return str(done.stdout)
