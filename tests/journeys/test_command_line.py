"""`kwtsms-bridge`, run in a shell."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.forked import COMMAND, ENVIRONMENT, fork_command
from support.shell import CommandResult

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "KWTSMS_USERNAME": "user"}
CONFIG = """\
slack:
  bot_token: ${SLACK_BOT_TOKEN}
  app_token: ${SLACK_APP_TOKEN}
kwtsms:
  username: ${KWTSMS_USERNAME}
  password: ${KWTSMS_PASSWORD}
  sender_id: SHOP
"""


async def run(*arguments: str, folder: Path, **variables: str) -> CommandResult:
    """Runs the command in `folder`."""
    process = await fork_command(*arguments, folder=folder, env={**ENVIRONMENT, **variables})
    out, err = await asyncio.wait_for(process.communicate(), timeout=60)
    assert process.returncode is not None
    return CommandResult(process.returncode, out.decode(), err.decode())


@pytest.mark.parametrize("command", [("run",), ("config", "check")], ids=" ".join)
async def test_a_missing_file_ends_with_a_remedy(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A missing configuration gives exit code 2, one sentence and no traceback."""
    done = await run(*command, "-c", "missing.yaml", folder=tmp_path)

    assert done.code == 2
    assert done.err.startswith("missing.yaml: can't be read")
    assert "Traceback" not in done.err


async def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    """One run reports an unknown key, a bad token and a missing variable, with their lines."""
    text = CONFIG.replace("  app_token", "  colour: blue\n  app_token")
    (tmp_path / "config.yaml").write_text(text)
    done = await run("run", folder=tmp_path, **{**TOKENS, "SLACK_APP_TOKEN": "xoxb-wrong"})

    assert done.code == 2
    assert "config.yaml:3: slack.colour: unknown key" in done.err
    assert "config.yaml:4: slack.app_token: expected a token that starts with xapp-" in done.err
    assert "config.yaml:7: kwtsms.password: the environment variable KWTSMS_PASSWORD" in done.err
    assert "3 problems." in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("url", "reason", "remedy"),
    [
        ("sqlite:///missing/x.sqlite3", "the folder missing does not exist", "free space"),
        ("sqlite:////proc/x.sqlite3", "/proc/x.sqlite3 cannot be made", "free space"),
        ("postgresql://u:the-password@127.0.0.1:1/n", "Connection refused", "PostgreSQL accepts"),
    ],
)
async def test_a_database_that_cannot_be_used_ends_it(
    tmp_path: Path, url: str, reason: str, remedy: str
) -> None:
    """The command exits with 69, the reason and the remedy for that kind of database."""
    (tmp_path / "config.yaml").write_text(f"{CONFIG}outbox: {{database: '{url}'}}\n")
    done = await run("run", folder=tmp_path, KWTSMS_PASSWORD="secret", **TOKENS)

    assert done.code == 69
    assert reason in done.err
    assert remedy in done.err
    assert "the-password" not in done.err
    assert "Traceback" not in done.err


def test_an_error_of_our_own_keeps_the_rules_of_the_log(tmp_path: Path) -> None:
    """An unexpected exception is logged with masked numbers, and the exit code is 70."""
    (tmp_path / "config.yaml").write_text(f"{CONFIG}logging: {{format: json}}\n")
    program = (
        "import asyncio\n"
        "from kwtsms_bot.cli import bot_process, run\n"
        "class Broken:\n"
        "    def __init__(self, config): self.ready = asyncio.Event()\n"
        "    async def run(self, stop): raise OSError('no way to 96598765432')\n"
        "bot_process.Service = Broken\n"
        "run.run([])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**ENVIRONMENT, **TOKENS, "KWTSMS_PASSWORD": "secret"},
        capture_output=True,
        text=True,
        check=False,
    )
    last = [json.loads(line) for line in done.stderr.splitlines()][-1]

    assert done.returncode == 70
    assert (last["event"], last["level"]) == ("ended by an error", "critical")
    assert "OSError: no way to 965••••432" in last["exception"]


async def test_config_check_says_that_nobody_may_send(tmp_path: Path) -> None:
    """An empty access section is valid, but is mentioned."""
    (tmp_path / "config.yaml").write_text(CONFIG + "access:\n")
    done = await run("config", "check", folder=tmp_path, KWTSMS_PASSWORD="secret", **TOKENS)

    assert done.code == 0
    assert "nobody can send" in done.out


async def test_the_manifest_is_json(tmp_path: Path) -> None:
    """The output of `slack manifest` can be pasted into Slack."""
    done = await run("slack", "manifest", folder=tmp_path)

    assert json.loads(done.out)["features"]["slash_commands"][0]["command"] == "/sms"


async def scripted_demo(folder: Path, *typed: str) -> list[dict[str, Any]]:
    """Runs the demo with these commands; returns their results."""
    options = [part for line in typed for part in ("--exec", line)]
    done = await run("demo", "--json", *options, folder=folder)
    results = [json.loads(line) for line in done.out.splitlines()]

    assert done.code == 0
    assert [result["command"] for result in results] == [*typed]
    return results


async def test_in_the_scripted_demo_the_balance_falls(tmp_path: Path) -> None:
    """The pages sent are charged, and the phone gets the text."""
    before, sent, after = await scripted_demo(
        tmp_path, "/sms balance", "/sms send +96598765432 Hello مرحبا", "/sms balance"
    )

    assert "1,000 credits left" in before["replies"][0]
    assert "Sent to 965" in sent["replies"][0]
    assert sent["phone"] == [{"to": "96598765432", "from": "MY-APP", "text": "Hello مرحبا"}]
    assert "999 credits left" in after["replies"][0]


async def test_the_scripted_demo_finds_what_was_sent(tmp_path: Path) -> None:
    """Status and dlr are about the message that was just sent."""
    _, status, report = await scripted_demo(
        tmp_path, "/sms send +96598765432 Hello", "/sms status", "/sms dlr"
    )

    assert "kwtSMS status" in status["replies"][0]
    assert "No delivery report" in report["replies"][0]


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("run",),
        ("demo",),
        ("config",),
        ("audit", "export"),
        ("forget",),
        ("bulk",),
        ("slack",),
        ("apprise",),
        ("sandbox", "gateway"),
    ],
    ids=lambda command: " ".join(command) or "itself",
)
def test_every_command_explains_itself(tmp_path: Path, command: tuple[str, ...]) -> None:
    """--help describes each command, the only one whose modules that process loads."""
    done = subprocess.run(
        [str(COMMAND), *command, "--help"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0
    assert "Usage: kwtsms-bridge" in done.stdout
    assert "\\b" not in done.stdout  # Click's marker for unwrapped paragraphs.
