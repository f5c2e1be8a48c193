"""`kwtsms-bridge doctor`, as it is typed."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kwtsms_bot.cli.stage import Stage
from kwtsms_bot.doctor import Level
from kwtsms_bot.slack import checks
from kwtsms_bot.slack.manifest import SCOPES
from kwtsms_sandbox.slack import ALERTS, RANDOM, Fault, Manifest, SlackSandbox
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


async def on_stage(
    folder: Path, slack: SlackSandbox | None = None, **changes: Any
) -> dict[str, Any]:
    """The findings about a bot's whole set-up, by what was looked at."""
    stage = Stage(folder, **changes)
    stage.slack = slack or stage.slack
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
    """Account, tokens, scopes, database and clock; the channel takes a scope that we do without."""
    found = await on_stage(tmp_path)

    assert found["Slack bot token"]["level"] == "ok"
    assert found["Database"]["what"].startswith("sqlite")
    assert found["Clock"]["level"] in ("ok", "skipped")
    assert found[f"Channel {ALERTS.id}"]["level"] == "skipped"


async def test_channels_where_they_may_be_looked_at(tmp_path: Path) -> None:
    """With the scope: a channel that the bot is not in is a problem, with the remedy."""
    scopes = frozenset({*SCOPES, "channels:read"})
    slack = SlackSandbox(manifest=Manifest(scopes=scopes))
    alerts = {"balance": {"channels": [ALERTS.id, RANDOM.id, "C0000NONE1"]}}
    found = await on_stage(tmp_path, slack, alerts=alerts)

    assert found[f"Channel {ALERTS.id}"]["level"] == "ok"
    assert found[f"Channel {RANDOM.id}"]["remedy"].startswith("Invite the bot")
    assert "channel_not_found" in found["Channel C0000NONE1"]["what"]


async def test_tokens_that_are_refused(tmp_path: Path) -> None:
    """Each token is named, with the remedy."""
    slack = SlackSandbox()
    slack.fault("auth.test", Fault(error="token_revoked"))
    slack.fault("apps.connections.open", Fault(error="invalid_auth"))
    found = await on_stage(tmp_path, slack)

    assert found["Slack bot token"]["what"] == "Slack says token_revoked."
    assert found["Slack app token"]["what"] == "Slack says invalid_auth."
    assert "Copy the token anew" in found["Slack bot token"]["remedy"]


async def test_a_database_that_cannot_be_opened(tmp_path: Path) -> None:
    """Its folder does not exist."""
    outbox = {"database": f"sqlite:///{tmp_path / 'missing' / 'bridge.sqlite3'}"}
    found = await on_stage(tmp_path, outbox=outbox)

    assert found["Database"]["level"] == "problem"


def test_scopes_and_clock() -> None:
    """What is missing is named; a minute is well, an hour is not."""
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    date = "Mon, 23 Nov 2026 12:00:30 GMT"

    assert checks.of_scopes(",".join(SCOPES)).level is Level.OK
    assert "files:write" in checks.of_scopes("commands, chat:write").what
    assert checks.of_clock(date, now).level is Level.OK
    assert checks.of_clock(date, now + timedelta(hours=1)).level is Level.PROBLEM
    assert checks.of_clock("nonsense", now).level is Level.SKIPPED
