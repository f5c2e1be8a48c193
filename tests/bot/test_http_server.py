"""The limits of the HTTP server: connections, the time for headers, repeated log events."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from kwtsms_bot import logs
from kwtsms_bot.http_server import HEADER_SECONDS, listen, within_open_files
from kwtsms_bot.logs import LOG_SECONDS, LogThrottle
from support.logged import logged

LIMIT = 8
GET = b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Served:
    """A server with one page that waits for `release`; its limit is `LIMIT` connections."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.started = asyncio.Semaphore(0)
        self.address = ("", 0)
        self._writers: list[asyncio.StreamWriter] = []

    async def page(self, _: web.Request) -> web.Response:
        """Answers once it is released."""
        self.started.release()
        await self.release.wait()
        return web.Response(text="hello")

    async def connect(self, sent: bytes = b"") -> Stream:
        """Opens a connection and sends these bytes."""
        reader, writer = await asyncio.open_connection(*self.address)
        self._writers.append(writer)
        writer.write(sent)
        return reader, writer

    def close(self) -> None:
        """Closes all connections."""
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def serving(header_timeout: float = 60) -> AsyncIterator[Served]:
    """Runs the server."""
    served = Served()
    app = web.Application()
    app.add_routes([web.get("/page", served.page)])
    runner = await listen(
        app,
        "127.0.0.1:0",
        connections=LIMIT,
        linger=0,
        finish=1,
        header_timeout=header_timeout,
    )
    served.address = runner.addresses[0]
    try:
        yield served
    finally:
        served.release.set()
        served.close()
        await runner.cleanup()


async def end_of(stream: Stream) -> bytes:
    """All bytes until the server closes the connection."""
    async with asyncio.timeout(20):
        try:
            return await stream[0].read()
        except ConnectionError:
            return b""


async def answer_of(stream: Stream) -> bytes:
    """The answer, on a connection that stays open."""
    async with asyncio.timeout(20):
        return await stream[0].readuntil(b"hello")


@pytest.mark.parametrize("sent", [b"", GET[:-2], GET[:5]], ids=["silent", "half", "begun"])
async def test_the_oldest_connection_without_a_request_makes_room(sent: bytes) -> None:
    """A new connection is answered, and the first of the idle ones is closed for it."""
    async with serving() as served:
        served.release.set()
        idle = [await served.connect(sent) for _ in range(LIMIT)]

        assert b"hello" in await answer_of(await served.connect(GET))
        assert await end_of(idle[0]) == b""
        assert not idle[-1][0].at_eof()


async def test_a_busy_connection_is_never_closed_for_another() -> None:
    """Where all connections are at work, the newest one is closed."""
    async with serving() as served:
        busy = [await served.connect(GET) for _ in range(LIMIT)]
        for _ in busy:
            await served.started.acquire()

        assert await end_of(await served.connect(GET)) == b""
        served.release.set()
        assert [b"hello" in await answer_of(one) for one in busy] == [True] * LIMIT


async def test_an_idle_connection_after_a_request_makes_room_too() -> None:
    """Connections that are kept alive are closed if none is without a request."""
    async with serving() as served:
        served.release.set()
        kept = [await served.connect(GET) for _ in range(LIMIT)]
        for one in kept:
            await answer_of(one)

        assert b"hello" in await answer_of(await served.connect(GET))
        assert await end_of(kept[0]) == b""


@pytest.mark.parametrize("sent", [b"", GET[:5], GET[:-2]], ids=["silent", "begun", "half"])
async def test_headers_have_a_deadline(sent: bytes) -> None:
    """A connection whose headers do not come is closed."""
    async with serving(header_timeout=0.05) as served:
        assert await end_of(await served.connect(sent)) == b""


async def test_the_headers_of_a_later_request_have_a_deadline() -> None:
    """The deadline begins again with the first byte of each request."""
    async with serving(header_timeout=0.05) as served:
        served.release.set()
        stream = await served.connect(GET)
        await answer_of(stream)
        stream[1].write(GET[:5])

        assert await end_of(stream) == b""


async def test_a_slow_answer_has_no_deadline_for_headers() -> None:
    """The deadline is for the client, and not for us."""
    async with serving(header_timeout=0.05) as served:
        slow, idle = await served.connect(GET), await served.connect()
        await served.started.acquire()
        await end_of(idle)  # The deadline has passed.
        served.release.set()

        assert b"hello" in await answer_of(slow)
    assert HEADER_SECONDS == 5


async def test_closed_connections_are_logged_once() -> None:
    """A thousand connections over the limit are one line in the log."""
    with logged(format="json") as log:
        async with serving() as served:
            for _ in range(100):
                await served.connect()
            served.release.set()
            await answer_of(await served.connect(GET))

    assert log.getvalue().count("too many connections") == 1
    assert len(log.getvalue().splitlines()) < 5


def test_a_repeated_event_is_due_once_a_minute() -> None:
    """The next one that is logged has the number of those before it; kinds are counted apart."""
    now = 0.0
    throttle = LogThrottle(lambda: now)
    found = [throttle.count_due("a"), throttle.count_due("a"), throttle.count_due("b")]
    now = LOG_SECONDS

    assert found == [1, 0, 1]
    assert [throttle.count_due("a"), throttle.count_due("a")] == [2, 0]


def test_errors_that_asyncio_repeats_are_logged_once() -> None:
    """Without open files it logs each attempt to accept a connection, with a trace."""
    with logged(format="json") as log:
        for number in range(100):
            text = f"socket.accept() out of system resource\nsocket: {number}"
            logging.getLogger("asyncio").error(text)
        logging.getLogger("asyncio").error("another")
        logging.getLogger("kwtsms_bot").error("ours")
        logging.getLogger("kwtsms_bot").error("ours")

    assert isinstance(log, io.StringIO)
    assert [line.count("accept()") for line in log.getvalue().splitlines()] == [1, 0, 0, 0]
    assert logs.LOG_SECONDS == 60


@pytest.mark.parametrize(("soft", "allowed"), [(30, 10), (1024, 300), (-1, 300)])
def test_connections_leave_open_files_for_the_rest(
    soft: int, allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener uses at most a third of the files that the process may open."""
    monkeypatch.setattr("resource.getrlimit", lambda _: (soft, -1))

    assert within_open_files(300) == allowed
