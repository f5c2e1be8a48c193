"""A folder with a config.yaml, and the commands that an operator types in it; no bot runs."""

import asyncio
import json
from pathlib import Path

from support import warm
from support.bot import ENVIRONMENT
from support.shell import Done

SECRETS = {"bot_token": "xoxb-bot-secret", "app_token": "xapp-app-secret"}
PASSWORD = "gateway-password"


def configure(folder: Path, database: str, **sections: object) -> None:
    """A config.yaml that names this database."""
    account = {"username": "user", "password": PASSWORD, "sender_id": "MY-APP"}
    made = {"slack": SECRETS, "kwtsms": account, "outbox": {"database": database}}
    (folder / "config.yaml").write_text(json.dumps(made | sections))  # JSON is YAML.


async def operate(folder: Path, *words: str, stdin: bytes | None = None) -> Done:
    """`kwtsms-bridge` in that folder; without `stdin` there is nobody to ask."""
    env = {**ENVIRONMENT, "USER": "sara", "LOGNAME": "sara"}
    process = await warm.start(*words, folder=folder, env=env)
    out, err = await asyncio.wait_for(process.communicate(stdin), timeout=60)
    return Done(await process.wait(), out.decode(), err.decode())
