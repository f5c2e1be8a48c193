"""Runs `kwtsms-bridge` in an environment that is configured for a sandbox gateway."""

import asyncio
import json
import os
import pty
import signal
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from kwtsms_bot.cli import main
from kwtsms_sandbox.gateway import RunningGateway
from support.forked import COMMAND, ENVIRONMENT, ForkedProcess, fork_command
from support.gateway import running_gateway

ACCOUNT = ("KWTSMS_USERNAME", "KWTSMS_PASSWORD", "KWTSMS_BASE_URL")


@dataclass(frozen=True)
class CommandResult:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The command's output, parsed as JSON."""
        return json.loads(self.out)


class RunningCommand:
    """A command that has been started."""

    def __init__(self, process: asyncio.subprocess.Process | ForkedProcess) -> None:
        self._process = process

    def send_signal(self, number: int = signal.SIGINT) -> None:
        """Sends a signal, by default that of Ctrl-C."""
        self._process.send_signal(number)

    async def wait_for_output(self, text: str) -> None:
        """Reads the error output up to a line that contains `text`."""
        assert self._process.stderr
        while text.encode() not in (line := await self._process.stderr.readline()):
            assert line, f"It ended without saying {text!r}."

    async def end(self, stdin: bytes | None = None) -> CommandResult:
        """Waits for the end of the command; returns its result."""
        out, err = await asyncio.wait_for(self._process.communicate(stdin), timeout=30)
        assert self._process.returncode is not None
        return CommandResult(self._process.returncode, (out or b"").decode(), (err or b"").decode())


@dataclass(frozen=True)
class Shell:
    """A folder and an environment for commands."""

    folder: Path
    env: dict[str, str]

    async def __call__(
        self, *words: str, stdin: bytes = b"", at_most: int | None = None, **changes: str
    ) -> CommandResult:
        """Runs the command to its end; `changes` are made to its environment.

        `at_most`: the largest size in bytes of a file it can write, as on a full disk.
        """
        if at_most:
            limited = ("prlimit", f"--fsize={at_most}", str(COMMAND), *words)
            return await (await self._start(limited, changes)).end(stdin)
        return await (await self._fork(words, changes)).end(stdin)

    async def start(self, *words: str) -> RunningCommand:
        """Starts the command and returns while it runs."""
        return await self._fork(words, {})

    async def script(self, line: str) -> CommandResult:
        """Runs a line of bash, in which the command is `kwtsms-bridge`."""
        path = f"{COMMAND.parent}:{self.env['PATH']}"
        started = await self._start(("bash", "-o", "pipefail", "-c", line), {"PATH": path})
        return await started.end()

    async def run_at_terminal(self, *words: str, keys: bytes, **changes: str) -> CommandResult:
        """Runs the command at a terminal at which `keys` are typed."""
        ours, theirs = pty.openpty()
        try:
            os.write(ours, keys)
            return await (await self._fork(words, changes, theirs)).end()
        finally:
            os.close(ours)
            os.close(theirs)

    async def _fork(
        self, words: tuple[str, ...], changes: dict[str, str], stdin: int = PIPE
    ) -> RunningCommand:
        env = {**self.env, **changes}
        return RunningCommand(await fork_command(*words, folder=self.folder, env=env, stdin=stdin))

    async def _start(self, words: tuple[str, ...], changes: dict[str, str]) -> RunningCommand:
        env = {**self.env, **changes}
        process = await asyncio.create_subprocess_exec(
            *words, cwd=self.folder, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        return RunningCommand(process)


def run_in_process(*words: str, stdin: bytes = b"") -> CommandResult:
    """Runs a command in this process, without an account and a terminal."""
    ran = CliRunner(env=dict.fromkeys(ACCOUNT)).invoke(main, words, stdin)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return CommandResult(ran.exit_code, ran.stdout, ran.stderr)


@asynccontextmanager
async def shell(folder: Path) -> AsyncIterator[tuple[RunningGateway, Shell]]:
    """Yields a gateway and a shell that is configured for it."""
    async with running_gateway() as running:
        account = running.gateway.account
        env = {
            **ENVIRONMENT,
            "KWTSMS_USERNAME": account.username,
            "KWTSMS_PASSWORD": account.password,
            "KWTSMS_SENDER_ID": "MY-APP",
            "KWTSMS_BASE_URL": running.base_url,
        }
        yield running, Shell(folder, env)
