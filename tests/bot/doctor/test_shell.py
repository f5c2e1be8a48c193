"""`kwtsms-bridge doctor`, as it is typed."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from kwtsms_bot.cli.stage import Stage
from kwtsms_sandbox.slack import ALERTS
from support.gateway import running_gateway
from support.slack import no_proxy

COMMAND = Path(sys.executable).with_name("kwtsms-bridge")


async def doctor(folder: Path, *line: str, **environ: str) -> tuple[int, str]:
    """Runs it; the exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        str(COMMAND),
        "doctor",
        *line,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environ},
    )
    out, _ = await asyncio.wait_for(process.communicate(), timeout=30)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def on_stage(folder: Path, **changes: Any) -> dict[str, Any]:
    """The findings about a bot's whole set-up, by what was looked at."""
    stage = Stage(folder, **changes)
    with no_proxy():
        async with stage.slack, stage.running:
            file = folder / "config.yaml"
            file.write_text(json.dumps(stage.sections))
            file.chmod(0o600)
            code, out = await doctor(folder, "--json")
    found = {one["check"]: one for one in json.loads(out)}
    assert code == int(any(one["level"] == "problem" for one in found.values()))
    return found


async def test_an_account_by_the_environment(tmp_path: Path) -> None:
    """The base install: no config, no Slack."""
    async with running_gateway() as running:
        account = running.gateway.account
        environ = {
            "KWTSMS_USERNAME": account.username,
            "KWTSMS_PASSWORD": account.password,
            "KWTSMS_SENDER_ID": "MY-APP",
            "KWTSMS_BASE_URL": running.base_url,
        }
        good, told = await doctor(tmp_path, **environ)
        bad, why = await doctor(tmp_path, **environ | {"KWTSMS_PASSWORD": "wrong"})

    assert (good, bad) == (0, 1)
    assert "✓ Sender ID" in told
    assert "→ Use the API user and password" in why


async def test_a_whole_bot(tmp_path: Path) -> None:
    """Account, tokens, scopes, places, database and clock; nothing is made."""
    found = await on_stage(tmp_path)

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
    """Whatever part it is in."""
    outbox = {"database": f"sqlite:///{tmp_path / 'missing' / 'bridge.sqlite3'}"}
    found = await on_stage(tmp_path, outbox=outbox)

    assert found["Database"]["level"] == "problem"
