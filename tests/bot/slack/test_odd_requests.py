"""Signed requests of shapes that Slack never sends, and the header that names the server."""

import json
from urllib.parse import urlencode

import pytest

from bot.slack.test_http_endpoint import Wire, command, wire
from kwtsms_bot.slack.http_endpoint import PATH
from support.logged import failures, logged

__all__ = ["wire"]
JSON = "application/json"
ODD: tuple[object, ...] = (5, "x", [], [1], True, {"id": 5}, {"id": []}, {"type": []}, {})
KEYS = ("event", "type", "user", "team", "channel", "view", "actions", "authorizations",
        "enterprise", "message", "callback_id", "command", "user_id", "team_id")  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=json.dumps)
@pytest.mark.parametrize("key", KEYS)
async def test_a_signed_odd_request_is_refused(wire: Wire, key: str, value: object) -> None:
    """The answer is below 500, for an event and an interaction, and the log has no trace."""
    bodies = {"type": "event_callback", key: value}, {"type": "block_actions", key: value}
    with logged(format="json") as log:
        answers = [await wire.post(json.dumps(body).encode(), kind=JSON) for body in bodies]
        answers += [
            await wire.post(urlencode({"payload": json.dumps(body)}).encode()) for body in bodies
        ]

    assert {status for status, _ in answers} <= {200, 400, 404}
    assert failures(log) == []


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("path", [PATH, "/", "/nothing"])
async def test_no_answer_names_the_server(wire: Wire, method: str, path: str) -> None:
    """Whatever is answered, no header tells the library and its version."""
    async with wire.session.request(method, wire.url + path) as answer:
        assert "Server" not in answer.headers


async def test_an_answer_to_no_http_names_no_server(wire: Wire) -> None:
    """A malformed request is answered before it reaches the application."""
    assert b"aiohttp" not in await wire.say(b"hush\r\n\r\n")


async def test_a_command_is_answered_without_it(wire: Wire) -> None:
    """A signed command is answered as before."""
    assert await wire.post(command("hi")) == (200, "heard")
