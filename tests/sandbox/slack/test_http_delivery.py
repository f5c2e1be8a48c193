"""Signed HTTP on the wire: the app's requests, and Slack's own verifier."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.slack import OPS, SARA, SlackSandbox, signed_headers
from support.blockkit import actions, button
from support.slack import bolt_app, served, web_client


class App:
    """An app that records its requests, and gives a fixed answer."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answer: dict[str, Any] = {}

    async def handle(self, request: web.Request) -> web.Response:
        """Records and answers one request."""
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(**self.answer)

    @property
    def last(self) -> tuple[dict[str, str], bytes]:
        """The last request."""
        return self.got[-1]


@pytest.fixture
async def app(slack: SlackSandbox) -> AsyncIterator[App]:
    """A running app to which this Slack delivers."""
    listening = App()
    http = web.Application()
    http.router.add_post("/", listening.handle)
    async with serve(http) as server:
        slack.deliver_to(server.url)
        yield listening


async def test_slacks_own_verifier_accepts_the_signature(slack: SlackSandbox, app: App) -> None:
    """Slack's verifier accepts the v0 signature over the time and the raw body."""
    await slack.command(SARA, OPS, "/sms", "send 96598765432 مرحبا & more")

    headers, body = app.last
    assert SignatureVerifier(slack.signing_secret).is_valid_request(body, headers)


async def test_a_command_is_a_form(slack: SlackSandbox, app: App) -> None:
    """A command is form data, and the text keeps its special characters."""
    await slack.command(SARA, OPS, "/sms", "send payload=1&x=2")

    headers, body = app.last
    form = parse_qs(body.decode())
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (form["command"], form["text"]) == (["/sms"], ["send payload=1&amp;x=2"])


async def test_a_click_is_json_in_a_form(slack: SlackSandbox, app: App) -> None:
    """A click is JSON in the form field `payload`."""
    blocks = [actions(button("Go", action_id="go"))]
    await web_client(slack).chat_postMessage(channel=OPS.id, text="a", blocks=blocks)
    await slack.press(SARA, slack.visible(SARA, OPS)[0], "Go")

    payload = json.loads(parse_qs(app.last[1].decode())["payload"][0])
    assert payload["type"] == "block_actions"


async def test_a_retried_event_names_its_reason(slack: SlackSandbox, app: App) -> None:
    """A retried event has X-Slack-Retry-Num and X-Slack-Retry-Reason, and the same body."""
    first = await slack.open_home(SARA)
    await slack.redeliver(first)

    assert "X-Slack-Retry-Num" not in app.got[0][0]
    assert app.got[1][0]["X-Slack-Retry-Num"] == "1"
    assert app.got[1][0]["X-Slack-Retry-Reason"] == "http_error"
    assert app.got[0][1] == app.got[1][1]


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"text": "plain words"}, "plain words"),
        ({"body": b'{"text": "in json"}', "content_type": "application/json"}, "in json"),
        ({"text": '"a string"'}, '"a string"'),
    ],
    ids=["text", "json", "json string"],
)
async def test_the_answer_may_be_text_or_json(
    slack: SlackSandbox, app: App, answer: dict[str, Any], shown: str
) -> None:
    """The user sees an answer in either form."""
    app.answer = answer
    await slack.command(SARA, OPS, "/sms")

    assert [m.text for m in slack.visible(SARA, OPS)] == [shown]


async def test_bolt_answers_the_challenge(slack: SlackSandbox) -> None:
    """The address answers the challenge, as when it is configured."""
    async with served(slack, bolt_app(slack)):
        assert await slack.verify_url()


async def test_an_address_that_does_not_answer_fails_the_challenge(
    slack: SlackSandbox, app: App
) -> None:
    """An empty 200 does not answer the challenge."""
    assert not await slack.verify_url()
    assert app.got


def test_a_test_can_sign_by_itself() -> None:
    """A test can sign requests that Slack would never send: old or altered ones."""
    headers = signed_headers("secret", "1700000000", b"body")

    verifier = SignatureVerifier("secret")
    assert verifier.is_valid(
        body=b"body", timestamp="1700000000", signature=headers["X-Slack-Signature"]
    ) is (verifier.clock.now() - 1_700_000_000 <= 300)
    assert headers["X-Slack-Signature"] == verifier.generate_signature(
        timestamp="1700000000", body=b"body"
    )
