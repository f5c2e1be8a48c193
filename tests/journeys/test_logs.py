"""The log of the real program, as a log collector gets it."""

import json
from pathlib import Path
from typing import Any

from kwtsms_sandbox.slack.demo import OPS, SARA
from support.bot import NUMBER, BotProcess, shown, staged

TEXT = "the-secret-text"
BEAT = "the-secret-path"


async def test_every_line_is_json_and_one_request_can_be_followed(tmp_path: Path) -> None:
    """From Slack's command to the settled call under one id, and no secret even at debug."""
    async with staged(tmp_path) as stage:
        await stage.stop_bot()
        bot = BotProcess(
            stage,
            logging={"format": "json", "level": "debug"},
            heartbeat={"url": f"{stage.running.url}/{BEAT}", "every": "1s"},
            access={"reader": {}, "sender": {"users": [SARA.id]}, "admin": {}},
            alerts={"balance": {}},
        )
        await bot.start()
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} {TEXT}")
        await shown(stage, "accepted by kwtSMS")
        await stage.slack.command(SARA, OPS, "/sms", "send 12 nonsense")
        await bot.end()
        config = stage.config
        events = [json.loads(line) for line in bot.output.splitlines()]

    (accepted,) = named(events, "message accepted")
    (settled,) = named(events, "call settled")
    assert accepted["request"] == settled["request"] != ""
    assert accepted["message"] == settled["message"]
    assert named(events, "heartbeat failed")[0]["status"] == 404
    assert "nobody is told when the credits run out" in events[0]["event"]
    assert [
        one for one in events if not {"event", "level", "logger", "timestamp"} <= one.keys()
    ] == []
    secrets = (
        NUMBER,
        TEXT,
        BEAT,
        config.kwtsms.password.get_secret_value(),
        config.slack.bot_token.get_secret_value(),
        stage.slack.app_token,
    )
    assert [secret for secret in secrets if secret in bot.output] == []


async def test_why_it_does_not_start_is_json_too(tmp_path: Path) -> None:
    """A refused token is an event like any other, and tells the remedy."""
    async with staged(tmp_path) as stage:
        await stage.stop_bot()
        bot = BotProcess(stage, logging={"format": "json"})
        code = await bot.run_to_end(bot_token="xoxb-wrong")
        events = [json.loads(line) for line in bot.output.splitlines()]

    assert code == 2
    assert "Copy the token anew" in events[-1]["event"]
    assert events[-1]["level"] == "error"


def named(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The events of that name."""
    return [one for one in events if one["event"] == name]
