"""A calendar is fetched within bounds, and nothing is read that only this machine reaches."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from kwtsms_bot.bridge.on_call import calendar_client
from kwtsms_bot.bridge.on_call.calendar_client import (
    CalendarSource,
    CalendarUnavailable,
    fetch,
)
from kwtsms_bot.bridge.on_call.calendar_text import MAX_BYTES
from support.slack import no_proxy

METADATA = "http://169.254.169.254/latest/meta-data/"


@asynccontextmanager
async def calendar_server() -> AsyncIterator[str]:
    """Serves one answer for each path; yields the address."""

    async def answer(request: web.Request) -> web.Response:
        etag = '"v1"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        name = request.match_info["name"]
        plain = web.Response(body=b"BEGIN:VCALENDAR", headers={"ETag": etag})
        return {
            "elsewhere": web.Response(status=302, headers={"Location": METADATA}),
            "moved": web.Response(status=301, headers={"Location": "/team.ics"}),
            "round": web.Response(status=302, headers={"Location": "/round"}),
            "large": web.Response(body=b"x" * 5_000_000),
            "broken": web.Response(status=500),
        }.get(name, plain)

    app = web.Application()
    app.router.add_get("/{name}", answer)
    with no_proxy():
        async with TestServer(app) as server:
            yield str(server.make_url("/")).rstrip("/")


async def test_a_calendar_is_fetched_with_its_etag() -> None:
    """The second time, only what has changed since."""
    async with calendar_server() as address:
        source = CalendarSource(f"{address}/team.ics", allow_private=True)
        first = await fetch(source)
        second = await fetch(source, first.etag)

    assert (first.body, first.etag) == (b"BEGIN:VCALENDAR", '"v1"')
    assert (second.body, second.etag) == (None, '"v1"')


async def test_a_redirect_on_the_same_host_is_followed() -> None:
    """A calendar may have moved on its server."""
    async with calendar_server() as address:
        found = await fetch(CalendarSource(f"{address}/moved", allow_private=True))

    assert found.body == b"BEGIN:VCALENDAR"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("elsewhere", "redirects to another host"),
        ("round", "redirects again and again"),
        ("large", "larger than 1 MiB"),
        ("broken", "status 500"),
    ],
)
async def test_a_hostile_server_is_refused(name: str, reason: str) -> None:
    """Scenario 35: a redirect to the cloud's metadata, five megabytes, an error."""
    async with calendar_server() as address:
        source = CalendarSource(f"{address}/{name}", allow_private=True)

        with pytest.raises(CalendarUnavailable, match=reason):
            await fetch(source)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_addresses_of_this_network_are_refused(host: str) -> None:
    """Written as a number, or as a name that is resolved."""
    async with calendar_server() as address:
        port = address.rpartition(":")[2]

        with pytest.raises(CalendarUnavailable, match="allow_private"):
            await fetch(CalendarSource(f"http://{host}:{port}/team.ics"))


async def test_an_address_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot waits for ten seconds at most; here for none."""
    monkeypatch.setattr(calendar_client, "FETCH_SECONDS", 0)
    async with calendar_server() as address:
        with pytest.raises(CalendarUnavailable, match="no answer"):
            await fetch(CalendarSource(f"{address}/team.ics", allow_private=True))


async def test_a_file_is_read(tmp_path: Path) -> None:
    """Unless it is too large, or missing."""
    small, large = tmp_path / "small.ics", tmp_path / "large.ics"
    small.write_bytes(b"BEGIN:VCALENDAR")
    large.write_bytes(b"x" * (MAX_BYTES + 1))

    assert (await fetch(CalendarSource(str(small)))).body == b"BEGIN:VCALENDAR"
    with pytest.raises(CalendarUnavailable, match="1 MiB"):
        await fetch(CalendarSource(str(large)))
    with pytest.raises(CalendarUnavailable, match="no such file"):
        await fetch(CalendarSource(str(tmp_path / "missing.ics")))


def test_an_address_is_not_shown() -> None:
    """A private calendar's address is its password."""
    assert "secret" not in repr(CalendarSource("https://calendar.example/secret.ics"))
