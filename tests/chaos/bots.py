"""Bots that can be killed, stopped and continued: real processes, forked by the zygote."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from chaos.program import Program
from chaos.waiting import until
from support.bot import COMMAND

TESTS = Path(__file__).parents[1]
IMPORTS = os.pathsep.join((str(TESTS), *filter(None, sys.path)))


class Bot:
    """One running bot."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self._gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._handle, self._ended)

    @property
    def alive(self) -> bool:
        """It has not ended."""
        return not self._gone.is_set()

    @property
    def stopped(self) -> bool:
        """It stands still after SIGSTOP."""
        status = Path(f"/proc/{self.pid}/stat").read_text()
        return status.rpartition(")")[2].split()[0] == "T"

    def signal(self, number: int) -> None:
        """Sends it a signal, if it is still there."""
        if self.alive:
            signal.pidfd_send_signal(self._handle, number)

    async def kill(self) -> None:
        """Ends it as a power cut would."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def ended(self, seconds: float = 30) -> None:
        """Returns once it is gone."""
        async with asyncio.timeout(seconds):
            await self._gone.wait()

    async def stands_still(self) -> None:
        """Returns once it has been stopped."""
        await until(lambda: self.stopped, what="a process that stands still")

    def _ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._handle)
        os.close(self._handle)
        self._gone.set()


class Fresh:
    """Starts `kwtsms-bridge run` as anybody would: at its own pace, with nothing changed."""

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
        """One more bot; it has only just begun to load."""
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


class Zygote:
    """Forks bots from a process that has loaded them already."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config, self._log = config, log
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "chaos.zygote",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # The bot is the one that this process would import.
            env={**os.environ, "PYTHONPATH": IMPORTS, "PYTHONWARNINGS": "ignore"},
        )
        assert await self._line() == "ready"
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
        """One more bot; it is at its first line, not yet connected."""
        asked = {
            "program": program.asked(),
            "config": str(self._config),
            "log": str(self._log),
        }
        async with self._turn:
            assert self._process.stdin
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            return Bot(int(await self._line()))

    async def _line(self) -> str:
        assert self._process.stdout
        return (await self._process.stdout.readline()).decode().strip()
