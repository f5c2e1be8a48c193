"""Runs `kwtsms-bridge` at a terminal, as a person does who reads a prompt and then types."""

import asyncio
import os
import pty
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from support.forked import COMMAND, ENVIRONMENT

SECONDS = 30
PATIENCE_SECONDS = 5  # Before a person presses Ctrl-C again.
CTRL_C = "\x03"


class Terminal:
    """A program at a terminal of its own; `screen` is all that it showed."""

    def __init__(self, process: asyncio.subprocess.Process, ours: int) -> None:
        self._process, self._ours = process, ours
        self._changed = asyncio.Event()
        self._position = 0
        self.screen = ""
        self.answers = 0

    def read_available(self) -> None:
        """Reads what the program wrote."""
        with suppress(OSError):  # The program has ended.
            read = os.read(self._ours, 65536).decode(errors="replace")
            self.screen += read.replace("\r\n", "\n")
        self._changed.set()

    async def wait_for(self, text: str, seconds: float = SECONDS) -> None:
        """Waits until the program has shown the text, after what was waited for before."""
        try:
            async with asyncio.timeout(seconds):
                while (found := self.screen.find(text, self._position)) < 0:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{text!r} was not shown:\n{self.screen}") from None
        self._position = found + len(text)

    async def answer(self, prompt: str, line: str) -> None:
        """Waits for a prompt and types a line."""
        await self.wait_for(prompt)
        await self.wait_for(": " if prompt.endswith("?") else ":")
        self.answers += 1
        self.type(f"{line}\n")

    def type(self, keys: str) -> None:
        """Types keys."""
        os.write(self._ours, keys.encode())

    async def leave(self, last_words: str) -> int:
        """Presses Ctrl-C until the program says its last words; returns its exit code.

        A first one that comes just before Python waits for a key is noticed only by the next.
        """
        while last_words not in self.screen:
            self.type(CTRL_C)
            with suppress(AssertionError):
                await self.wait_for(last_words, PATIENCE_SECONDS)
        return await self.end()

    async def end(self) -> int:
        """Waits for the end of the program; returns its exit code."""
        code = await asyncio.wait_for(self._process.wait(), SECONDS)
        self.read_available()
        return code


@asynccontextmanager
async def terminal(folder: Path, *words: str, **environ: str) -> AsyncIterator[Terminal]:
    """Starts the command at a terminal that is its controlling one, as for a hidden prompt."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (50, 200))
    os.set_blocking(ours, False)
    process = await asyncio.create_subprocess_exec(
        *("setsid", "--ctty", "--wait", str(COMMAND), *words),
        cwd=folder,
        env={**ENVIRONMENT, **environ},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = Terminal(process, ours)
    loop = asyncio.get_running_loop()
    loop.add_reader(ours, shown.read_available)
    try:
        yield shown
    finally:
        loop.remove_reader(ours)
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)
