"""A shell whose environment names a sandbox gateway, and the command in it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwtsms_sandbox.gateway import RunningGateway
from support.bot import COMMAND
from support.gateway import running_gateway


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)


Run = Callable[..., Awaitable[Done]]


@asynccontextmanager
async def shell(folder: Path) -> AsyncIterator[tuple[RunningGateway, Run]]:
    """A gateway, and a shell whose environment names it."""
    async with running_gateway() as running:
        account = running.gateway.account
        env = {
            "PATH": os.environ["PATH"],
            "KWTSMS_USERNAME": account.username,
            "KWTSMS_PASSWORD": account.password,
            "KWTSMS_SENDER_ID": "MY-APP",
            "KWTSMS_BASE_URL": running.base_url,
        }

        async def run(*words: str, stdin: bytes = b"", **changes: str) -> Done:
            process = await asyncio.create_subprocess_exec(
                str(COMMAND),
                *words,
                cwd=folder,
                env={**env, **changes},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await asyncio.wait_for(process.communicate(stdin), timeout=30)
            assert process.returncode is not None
            return Done(process.returncode, out.decode(), err.decode())

        yield running, run
