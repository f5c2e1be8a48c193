"""Runs `kwtsms-bridge` in processes that are forked from one with all modules loaded.

fork_server.py is the other process; this is the part of the tests.
"""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

COMMAND = Path(sys.executable).with_name("kwtsms-bridge")
# The command runs the code of this checkout, whichever one is installed.
_ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": os.pathsep.join(str(_ROOT / name) for name in ("bot", "plugins", "sandbox")),
}
TESTS = Path(__file__).parents[1]
SERVER = Path(__file__).with_name("fork_server.py")
NUMBER = 4  # Bytes of a number, as there.


class ForkedProcess:
    """A forked command, with the interface of asyncio.subprocess.Process."""

    def __init__(self, status: int) -> None:
        self._status = status
        self._stdin: int | None = None
        self._code: int | None = None
        self.pid = 0
        self.stdout: asyncio.StreamReader | None = None
        self.stderr: asyncio.StreamReader | None = None

    @property
    def returncode(self) -> int | None:
        """The exit code, once the process has ended."""
        if self._code is None:
            with suppress(BlockingIOError):
                self._code = self._reported()
                os.close(self._status)
                self._close_input()
        return self._code

    def send_signal(self, number: int) -> None:
        """Sends a signal, unless the process has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kills it."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Waits for the end; returns the exit code."""
        while (code := self.returncode) is None:
            await _readable(self._status)
        return code

    async def communicate(self, stdin: bytes | None = None) -> tuple[bytes, bytes]:
        """Writes the input, and reads both outputs to their ends."""
        writing = asyncio.to_thread(self._write, stdin or b"")
        _, out, err = await asyncio.gather(writing, _rest(self.stdout), _rest(self.stderr))
        await self.wait()
        return out, err

    def _write(self, text: bytes) -> None:
        if self._stdin is not None:
            pipe, self._stdin = os.fdopen(self._stdin, "wb"), None
            with suppress(BrokenPipeError), pipe:
                pipe.write(text)

    def _close_input(self) -> None:
        if self._stdin is not None:
            os.close(self._stdin)
            self._stdin = None

    def _reported(self) -> int:
        number = os.read(self._status, NUMBER)
        assert number, "the fork server has ended"
        return int.from_bytes(number, signed=True)

    async def begin(self, stdin: int | None, stdout: int | None, stderr: int | None) -> None:
        """Takes our ends of its pipes, and waits for its process ID."""
        self._stdin = stdin
        self.stdout, self.stderr = await _reader(stdout), await _reader(stderr)
        await _readable(self._status)
        self.pid = self._reported()


async def fork_command(
    *words: str,
    folder: Path,
    env: Mapping[str, str],
    stdin: int = PIPE,
    stdout: int = PIPE,
    stderr: int = PIPE,
    waits: Mapping[str, float] | None = None,
) -> ForkedProcess:
    """Starts the command as asyncio.create_subprocess_exec does.

    `waits` are shorter waits of a bot. A command that reads from a terminal is started as a
    program instead: `support.terminal`.
    """
    request = {
        "argv": [str(COMMAND), *words],
        "folder": str(folder),
        "environ": dict(env),
        "waits": waits or {},
    }
    files = (stdin, stdout, stderr, PIPE)
    ends = [_ends(number, file) for number, file in enumerate(files)]
    theirs = [its for _, its in ends]
    _fork(json.dumps(request).encode(), [theirs[1] if its == STDOUT else its for its in theirs])
    for opened in {*theirs}.difference(files):
        os.close(opened)
    *pipes, status = [ours for ours, _ in ends]
    assert status is not None
    os.set_blocking(status, False)
    process = ForkedProcess(status)
    await process.begin(*pipes)
    return process


def _ends(number: int, file: int) -> tuple[int | None, int]:
    """Our end of a pipe, if it is one, and the file that becomes its standard file `number`."""
    if file == DEVNULL:
        return None, os.open(os.devnull, os.O_RDWR)
    if file != PIPE:
        return None, file
    reading, writing = os.pipe()
    return (reading, writing) if number else (writing, reading)


def _fork(request: bytes, files: list[int]) -> None:
    """Asks the server to fork."""
    server = _server()
    socket.send_fds(server, [len(request).to_bytes(NUMBER)], files)
    server.sendall(request)


@cache
def _server() -> socket.socket:
    """The connection to this process's server, which lives as long as this process."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", str(SERVER), str(theirs.fileno())],
            env=ENVIRONMENT | {"PYTHONPATH": f"{ENVIRONMENT['PYTHONPATH']}{os.pathsep}{TESTS}"},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )

    @atexit.register
    def end() -> None:
        ours.close()
        process.wait()

    return ours


async def _readable(file: int) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(file, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(file)


async def _reader(pipe: int | None) -> asyncio.StreamReader | None:
    if pipe is None:
        return None
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb"))
    return reader


async def _rest(reader: asyncio.StreamReader | None) -> bytes:
    return await reader.read() if reader else b""
