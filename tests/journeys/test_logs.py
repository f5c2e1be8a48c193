"""The log of the real program, as a log collector receives it."""

import json
from pathlib import Path
from typing import Any

from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, BotProcess, local_env, wait_for_text

TEXT = "the-secret-text"
HEARTBEAT_PATH = "the-secret-path"


async def test_every_line_is_json_and_one_request_can_be_followed(tmp_path: Path) -> None:
    """One request ID links the command to the settled call, and no secret is logged at debug."""
    async with local_env(tmp_path) as env:
        await env.stop_bot()
        bot = BotProcess(
            env,
            logging={"format": "json", "level": "debug"},
            heartbeat={"url": f"{env.running.url}/{HEARTBEAT_PATH}", "every": "1s"},
            access={"reader": {}, "sender": {"users": [SARA.id]}, "admin": {}},
            alerts={"balance": {}},
        )
        await bot.start()
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} {TEXT}")
        await wait_for_text(env, "sent to 965")
        await env.slack.command(SARA, OPS, "/sms", "send 12 nonsense")
        await bot.end()
        config = env.config
        events = [json.loads(line) for line in bot.output.splitlines()]

    (accepted,) = named(events, "message accepted")
    (settled,) = named(events, "call settled")
    assert accepted["request"] == settled["request"] != ""
    assert accepted["message"] == settled["message"]
    assert named(events, "heartbeat failed")[0]["status"] == 404
    assert "nobody is warned when credits run low" in events[0]["event"]
    assert [
        one for one in events if not {"event", "level", "logger", "timestamp"} <= one.keys()
    ] == []
    secrets = (
        NUMBER,
        TEXT,
        HEARTBEAT_PATH,
        config.kwtsms.password.get_secret_value(),
        config.slack.bot_token.get_secret_value(),
        env.slack.app_token,
    )
    assert [secret for secret in secrets if secret in bot.output] == []


async def test_why_it_does_not_start_is_json_too(tmp_path: Path) -> None:
    """A refused token is logged as an event with its remedy."""
    async with local_env(tmp_path) as env:
        await env.stop_bot()
        bot = BotProcess(env, logging={"format": "json"})
        code = await bot.run_to_end(bot_token="xoxb-wrong")
        events = [json.loads(line) for line in bot.output.splitlines()]

    assert code == 2
    assert "Copy the token again" in events[-1]["event"]
    assert events[-1]["level"] == "error"


def named(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The events of that name."""
    return [one for one in events if one["event"] == name]
