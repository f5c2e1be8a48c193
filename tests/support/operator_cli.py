"""Runs operator commands in a folder with a config.yaml, without a bot."""

import asyncio
import json
from pathlib import Path

from support.forked import ENVIRONMENT, fork_command
from support.shell import CommandResult

SECRETS = {"bot_token": "xoxb-bot-secret", "app_token": "xapp-app-secret"}
PASSWORD = "gateway-password"


def write_config(folder: Path, database: str, **sections: object) -> None:
    """Writes a config.yaml that names this database."""
    account = {"username": "user", "password": PASSWORD, "sender_id": "SHOP"}
    made = {"slack": SECRETS, "kwtsms": account, "outbox": {"database": database}}
    (folder / "config.yaml").write_text(json.dumps(made | sections))  # JSON is YAML.


async def run_command(folder: Path, *words: str, stdin: bytes | None = None) -> CommandResult:
    """Runs `kwtsms-bridge` in that folder; without `stdin` the input is empty."""
    env = {**ENVIRONMENT, "USER": "sara", "LOGNAME": "sara"}
    process = await fork_command(*words, folder=folder, env=env)
    out, err = await asyncio.wait_for(process.communicate(stdin or b""), timeout=60)
    assert process.returncode is not None
    return CommandResult(process.returncode, out.decode(), err.decode())
