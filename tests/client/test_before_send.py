"""The `leaving` callback: called once per request, before its first byte leaves."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kwtsms_client import AsyncClient, Credentials, NotSent, protocol
from kwtsms_client.rate_limiter import MAX_START_AGE_SECONDS
from kwtsms_sandbox.gateway import Gateway, RunningGateway
from kwtsms_sandbox.gateway.tls import local_tls
from support.gateway import KUWAIT, running_gateway
from support.stalling_proxy import stalling_proxy

SEND = protocol.send(sender="MY-APP", recipients=[KUWAIT], text="hello", test=False)


@asynccontextmanager
async def client(running: RunningGateway, **options: Any) -> AsyncIterator[AsyncClient]:
    """Yields a client of that gateway."""
    account = running.gateway.account
    credentials = Credentials(account.username, account.password)
    async with AsyncClient(credentials, **{"base_url": running.base_url} | options) as sms:
        yield sms


async def test_it_is_called_once_on_a_new_and_on_a_kept_connection() -> None:
    """At the time of the call the gateway has not seen the request."""
    async with running_gateway() as running, client(running) as sms:
        counts: list[int] = []

        async def leaving() -> None:
            counts.append(len(running.gateway.requests))

        await sms.exchange(SEND, leaving=leaving)
        await sms.exchange(protocol.balance(), leaving=leaving)

        assert counts == [0, 1]


async def test_a_refusal_before_sending_sends_nothing() -> None:
    """The callback's error is raised unchanged, nothing leaves, and the client stays usable."""
    async with running_gateway() as running, client(running) as sms:

        async def leaving() -> None:
            raise NotSent("not now")

        await sms.exchange(protocol.balance())
        for _ in range(2):
            with pytest.raises(NotSent, match="not now"):
                await sms.exchange(SEND, leaving=leaving)
        await sms.exchange(protocol.balance())

        assert [request.endpoint for request in running.gateway.requests] == ["balance", "balance"]


async def test_connecting_through_a_proxy_is_not_yet_sending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The callback runs once, after CONNECT, which contains nothing of the request."""
    context, authority = local_tls(tmp_path)
    tls = ssl.create_default_context(cafile=str(authority))
    tls.check_hostname = False
    async with (
        RunningGateway(Gateway(), ssl_context=context) as running,
        proxy(running.base_url) as (url, asked),
    ):
        monkeypatch.setenv("HTTPS_PROXY", url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        moments: list[int] = []

        async def leaving() -> None:
            moments.append(len(asked))

        async with client(running, tls=tls, base_url="https://gateway.example/API/") as sms:
            await sms.exchange(SEND, leaving=leaving)

        assert moments == [1]
        assert len(running.gateway.ledger) == 1


class CountingRateLimiter:
    """A rate limiter that never waits and counts its calls."""

    def __init__(self) -> None:
        self.acquired = 0

    async def acquire(self) -> None:
        """Counts a call."""
        self.acquired += 1


async def test_a_slot_that_passed_while_connecting_is_acquired_again(tmp_path: Path) -> None:
    """Requests whose handshakes were delayed do not all start at once afterwards."""
    prompt, delayed = CountingRateLimiter(), CountingRateLimiter()
    async with stalling_proxy(tmp_path) as wire:
        async with wire.client(prompt) as sms:
            await sms.balance()
        wire.stall(2 * MAX_START_AGE_SECONDS)
        async with wire.client(delayed) as sms:
            await sms.balance()

        assert (prompt.acquired, delayed.acquired) == (1, 2)


@asynccontextmanager
async def proxy(base_url: str) -> AsyncIterator[tuple[str, list[str]]]:
    """Runs a proxy that always connects to this gateway; yields its URL and its requests."""
    to = urlsplit(base_url)
    asked: list[str] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        there, thence = await asyncio.open_connection(to.hostname, to.port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pipe(reader, thence), pipe(there, writer))
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
        await ended.wait()


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copies data until the end of the stream, then closes the writer."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
