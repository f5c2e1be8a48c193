"""Thousands of idle connections to each listener: the bot works on, and its log stays short."""

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from kwtsms_bot.monitoring.health_endpoint import MAX_CONNECTIONS
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, wait_for_text
from support.logged import logged
from support.operator_pages import get, monitored_env

IDLE = 2000  # To each listener.
BATCH = 25  # Fewer than a listener's backlog: what it drops is repeated after a second only.
OPEN_FILES = 3 * IDLE
BEGUN = b"POST /slack/events HTTP/1.1\r\n"
BEGUN_ALERT = b"POST /hooks/scripts HTTP/1.1\r\n"
TOKEN = "scripts-token-0000000000"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
def open_files() -> Iterator[None]:
    """Allows this process as many open files as the connections need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < OPEN_FILES:
        pytest.skip(f"this machine allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, OPEN_FILES), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def idle_connections(url: str, sent: bytes) -> AsyncIterator[list[Stream]]:
    """Opens `IDLE` connections to the host of `url`, and sends these bytes on each."""
    address = urlsplit(url)
    streams: list[Stream] = []
    try:
        for _ in range(IDLE // BATCH):
            opening = (
                asyncio.open_connection(address.hostname, address.port) for _ in range(BATCH)
            )
            streams += await asyncio.gather(*opening)
            for _, writer in streams[-BATCH:]:
                writer.write(sent)
        yield streams
    finally:
        for _, writer in streams:
            writer.transport.abort()


@pytest.mark.usefixtures("open_files")
async def test_idle_connections_stop_nothing(tmp_path: Path) -> None:
    """Commands, cards, /healthz and /readyz go on, and the oldest connections are closed."""
    with logged(level="info", format="json") as log:
        async with monitored_env(tmp_path, use_http=True) as env:
            before = len(log.getvalue().splitlines())
            async with (
                idle_connections(env.slack_address, BEGUN),
                idle_connections(env.watched_at, b"") as to_pages,
            ):
                await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
                await wait_for_text(env, "sent to 965", timeout=20)
                pages = [await get(f"{env.watched_at}/{name}") for name in ("healthz", "readyz")]
                async with asyncio.timeout(20):
                    for reader, _ in to_pages[: IDLE - MAX_CONNECTIONS]:
                        assert await _read_to_end(reader) == b""
            after = len(log.getvalue().splitlines())

    assert [page.status_code for page in pages] == [200, 200]
    assert after - before < 100


@pytest.mark.usefixtures("open_files")
async def test_idle_connections_keep_no_alert_waiting(tmp_path: Path) -> None:
    """Alerts are accepted, and the page for operators is served, as if nobody were there."""
    bridge = {
        "listen": "127.0.0.1:0",
        "channel": OPS.id,
        "integrations": {"scripts": {"kind": "native", "token": TOKEN}},
        "receivers": {"ops": {"to": []}},
    }
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        monitored_env(tmp_path, bridge=bridge) as env,
        idle_connections(env.bridge_address, BEGUN_ALERT) as idle,
        httpx.AsyncClient(base_url=env.bridge_address, trust_env=False, timeout=5) as client,
    ):
        body = {"title": "The disk is full"}
        answer = await client.post("/hooks/scripts", json=body, headers=headers)
        page = await get(f"{env.watched_at}/readyz")
        async with asyncio.timeout(20):
            for reader, _ in idle[:BATCH]:
                assert b"200 OK" not in await _read_to_end(reader)

    assert (answer.status_code, page.status_code) == (200, 200)


async def _read_to_end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""
