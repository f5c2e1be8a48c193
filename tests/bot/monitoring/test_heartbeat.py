"""The heartbeat: sent only while the bot is ready, and harmless if its monitor fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from kwtsms_bot.config import HeartbeatSettings
from kwtsms_bot.monitoring.heartbeat import HeartbeatSender
from kwtsms_bot.monitoring.readiness import Readiness
from kwtsms_bot.outbox.queries.statistics import OutboxStatistics
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, local_env, wait_for_text
from support.database import AT, opened

SECRET = "check-7f3a9c"
MUCH = b"x" * 10_000_000


class Monitor:
    """A monitor, such as healthchecks.io: a server that records each call."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.calls: list[str] = []
        self._called = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Records one call and answers with `status`."""
        self.calls.append(f"{request.method} {request.path}")
        self._called.set()
        if self.status == 0:  # No answer at all.
            await asyncio.Event().wait()
        return web.Response(status=self.status, headers={"Location": "/elsewhere"}, body=MUCH)

    async def called(self) -> None:
        """Waits for the first call."""
        async with asyncio.timeout(10):
            await self._called.wait()


@asynccontextmanager
async def monitor() -> AsyncIterator[Monitor]:
    """A listening monitor."""
    made = Monitor()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    async with serve(app) as server:
        made.url = f"{server.url}/ping/{SECRET}"
        yield made


async def beat(folder: Path, url: str, *, slack: bool = True) -> list[str]:
    """Sends one heartbeat if the bot is ready, with or without `slack`; returns the log."""

    async def connected() -> bool:
        return slack

    async with opened(folder) as database:
        readiness = Readiness(
            OutboxStatistics(database),
            slack=connected,
            dispatcher_idle=lambda: 0.0,
            answer_timeout=timedelta(seconds=15),
            clock=lambda: AT,
        )
        sender = HeartbeatSender(HeartbeatSettings(), readiness)
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=1) as http:
            with capture_logs() as log:
                await sender.send_if_ready(http, url)
    return [" ".join(map(str, entry.values())) for entry in log]


async def test_it_is_called_while_all_is_well(tmp_path: Path) -> None:
    """A ready bot sends one GET to exactly that address and logs nothing."""
    async with monitor() as watch:
        assert await beat(tmp_path, watch.url) == []
        assert watch.calls == [f"GET /ping/{SECRET}"]


async def test_it_is_silent_while_something_is_wrong(tmp_path: Path) -> None:
    """An unready bot sends nothing and logs the unhealthy component."""
    async with monitor() as watch:
        (said,) = await beat(tmp_path, watch.url, slack=False)

        assert "slack" in said
        assert watch.calls == []


@pytest.mark.parametrize(
    ("status", "said"), [(500, "500"), (404, "404"), (302, "302"), (0, "ReadTimeout")]
)
async def test_a_call_that_fails_is_logged_without_its_address(
    tmp_path: Path, status: int, said: str
) -> None:
    """An error, a redirect (not followed) or a timeout is logged in one line without the secret."""
    async with monitor() as watch:
        watch.status = status
        (line,) = await beat(tmp_path, watch.url)

        assert said in line
        assert SECRET not in line
        assert len(watch.calls) == 1


async def test_a_monitor_that_is_gone_harms_nothing(tmp_path: Path) -> None:
    """A refused connection is logged in one line without the secret."""
    async with monitor() as watch:
        gone = watch.url
    (line,) = await beat(tmp_path, gone)

    assert "ConnectError" in line
    assert SECRET not in line


@pytest.mark.parametrize("status", [200, 500, 0])
async def test_the_bot_beats_and_goes_on_sending(tmp_path: Path, status: int) -> None:
    """For any answer of the monitor, messages are sent and the bot stops quickly."""
    async with monitor() as watch:
        watch.status = status
        async with local_env(tmp_path, heartbeat={"url": watch.url, "every": "1s"}) as env:
            await watch.called()
            await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
            await wait_for_text(env, "sent to 965")
            async with asyncio.timeout(20):
                await env.stop_bot()
