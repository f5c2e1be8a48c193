"""`kwtsms-bridge doctor`, run as a command."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kwtsms_bot.cli import doctor as shell
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_sandbox.slack import ALERTS
from support.forked import fork_command
from support.gateway import running_gateway
from support.slack import no_proxy


async def doctor(folder: Path, *line: str, **environ: str) -> tuple[int, str]:
    """Runs the command and returns its exit code and output."""
    process = await fork_command(
        *("doctor", *line),
        folder=folder,
        env={**os.environ, **environ},
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), timeout=30)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def diagnose_bot(folder: Path, **changes: Any) -> dict[str, Any]:
    """The findings about a bot's complete setup, by name of the check."""
    env = LocalEnvironment(folder, **changes)
    with no_proxy():
        async with env.slack, env.running:
            file = folder / "config.yaml"
            file.write_text(json.dumps(env.sections))
            file.chmod(0o600)
            code, out = await doctor(folder, "--json")
    found = {one["check"]: one for one in json.loads(out)}
    assert code == int(any(one["level"] == "problem" for one in found.values()))
    return found


async def test_an_account_by_the_environment(tmp_path: Path) -> None:
    """The base install checks an account from the environment, without a config or Slack."""
    async with running_gateway() as running:
        account = running.gateway.account
        environ = {
            "KWTSMS_USERNAME": account.username,
            "KWTSMS_PASSWORD": account.password,
            "KWTSMS_SENDER_ID": "MY-APP",
            "KWTSMS_BASE_URL": running.base_url,
        }
        good, output = await doctor(tmp_path, **environ)
        bad, why = await doctor(tmp_path, **environ | {"KWTSMS_PASSWORD": "wrong"})

    assert (good, bad) == (0, 1)
    assert "✓ Sender ID" in output
    assert "→ Use the API username and password" in why


async def test_a_complete_bot(tmp_path: Path) -> None:
    """A complete bot has its account, tokens, scopes, channels, database and clock checked."""
    found = await diagnose_bot(tmp_path)

    assert set(found) == {
        "Configuration",
        "kwtSMS account",
        "Sender ID",
        "Coverage",
        "Test mode",
        "Slack bot token",
        "Slack app token",
        "Slack scopes",
        "Slash command",
        "Clock",
        f"Channel {ALERTS.id}",
        "Database",
    }
    assert [one for one in found.values() if one["level"] == "problem"] == []
    assert found["Database"]["level"] == "warning"
    assert sorted(await asyncio.to_thread(os.listdir, tmp_path)) == ["config.yaml"]


async def test_a_problem_is_the_exit_code(tmp_path: Path) -> None:
    """A problem in any part makes the command exit with 1."""
    outbox = {"database": f"sqlite:///{tmp_path / 'missing' / 'bridge.sqlite3'}"}
    found = await diagnose_bot(tmp_path, outbox=outbox)

    assert found["Database"]["level"] == "problem"


@pytest.mark.integration
@pytest.mark.network
def test_a_config_of_another_program_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the bot extra, the account is checked, and the config file is mentioned only."""
    (tmp_path / "config.yaml").write_text("theirs: 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shell, "find_spec", lambda _: None)
    account = {"KWTSMS_USERNAME": "user", "KWTSMS_PASSWORD": "p", "KWTSMS_SENDER_ID": "MY-APP"}
    gone = {"KWTSMS_BASE_URL": "http://127.0.0.1:1/"}
    ran = CliRunner().invoke(shell.doctor, [], env={**account, **gone})

    assert ran.exit_code == 1
    assert "kwtSMS account" in ran.output
    assert "pip install 'kwtsms-bridge[bot]'" in ran.output


@pytest.mark.parametrize("words", [["doctor", "-c", "config.yaml"], ["run"], ["config", "check"]])
def test_a_missing_extra_is_reported_with_its_installation(words: list[str]) -> None:
    """A missing extra is reported with exit code 2 and without a traceback."""
    program = (
        "import sys; sys.modules['pydantic'] = None\n"
        f"from kwtsms_bot.cli import main; main({words!r})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )

    assert ran.returncode == 2
    assert ran.stderr.startswith("Error: ")
    assert "needs pydantic, which isn't installed. Install it: pip install" in ran.stderr


async def test_world_readable_secrets_are_reported(tmp_path: Path) -> None:
    """A .env file that every user of the machine can read is reported."""
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=xoxb-1\n")
    (tmp_path / ".env").chmod(0o644)
    found = await diagnose_bot(tmp_path)

    assert found["Files"]["level"] == "warning"
    assert found["Files"]["remedy"] == "chmod o= .env"
