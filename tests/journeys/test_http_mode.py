"""The bot behind HTTP instead of a socket: the same scenarios, and the guard in front of them."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from kwtsms_bot.cli.stage import Stage
from kwtsms_sandbox.slack import NOURA, OPS, SARA
from kwtsms_sandbox.slack.sandbox import SIGNING_SECRET
from kwtsms_sandbox.slack.signed import signed_headers
from kwtsms_sandbox.slack.steps import StepState
from support.bot import NUMBER, sends, shown, staged


@asynccontextmanager
async def over_http(folder: Path, **changes: Any) -> AsyncIterator[Stage]:
    """A stage whose Slack delivers signed requests; no socket is opened."""
    async with staged(folder, over_http=True, **changes) as stage:
        yield stage


async def test_a_command_becomes_an_sms(tmp_path: Path) -> None:
    """Acknowledged, sent, shown; also where the text holds Bolt's fatal word."""
    async with over_http(tmp_path) as stage:
        typed = f"send {NUMBER} your payload arrived"
        done = await stage.slack.command(SARA, OPS, "/sms", typed)
        await shown(stage, "accepted by kwtSMS")

        assert done.error is None
        assert stage.slack.sockets.connections == []
        assert [sms.text for sms in stage.gateway.inbox(NUMBER)] == ["your payload arrived"]


async def test_a_command_delivered_twice_sends_once(tmp_path: Path) -> None:
    """Signed anew, with the same trigger id."""
    async with over_http(tmp_path) as stage:
        first = await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await stage.slack.redeliver(first)
        await shown(stage, "accepted by kwtSMS")

        assert len(sends(stage)) == 1


async def test_the_form(tmp_path: Path) -> None:
    """Opened, filled in, previewed, confirmed."""
    async with over_http(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", "send")
        first = await stage.slack.until(lambda: stage.slack.modal(SARA))
        await stage.slack.submit(SARA, first, {"numbers": NUMBER, "text": "hi"})
        preview = stage.slack.modal(SARA)
        assert preview
        await stage.slack.submit(SARA, preview)
        await shown(stage, "accepted by kwtSMS")

        assert len(stage.gateway.ledger) == 1


async def test_a_button(tmp_path: Path) -> None:
    """A preview is confirmed by its button."""
    async with over_http(tmp_path) as stage:
        many = ", ".join(str(96590000000 + n) for n in range(6))
        await stage.slack.command(SARA, OPS, "/sms", f"send {many} hi")
        preview = await shown(stage, "Is this right?")
        await stage.slack.press(SARA, preview, "send_confirm")
        await shown(stage, "accepted by kwtSMS")

        assert len(stage.gateway.ledger) == 1


async def test_home_and_a_workflow(tmp_path: Path) -> None:
    """Events come by HTTP, too."""
    access = {"sender": {"users": [SARA.id]}, "workflows": True}
    async with over_http(tmp_path, access=access) as stage:
        await stage.slack.open_home(SARA)
        await stage.slack.until(lambda: stage.slack.home(SARA))
        inputs = {"numbers": NUMBER, "text": "hi", "user": SARA.id}
        step, told = await stage.slack.run_step("send_sms", inputs)
        ended = await stage.slack.ended(step)
        await stage.slack.redeliver(told)

        assert ended.state is StepState.COMPLETED
        await stage.slack.until(lambda: stage.gateway.ledger or None)
        assert len(stage.gateway.ledger) == 1


async def test_who_may_not(tmp_path: Path) -> None:
    """The same permissions."""
    async with over_http(tmp_path) as stage:
        done = await stage.slack.command(NOURA, OPS, "/sms", f"send {NUMBER} hi")

        assert done.ack
        assert stage.gateway.ledger == []


async def test_what_slack_did_not_send(tmp_path: Path) -> None:
    """Unsigned, wrongly signed, too old, too large: refused, and nothing is done."""
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
    async with over_http(tmp_path) as stage, ClientSession() as http:
        url = stage.address
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
        assert stage.gateway.ledger == []
