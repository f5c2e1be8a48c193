"""Runs operator commands in a folder with a config.yaml, without a bot."""

import asyncio
import json
from pathlib import Path

from support.bot import COMMAND, ENVIRONMENT
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
    process = await asyncio.create_subprocess_exec(
        str(COMMAND),
        *words,
        cwd=folder,
        env={**ENVIRONMENT, "USER": "sara", "LOGNAME": "sara"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(stdin or b""), timeout=60)
    assert process.returncode is not None
    return CommandResult(process.returncode, out.decode(), err.decode())
