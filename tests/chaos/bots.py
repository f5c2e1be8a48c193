"""Bot processes that tests kill, stop and continue, started directly or forked."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from chaos.poll import until
from chaos.program import Program
from support.forked import COMMAND

TESTS = Path(__file__).parents[1]
IMPORT_PATH = os.pathsep.join((str(TESTS), *filter(None, sys.path)))


class Bot:
    """A running bot process."""

    def __init__(self, pid: int, hooks_port: int | None = None) -> None:
        self.pid = pid
        self.hooks_port = hooks_port  # Where it listens for alerts.
        self._handle = os.pidfd_open(pid)
        self._exited = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._handle, self._on_exit)

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return not self._exited.is_set()

    @property
    def is_stopped(self) -> bool:
        """Whether the process is stopped by SIGSTOP."""
        status = Path(f"/proc/{self.pid}/stat").read_text()
        return status.rpartition(")")[2].split()[0] == "T"

    def signal(self, number: int) -> None:
        """Sends a signal to the process if it is alive."""
        if self.is_alive:
            signal.pidfd_send_signal(self._handle, number)

    async def kill(self) -> None:
        """Kills the process as a power cut would."""
        self.signal(signal.SIGKILL)
        await self.wait()

    async def wait(self, seconds: float = 30) -> None:
        """Waits until the process has ended."""
        async with asyncio.timeout(seconds):
            await self._exited.wait()

    async def wait_until_stopped(self) -> None:
        """Waits until the process is stopped by SIGSTOP."""
        await until(lambda: self.is_stopped, what="a process that stands still")

    def _on_exit(self) -> None:
        asyncio.get_running_loop().remove_reader(self._handle)
        os.close(self._handle)
        self._exited.set()


class ProcessLauncher:
    """Launcher of unchanged `kwtsms-bridge run` processes at the real rate."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config, self._log = config, log
        self._started: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._started:
            await process.wait()

    async def start(self, program: Program) -> Bot:
        """Starts a bot, which begins with loading its modules."""
        assert program == Program(), "nothing about it can be changed"
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(str(COMMAND), "run", "-c", str(self._config)),
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )
        self._started.append(process)
        return Bot(process.pid)


class ForkServer:
    """Launcher that forks bots from a process with all modules loaded."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config, self._log = config, log
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "chaos.fork_server",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # The bots use the same packages as this process.
            env={**os.environ, "PYTHONPATH": IMPORT_PATH, "PYTHONWARNINGS": "ignore"},
        )
        assert await self._read_line() == "ready"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()

    async def start(self, program: Program) -> Bot:
        """Starts a bot that has all modules loaded but is not yet connected."""
        request = {
            "program": program.to_json(),
            "config": str(self._config),
            "log": str(self._log),
        }
        async with self._lock:
            assert self._process.stdin
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            return Bot(int(await self._read_line()), program.hooks_port)

    async def _read_line(self) -> str:
        assert self._process.stdout
        return (await self._process.stdout.readline()).decode().strip()
