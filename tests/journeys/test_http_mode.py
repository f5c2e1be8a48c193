"""The bot in HTTP mode: the endpoint's checks and the destination of its answers.

test_transports.py tests user actions in both modes.
"""

import json
import time
from dataclasses import replace
from pathlib import Path

from aiohttp import ClientSession, web

from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.slack import OPS, SARA
from kwtsms_sandbox.slack.http_delivery import signed_headers
from kwtsms_sandbox.slack.sandbox import SIGNING_SECRET
from support.bot import NUMBER, local_env, wait_for_text


async def test_a_text_with_bolts_fatal_word(tmp_path: Path) -> None:
    """Bolt would take a body with the word `payload` for another kind of request."""
    async with local_env(tmp_path, use_http=True) as env:
        typed = f"send {NUMBER} your payload arrived"
        done = await env.slack.command(SARA, OPS, "/sms", typed)
        await wait_for_text(env, "sent to 965")

        assert done.error is None
        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == ["your payload arrived"]


async def test_what_slack_did_not_send(tmp_path: Path) -> None:
    """Unsigned, wrongly signed, outdated and oversized requests are refused without effect."""
    body = json.dumps({"command": "/sms", "text": f"send {NUMBER} hi", "user_id": SARA.id}).encode()
    kind = {"Content-Type": "application/json"}
    now = int(time.time())
    tries = {
        "unsigned": ({}, body),
        "wrongly signed": (signed_headers("0" * 32, str(now), body), body),
        "too old": (signed_headers(SIGNING_SECRET, str(now - 301), body), body),
        "altered": (signed_headers(SIGNING_SECRET, str(now), body), body + b" "),
        "too large": (signed_headers(SIGNING_SECRET, str(now), body), body * 13_500),
        "not JSON": (signed_headers(SIGNING_SECRET, str(now), b"{"), b"{"),
    }
    async with local_env(tmp_path, use_http=True) as env, ClientSession() as http:
        url = env.slack_address
        statuses = {
            label: (await http.post(url, data=data, headers=kind | headers)).status
            for label, (headers, data) in tries.items()
        }

        assert statuses == {
            "unsigned": 401,
            "wrongly signed": 401,
            "too old": 401,
            "altered": 401,
            "too large": 413,
            "not JSON": 400,
        }
        assert env.gateway.ledger == []


async def test_an_answer_goes_to_no_other_address_than_slacks(tmp_path: Path) -> None:
    """If a signed request has a foreign response URL, the user gets a direct message."""
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", elsewhere)
    async with local_env(tmp_path, use_http=True) as env, serve(app) as other:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await wait_for_text(env, "sent to 965")
        pressed = await env.slack.press(SARA, card, "message_menu", "Get support text")
        forged = {
            **pressed.payload,
            "response_url": f"{other.url}/latest/meta-data",
            "trigger_id": env.slack.space.triggers.issue(SARA.id),
        }
        await env.slack.deliver(replace(pressed.envelope, payload=forged))
        await wait_for_text(env, "Support request", where=env.slack.dm(SARA))

        assert asked == []
