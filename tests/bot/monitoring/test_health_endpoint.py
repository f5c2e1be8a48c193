"""The health endpoints: their answers, and the requests that they refuse."""

import asyncio
import math
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kwtsms_bot.monitoring.health_endpoint import (
    CannotListen,
    build_application,
    get_route,
    serve_http,
)
from kwtsms_bot.service.waits import Waits
from kwtsms_sandbox.slack import Fault
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, send_requests
from support.logged import failures, logged
from support.operator_pages import get, monitored_env


async def ready(address: str) -> tuple[int, dict[str, Any]]:
    """The status of /readyz and its unhealthy components."""
    answer = await get(f"{address}/readyz")
    components = answer.json()["parts"]
    return answer.status_code, {
        name: component for name, component in components.items() if not component["ok"]
    }


def lose_a_table(database: Path) -> None:
    """Renames a table, so that queries fail."""
    with closing(sqlite3.connect(database)) as other:
        other.execute("ALTER TABLE switch RENAME TO away")
        other.commit()


async def wait_for_status(address: str, status: int) -> dict[str, Any]:
    """Waits until /readyz answers with `status`; returns the unhealthy components."""
    async with asyncio.timeout(15):
        while True:
            found, components = await ready(address)
            if found == status:
                return components
            await asyncio.sleep(0.02)  # Else the requests leave no time for the rest.


async def test_a_bot_at_work_is_alive_and_ready(tmp_path: Path) -> None:
    """A running bot is alive, and it is ready once it receives Slack's commands."""
    async with monitored_env(tmp_path) as env:
        alive = await get(f"{env.watched_at}/healthz")

        assert (alive.status_code, alive.json()) == (200, {"alive": True})
        assert await wait_for_status(env.watched_at, 200) == {}


async def test_without_slack_it_is_alive_and_not_ready(tmp_path: Path) -> None:
    """A lost Slack connection makes the bot unready until it is back."""
    async with monitored_env(tmp_path, waits=Waits(ping=1.0)) as env:
        await wait_for_status(env.watched_at, 200)
        env.slack.fault("apps.connections.open", Fault(status=503), times=math.inf)
        await env.slack.sockets.close()

        assert set(await wait_for_status(env.watched_at, 503)) == {"slack"}
        assert (await get(f"{env.watched_at}/healthz")).status_code == 200
        env.slack.clear_faults()
        assert await wait_for_status(env.watched_at, 200) == {}


async def test_without_its_database_it_is_not_ready(tmp_path: Path) -> None:
    """A database that answers with an error makes the bot unready."""
    async with monitored_env(tmp_path) as env:
        await wait_for_status(env.watched_at, 200)
        await asyncio.to_thread(lose_a_table, tmp_path / "bridge.sqlite3")

        assert set(await wait_for_status(env.watched_at, 503)) == {"database", "queue"}


async def test_while_it_stops_it_is_not_ready(tmp_path: Path) -> None:
    """A bot that is shutting down is unready while it completes the calls in flight."""
    async with monitored_env(tmp_path) as env:
        await wait_for_status(env.watched_at, 200)
        env.gateway.withhold_responses()
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await env.gateway.until(lambda: bool(send_requests(env)))
        stopping = asyncio.create_task(env.stop_bot())
        components = await wait_for_status(env.watched_at, 503)
        env.gateway.release_responses()
        await stopping

        assert components["service"]["problem"] == "stopping"


async def test_behind_http_it_is_ready_while_it_listens(tmp_path: Path) -> None:
    """In HTTP mode, the bot is ready as soon as Slack can reach it."""
    async with monitored_env(tmp_path, use_http=True) as env:
        assert await wait_for_status(env.watched_at, 200) == {}


@asynccontextmanager
async def answering() -> AsyncIterator[str]:
    """A server with one page; yields the page's address."""

    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    async with serve_http(build_application([get_route("/page", hello)]), "127.0.0.1:0") as address:
        yield f"{address}/page"


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
async def test_only_get_is_answered(method: str) -> None:
    """Methods other than GET are refused."""
    async with answering() as address:
        assert (await get(address)).text == "hello"
        assert (await get(address, method)).status_code == 405


async def test_a_body_is_not_waited_for() -> None:
    """A request with a huge body is answered at once, and its connection is closed."""
    async with answering() as address:
        host, _, port = address.split("/")[2].partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = "GET /page HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
        writer.write(head.encode() + b"x" * 1000)
        async with asyncio.timeout(20):
            answer = await reader.read()
        writer.close()

        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"hello")


@pytest.mark.parametrize(
    "sent", ["GET /page HTTP/1.1\r\nHost: x\r\nX-A: a\x00hush\r\n\r\n", "hush\r\n\r\n"]
)
async def test_what_is_no_http_is_quoted_nowhere(sent: str) -> None:
    """A request that is not HTTP gets a 400, and neither the answer nor the log quotes it."""
    with logged(level="debug", format="json") as log:
        async with answering() as address:
            host, _, port = address.split("/")[2].partition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(sent.encode())
            async with asyncio.timeout(20):
                answer = await reader.read()
            writer.close()

    assert answer.split()[1] == b"400"
    assert b"hush" not in answer
    assert "hush" not in log.getvalue()
    assert failures(log) == []


@pytest.mark.parametrize(
    ("error", "status", "failed"),
    [(web.RequestPayloadError("hush"), 400, 0), (ValueError("hush"), 500, 1)],
)
async def test_the_status_says_whose_fault_it_is(
    error: Exception, status: int, failed: int
) -> None:
    """An unreadable body is the client's error (400); an exception in our page is ours (500)."""

    async def fails(_: web.Request) -> web.Response:
        raise error

    with logged(format="json") as log:
        async with serve_http(
            build_application([get_route("/page", fails)]), "127.0.0.1:0"
        ) as address:
            answer = await get(f"{address}/page")

    assert answer.status_code == status
    assert "hush" not in answer.text + log.getvalue()
    assert len(failures(log)) == failed


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
async def test_an_ipv6_address_is_in_brackets() -> None:
    """An IPv6 address has brackets in the configuration and in the reported URL."""

    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    async with serve_http(build_application([get_route("/page", hello)]), "[::1]:0") as address:
        assert address.startswith("http://[::1]:")
        assert (await get(f"{address}/page")).text == "hello"


async def test_an_address_in_use_is_reported() -> None:
    """The message names the config key and the address."""
    async with answering() as address:
        in_use = address.split("/")[2]

        with pytest.raises(CannotListen, match=f"http.listen: {in_use} cannot be listened on"):
            await serve_http(build_application([]), in_use).__aenter__()
