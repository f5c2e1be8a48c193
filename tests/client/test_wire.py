"""Requests and replies on the wire: whether anything was sent, and which replies count."""

import asyncio
import time
import tracemalloc
import zlib
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from kwtsms_client import NotSent, UnknownOutcome, protocol
from kwtsms_client.client.scope import TOO_LATE
from kwtsms_client.client.wire import ResponseBody, SendTracker, TimedSendTracker, translate_error
from kwtsms_client.protocol import MAX_REPLY_BYTES
from support.clients import Kind, both, make_client
from support.sockets import answering, reply, request

OK = b'{"result":"OK","available":5}'
CONNECT = SimpleNamespace(method=b"CONNECT", extensions={"timeout": {}})
POST = SimpleNamespace(method=b"POST", extensions={"timeout": {}})


def tracker_after(*events: tuple[str, Any]) -> SendTracker:
    """Returns a send tracker that has seen these events."""
    tracker = SendTracker()
    for name, about in events:
        tracker.follow(name, {} if about is None else {"request": about})
    return tracker


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([], True),  # httpx reported no event, so nothing is certain.
        ([("connection.connect_tcp.started", None)], False),
        ([("connection.connect_tcp.failed", None)], True),
        ([("connection.connect_tcp.started", None), ("connection.start_tls.started", None)], False),
        ([("socks.setup_socks5_connection.started", None)], False),
        ([("http11.send_request_headers.started", CONNECT)], False),
        (
            [
                ("http11.send_request_headers.started", CONNECT),
                ("http11.send_request_headers.complete", None),
                ("http11.receive_response_headers.started", CONNECT),
                ("http11.response_closed.started", None),
            ],
            False,
        ),
        ([("connection.connect_tcp.started", None), ("proxy.start_tls.started", None)], False),
        ([("http11.send_request_headers.started", POST)], True),
        (
            [
                ("connection.connect_tcp.started", None),
                ("http11.send_request_headers.started", POST),
                ("http11.response_closed.started", None),
            ],
            True,
        ),
        ([("connection.connect_tcp.started", None), ("http9.whatever.started", None)], True),
    ],
)
def test_what_may_have_left(events: list[tuple[str, Any]], left: bool) -> None:  # noqa: FBT001
    """Only events of connecting prove that nothing was sent; unknown events prove nothing."""
    assert tracker_after(*events).may_have_been_sent is left


@pytest.mark.parametrize(
    "error",
    [
        httpx.WriteError(""),
        httpx.WriteTimeout(""),
        httpx.ReadError(""),
        httpx.ReadTimeout(""),
        httpx.CloseError(""),
        httpx.DecodingError(""),
        httpx.RemoteProtocolError(""),
        httpx.LocalProtocolError(""),
        httpx.ConnectError(""),
        RuntimeError("Event loop is closed"),
        TimeoutError(),
    ],
    ids=repr,
)
def test_an_error_counts_by_what_had_left(error: Exception) -> None:
    """The outcome depends on what was sent, not on the error's class in httpx."""
    connecting = tracker_after(("connection.connect_tcp.started", None))

    assert isinstance(translate_error(error, SendTracker()), UnknownOutcome)
    assert isinstance(translate_error(error, connecting), NotSent)


def test_waiting_for_a_connection_sends_nothing() -> None:
    """While all connections are in use, the request has not been sent."""
    assert isinstance(translate_error(httpx.PoolTimeout(""), SendTracker()), NotSent)


def test_every_step_gets_what_is_left_of_the_time() -> None:
    """Writing and reading share the remaining time; a request after it is not sent."""
    tracker = TimedSendTracker(time.monotonic() + 5)
    tracker.follow("http11.send_request_headers.started", {"request": POST})
    late = TimedSendTracker(time.monotonic() - 1)

    assert 4 < POST.extensions["timeout"]["read"] <= 5
    with pytest.raises(NotSent, match=TOO_LATE):
        late.follow("http11.send_request_headers.started", {"request": POST})
    with pytest.raises(NotSent, match=TOO_LATE):
        late.follow("connection.start_tls.started", {"timeout": 5})


def read(body: bytes, status: int = 200, **headers: str) -> Any:
    """Parses the reply to a balance request."""
    response = ResponseBody()
    response.add(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return response.read(protocol.balance(), httpx.Response(status, headers=named))


def zipped(body: bytes) -> bytes:
    """Compresses bytes with gzip."""
    packing = zlib.compressobj(wbits=31)
    return packing.compress(body) + packing.flush()


def test_a_reply_is_read_compressed_or_not() -> None:
    """Gzip is decompressed, however the header is written."""
    assert read(OK).available == 5
    assert read(OK, content_encoding="").available == 5
    assert read(OK, content_encoding="Identity").available == 5
    assert read(zipped(OK), content_encoding="GZip").available == 5


@pytest.mark.parametrize(
    ("body", "status", "headers"),
    [
        (OK, 302, {"location": "https://elsewhere.example/"}),
        (OK, 307, {"location": "/"}),
        (zipped(zipped(OK)), 200, {"content_encoding": "gzip, gzip"}),
        (OK, 200, {"content_encoding": "br"}),
        (OK, 200, {"content_encoding": "gzip"}),
        (zipped(OK)[:-12], 200, {"content_encoding": "gzip"}),
        (zipped(OK[:-1] + b" " * MAX_REPLY_BYTES + b"}"), 200, {"content_encoding": "gzip"}),
    ],
    ids=["redirect", "307", "gzip twice", "brotli", "no gzip", "cut gzip", "bomb"],
)
def test_what_is_no_answer_is_unknown(body: bytes, status: int, headers: dict[str, str]) -> None:
    """An OK in a redirect does not count, and nothing is unpacked beyond the size limit."""
    with pytest.raises(UnknownOutcome):
        read(body, status, **headers)


def test_a_bomb_is_not_unpacked() -> None:
    """A decompression bomb of fifty times the size limit does not fill the memory."""
    bomb = zipped(bytes(50 * MAX_REPLY_BYTES))
    tracemalloc.start()
    try:
        with pytest.raises(UnknownOutcome, match="larger"):
            read(bomb, content_encoding="gzip")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 5 * MAX_REPLY_BYTES


def test_a_reply_has_its_size_and_its_time() -> None:
    """A reply one byte too large, or too late, is refused."""
    with pytest.raises(UnknownOutcome, match="larger"):
        ResponseBody().add(b"x" * (MAX_REPLY_BYTES + 1))
    with pytest.raises(UnknownOutcome, match="in time"):
        ResponseBody(time.monotonic() - 1).add(b"x")


@both
async def test_the_request_asks_for_json_as_it_is(kind: Kind) -> None:
    """A balance is one POST that accepts JSON, uncompressed."""
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head.lower())
        writer.write(reply(OK))

    async with answering(answer) as address:
        sms = make_client(kind, f"http://{address}/API/")
        await sms.balance()
        await sms.aclose()

    assert [head.split(b"\r\n")[0] for head in heads] == [b"post /api/balance/ http/1.1"]
    assert b"accept-encoding: identity\r\n" in heads[0]
    assert b"accept: application/json\r\n" in heads[0]
    assert b"content-type: application/json\r\n" in heads[0]


@both
async def test_a_connection_is_kept(kind: Kind) -> None:
    """Five requests in succession use one connection."""
    connections: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(0)
        while True:
            await request(reader)
            connections[-1] += 1
            writer.write(reply(OK))

    async with answering(answer) as address:
        sms = make_client(kind, f"http://{address}/API/")
        for _ in range(5):
            await sms.balance()
        await sms.aclose()

    assert connections == [5]
