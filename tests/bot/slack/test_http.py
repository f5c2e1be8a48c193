"""HTTP mode's guard on a real port: what is not Slack's own request reaches no listener."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from kwtsms_bot.slack import guard
from kwtsms_bot.slack.http import PATH, Endpoint
from kwtsms_sandbox.serving import serve
from kwtsms_sandbox.slack import signed_headers

SECRET = "0123456789abcdef"
FORM = "application/x-www-form-urlencoded"
COMMAND = {"command": "/sms", "user_id": "U1", "team_id": "T1", "trigger_id": "1.2"}


@dataclass
class Wire:
    """A client of the endpoint, and the texts that its listener got."""

    session: ClientSession
    url: str
    heard: list[str] = field(default_factory=list)

    async def post(
        self, body: bytes, *, age: float = 0, secret: str = SECRET, kind: str = FORM
    ) -> tuple[int, str]:
        """One signed request."""
        signed = signed_headers(secret, str(int(time.time() - age)), body)
        return await self.raw(body, {**signed, "Content-Type": kind})

    async def raw(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """One request with these very headers."""
        async with self.session.post(self.url + PATH, data=body, headers=headers) as answer:
            return answer.status, await answer.text()


def command(text: str) -> bytes:
    """A slash command on the wire."""
    return urlencode({**COMMAND, "text": text}).encode()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """An app whose one listener keeps the texts that reach it."""

    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1")

    app = AsyncApp(authorize=authorize)
    server = web.Application(client_max_size=guard.MAX_BYTES)
    Endpoint(app, SECRET).mount(server.router)
    async with serve(server) as running, ClientSession(trust_env=False) as session:
        wire = Wire(session, running.url)

        @app.command("/sms")
        async def listen(ack: Any, body: dict[str, Any]) -> None:
            wire.heard.append(body["text"])
            await ack("heard")

        yield wire


async def test_a_signed_command_is_heard_whatever_its_text(wire: Wire) -> None:
    """The word `payload` in a text is text."""
    status, answer = await wire.post(command("send 96598765432 your payload=1 مرحبا"))

    assert (status, "heard" in answer) == (200, True)
    assert wire.heard == ["send 96598765432 your payload=1 مرحبا"]


@pytest.mark.parametrize(
    "change", [{"age": 302}, {"age": -302}, {"secret": "another"}], ids=["old", "ahead", "wrong"]
)
async def test_what_slack_did_not_just_sign_is_refused(wire: Wire, change: Any) -> None:
    """401, and no listener runs."""
    assert (await wire.post(command("balance"), **change))[0] == 401
    assert wire.heard == []


@pytest.mark.parametrize("body", [b"\xff\xfe", b"payload={bad", b"ssl_check=1", b"[1]"])
@pytest.mark.parametrize(
    "headers",
    [{}, {guard.TIMESTAMP: "abc", guard.SIGNATURE: "v0=1"}, {guard.SIGNATURE: "v0=é"}],
    ids=["none", "no time", "not ASCII"],
)
async def test_unsigned_junk_is_refused_unread(
    wire: Wire, body: bytes, headers: dict[str, str]
) -> None:
    """Whatever it is, the signature comes first."""
    assert (await wire.raw(body, {**headers, "Content-Type": FORM}))[0] == 401


@pytest.mark.parametrize("body", [b"payload={bad", b"payload=[1]", b"a=%ff", b"\xff"])
async def test_signed_junk_is_unreadable(wire: Wire, body: bytes) -> None:
    """400 and nothing else."""
    assert await wire.post(body) == (400, "")


async def test_too_much_is_refused_before_it_is_read_whole(wire: Wire) -> None:
    """413, signed or not."""
    assert (await wire.post(b"a" * (guard.MAX_BYTES + 1)))[0] == 413


async def test_a_replay_is_answered_and_not_run_again(wire: Wire) -> None:
    """The same signed request ten times at once: heard once, each answered."""
    body = command("send 96598765432 hello")
    headers = {**signed_headers(SECRET, str(int(time.time())), body), "Content-Type": FORM}

    answers = await asyncio.gather(*(wire.raw(body, headers) for _ in range(10)))

    assert [status for status, _ in answers] == [200] * 10
    assert len(wire.heard) == 1


async def test_slacks_checks_are_answered(wire: Wire) -> None:
    """The challenge comes back; the certificate check gets its 200."""
    asked = json.dumps({"type": "url_verification", "challenge": "c1"}).encode()

    status, answer = await wire.post(asked, kind="application/json")

    assert (status, json.loads(answer)) == (200, {"challenge": "c1"})
    assert (await wire.post(b"ssl_check=1&token=x"))[0] == 200


async def test_other_methods_and_paths_do_not_exist(wire: Wire) -> None:
    """405 and 404."""
    async with wire.session.get(wire.url + PATH) as got:
        assert got.status == 405
    async with wire.session.post(wire.url + "/") as posted:
        assert posted.status == 404


async def test_no_body_reaches_the_log(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """Refused or not."""
    caplog.set_level(logging.DEBUG)
    for secret in (SECRET, "another"):
        await wire.post(command("send 96598765432 hush"), secret=secret)
    await wire.post(b"payload={hush")

    assert "hush" not in caplog.text
