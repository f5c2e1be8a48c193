"""Bots that can be killed, stopped and continued: real processes."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import DEVNULL
from pathlib import Path
from types import TracebackType
from typing import Self

from chaos.program import Program
from chaos.waiting import until
from support import warm
from support.bot import COMMAND


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


class Forked:
    """Forks bots from a process that has loaded them already."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config, self._log = config, log

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """There is nothing to end."""

    async def start(self, program: Program) -> Bot:
        """One more bot; it is at its first line, not yet connected."""
        asked = json.dumps({"program": program.asked(), "config": str(self._config)})
        env = {**os.environ, "PYTHONWARNINGS": "ignore"}
        with self._log.open("ab") as log:
            process = await warm.start(
                asked,
                env=env,
                entry="chaos.program:asked",
                stdin=DEVNULL,
                stdout=log.fileno(),
                stderr=log.fileno(),
            )
        process.forget()
        return Bot(process.pid)
