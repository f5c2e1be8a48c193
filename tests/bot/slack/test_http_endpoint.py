"""HTTP mode's endpoint on a real port: a request that is not Slack's reaches no listener."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from kwtsms_bot.slack import http_endpoint
from kwtsms_bot.slack.http_endpoint import PATH, SlackEndpoint, serve
from kwtsms_sandbox.slack import signed_headers
from support.logged import failures, logged

SECRET = "0123456789abcdef"
FORM = "application/x-www-form-urlencoded"
COMMAND = {"command": "/sms", "user_id": "U1", "team_id": "T1", "trigger_id": "1.2"}
PRIVATE = "hush"
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode()
BODY = f"command=%2Fsms&text={PRIVATE}+432".encode()
LENGTH = f"Content-Length: {len(BODY)}\r\n\r\n".encode()
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
# Requests that Slack never sends (the second chunk waits for 100 Continue), and the status.
JUNK: dict[str, tuple[tuple[bytes, ...], int]] = {
    "a bad chunk": ((HEAD + CHUNKED + BODY + b"\r\n",), 400),
    "a bad chunk later on": ((HEAD + b"Expect: 100-continue\r\n" + CHUNKED, BODY + b"\r\n"), 408),
    "a bad header": ((HEAD + b"X-A: a\x00" + BODY + b"\r\n\r\n",), 400),
    "no HTTP": ((BODY + b"\r\n\r\n",), 400),
    "packed": ((HEAD + b"Content-Encoding: gzip\r\n" + LENGTH + BODY,), 401),
    "packed otherwise": ((HEAD + b"Content-Encoding: br\r\n" + LENGTH + BODY,), 401),
    "unsigned": ((HEAD + LENGTH + BODY,), 401),
    "never finished": ((HEAD + b"Content-Length: 1000\r\n\r\n" + BODY,), 408),
}


@dataclass
class Wire:
    """A client of the endpoint, the texts that the listener received, and the endpoint's clock."""

    session: ClientSession
    address: tuple[str, int] = ("", 0)
    received: list[str] = field(default_factory=list)
    now: float = field(default_factory=time.time)

    async def post(
        self, body: bytes, *, age: float = 0, secret: str = SECRET, kind: str = FORM
    ) -> tuple[int, str]:
        """Sends one signed request; returns status and body."""
        return await self.raw(body, self.signed(body, age=age, secret=secret, kind=kind))

    def signed(
        self, body: bytes, *, age: float = 0, secret: str = SECRET, kind: str = FORM
    ) -> dict[str, str]:
        """The headers of a request that was signed so many seconds ago."""
        return {**signed_headers(secret, str(int(self.now - age)), body), "Content-Type": kind}

    async def raw(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Sends one request with exactly these headers; returns status and body."""
        async with self.session.post(self.url + PATH, data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def say(self, *chunks: bytes) -> bytes:
        """Sends these exact bytes; returns everything received until the connection closes."""
        reader, writer = await self.connect()
        async with asyncio.timeout(20):
            writer.write(chunks[0])
            for chunk in chunks[1:]:
                await reader.readuntil(b"100 Continue\r\n\r\n")
                writer.write(chunk)
            answer = await reader.read()
        writer.close()
        return answer

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Opens a separate connection."""
        return await asyncio.open_connection(*self.address)

    @property
    def url(self) -> str:
        """The endpoint's base URL."""
        return "http://{}:{}".format(*self.address)


def command(text: str) -> bytes:
    """The body of a slash command."""
    return urlencode({**COMMAND, "text": text}).encode()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """An app whose only listener records the texts."""

    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1")

    app = AsyncApp(authorize=authorize)
    async with ClientSession(trust_env=False) as session:
        made = Wire(session)
        endpoint = SlackEndpoint(app, SECRET, clock=lambda: made.now, read_timeout=0.2)
        runner = await serve(endpoint, "127.0.0.1:0")
        made.address = runner.addresses[0]

        @app.command("/sms")
        async def listen(ack: Any, body: dict[str, Any]) -> None:
            made.received.append(body["text"])
            await ack("heard")

        yield made
        await runner.cleanup()


async def test_a_signed_command_is_received_whatever_its_text(wire: Wire) -> None:
    """A text may contain the word `payload`."""
    status, answer = await wire.post(command("send 96598765432 your payload=1 مرحبا"))

    assert (status, "heard" in answer) == (200, True)
    assert wire.received == ["send 96598765432 your payload=1 مرحبا"]


@pytest.mark.parametrize(
    "change", [{"age": 302}, {"age": -302}, {"secret": "another"}], ids=["old", "ahead", "wrong"]
)
async def test_what_slack_did_not_just_sign_is_refused(wire: Wire, change: Any) -> None:
    """A wrong or outdated signature is refused with 401, and no listener runs."""
    assert (await wire.post(command("balance"), **change))[0] == 401
    assert wire.received == []


@pytest.mark.parametrize("body", [b"\xff\xfe", b"payload={bad", b"ssl_check=1", b"[1]"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {http_endpoint.TIMESTAMP: "abc", http_endpoint.SIGNATURE: "v0=1"},
        {http_endpoint.SIGNATURE: "v0=é"},
    ],
    ids=["none", "no time", "not ASCII"],
)
async def test_unsigned_junk_is_refused_unread(
    wire: Wire, body: bytes, headers: dict[str, str]
) -> None:
    """The signature is checked before the body, whatever it contains."""
    assert (await wire.raw(body, {**headers, "Content-Type": FORM}))[0] == 401


@pytest.mark.parametrize("body", [b"payload={bad", b"payload=[1]", b"a=%ff", b"\xff"])
async def test_signed_junk_is_unreadable(wire: Wire, body: bytes) -> None:
    """Signed junk gets 400 with an empty body."""
    assert await wire.post(body) == (400, "")


async def test_too_much_is_refused_before_it_is_read_completely(wire: Wire) -> None:
    """An oversized body gets 413, signed or not."""
    assert (await wire.post(b"a" * (http_endpoint.MAX_BYTES + 1)))[0] == 413


@pytest.mark.parametrize(("chunks", "status"), [(500, 401), (1001, 413), (20_000, 413)])
async def test_tiny_chunks_are_not_read_for_long(wire: Wire, chunks: int, status: int) -> None:
    """A thousand chunks are enough for any proxy; more are refused before the signature."""
    answer = await wire.say(HEAD + CHUNKED + b"1\r\na\r\n" * chunks + b"0\r\n\r\n")

    assert int(answer.split()[1]) == status


async def test_a_flood_of_refused_requests_is_logged_once(wire: Wire) -> None:
    """A hundred requests with wrong signatures are one line in the log."""
    with logged(level="info") as log:
        for _ in range(100):
            await wire.post(command("balance"), secret="another")

    assert len(log.getvalue().splitlines()) == 1


async def test_a_replay_is_answered_and_not_run_again(wire: Wire) -> None:
    """Ten simultaneous copies of a signed request are each answered, but processed once."""
    body = command("send 96598765432 hello")
    headers = wire.signed(body)

    answers = await asyncio.gather(*(wire.raw(body, headers) for _ in range(10)))

    assert [status for status, _ in answers] == [200] * 10
    assert len(wire.received) == 1


async def test_a_replay_is_known_as_long_as_its_signature_is_valid(wire: Wire) -> None:
    """A signature of a clock that is ahead is valid for almost two windows, and runs once."""
    body = command("resume")
    ahead = wire.signed(body, age=-(http_endpoint.WINDOW_SECONDS - 1))
    await wire.raw(body, ahead)
    wire.now += 2 * http_endpoint.WINDOW_SECONDS - 2

    assert (await wire.raw(body, ahead))[0] == 200
    assert wire.received == ["resume"]
    wire.now += 2
    assert (await wire.raw(body, ahead))[0] == 401


async def test_slacks_checks_are_answered(wire: Wire) -> None:
    """The URL verification returns its challenge, and the certificate check gets 200."""
    asked = json.dumps({"type": "url_verification", "challenge": "c1"}).encode()

    status, answer = await wire.post(asked, kind="application/json")

    assert (status, json.loads(answer)) == (200, {"challenge": "c1"})
    assert (await wire.post(b"ssl_check=1&token=x"))[0] == 200


async def test_other_methods_and_paths_do_not_exist(wire: Wire) -> None:
    """Other methods get 405, other paths 404."""
    async with wire.session.get(wire.url + PATH) as got:
        assert got.status == 405
    async with wire.session.post(wire.url + "/") as posted:
        assert posted.status == 404


async def test_no_body_reaches_the_log(wire: Wire) -> None:
    """No body is logged, refused or not; a refusal is logged with its status."""
    with logged(level="debug") as log:
        for secret in (SECRET, "another"):
            await wire.post(command(f"send 96598765432 {PRIVATE}"), secret=secret)
        await wire.post(f"payload={{{PRIVATE}".encode())

    assert re.findall(r"request refused.*status=(\d+)", log.getvalue()) == ["401", "400"]
    assert PRIVATE not in log.getvalue()


@pytest.mark.parametrize(("chunks", "status"), JUNK.values(), ids=JUNK)
async def test_junk_is_refused_and_quoted_nowhere(
    wire: Wire, chunks: tuple[bytes, ...], status: int
) -> None:
    """Neither the answer nor the log quotes the junk, and no exception of ours is logged."""
    with logged(level="debug", format="json") as log:
        answer = await wire.say(*chunks)

    assert int(answer.split()[1]) == status
    assert PRIVATE.encode() not in answer
    assert PRIVATE not in log.getvalue()
    assert failures(log) == []


async def test_a_client_that_goes_away_is_no_failure(wire: Wire) -> None:
    """A client that disconnects within its body is no failure, and the next request is served."""
    with logged(format="json") as log:
        reader, writer = await wire.connect()
        writer.write(HEAD + b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n" + BODY)
        await reader.readuntil(b"100 Continue\r\n\r\n")
        writer.transport.abort()

        async with asyncio.timeout(20):
            while "ConnectionResetError" not in log.getvalue():
                assert (await wire.post(command("balance")))[0] == 200
        assert failures(log) == []
