"""`kwtsms-bridge` as a process of its own, forked from one that has loaded it already.

A fresh one spends up to a second and a half of processor time on its imports; with hundreds of them
that would be most of what the tests wait for. A forked one has its own memory, sockets and files
from its first line on, and is killed like any other. tests/journeys/test_command_line.py starts
fresh ones.
"""

import asyncio
import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Mapping, Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]
IMPORTS = os.pathsep.join((str(TESTS), *filter(None, sys.path)))
BRIDGE = "kwtsms_bot.cli:main"


class Process:
    """One that has been started: what asyncio would give, as far as the tests need it."""

    def __init__(self, pid: int, report: int) -> None:
        self.pid, self._report = pid, report
        self.returncode: int | None = None
        self.stdin: int | None = None
        self.stdout: asyncio.StreamReader | None = None
        self.stderr: asyncio.StreamReader | None = None

    def send_signal(self, number: int) -> None:
        """Sends it a signal, if it is still there."""
        if self.returncode is None:
            os.kill(self.pid, number)

    async def wait(self) -> int:
        """How it ends: its exit code, or the signal that ended it, below zero."""
        if self.returncode is None:
            self.returncode = await _number(self._report)
            self.forget()
        return self.returncode

    def forget(self) -> None:
        """Its end is of no interest any more."""
        os.close(self._report)

    async def communicate(self, stdin: bytes | None = None) -> tuple[bytes, bytes]:
        """Gives it this to read and nothing more; all that it has said, once it has ended."""
        feeding = asyncio.to_thread(self._feed, stdin or b"")
        out, err, _ = await asyncio.gather(_rest(self.stdout), _rest(self.stderr), feeding)
        await self.wait()
        return out, err

    def _feed(self, given: bytes) -> None:
        if self.stdin is None:
            return
        with open(self.stdin, "wb") as pipe:  # noqa: PTH123 - it is open already.
            self.stdin = None
            try:
                pipe.write(given)
                pipe.flush()
            except BrokenPipeError:  # It has ended, or does not read.
                pipe.raw.close()


async def start(
    *words: str,
    env: Mapping[str, str],
    folder: Path | None = None,
    stdin: int = PIPE,
    stdout: int = PIPE,
    stderr: int = PIPE,
    entry: str = BRIDGE,
    at_most: int | None = None,
) -> Process:
    """Starts it with these words; no file that it writes can have more than `at_most` bytes."""
    order = {
        "words": words,
        "env": dict(env),
        "folder": str(folder) if folder else None,
        "entry": entry,
        "at_most": at_most,
    }
    heard, report = os.pipe()
    theirs, read, written = _input(stdin)
    told, out = _output(stdout)
    said, err = (None, out) if stderr == STDOUT else _output(stderr)
    socket.send_fds(_server(), [json.dumps(order).encode()], [theirs, out, err, report])
    for file in {report, *read, *([out] if told else []), *([err] if said else [])}:
        os.close(file)
    process = Process(await _number(heard), heard)
    process.stdin = written
    process.stdout = await _reader(told) if told else None
    process.stderr = await _reader(said) if said else None
    return process


def _input(asked: int) -> tuple[int, Sequence[int], int | None]:
    """What it reads from; of that, what is closed here; and what we write to."""
    if asked == PIPE:
        read, written = os.pipe()
        return read, (read,), written
    if asked == DEVNULL:
        nothing = os.open(os.devnull, os.O_RDONLY)
        return nothing, (nothing,), None
    return asked, (), None


def _output(asked: int) -> tuple[int | None, int]:
    """What we read, and what it writes to."""
    return os.pipe() if asked == PIPE else (None, asked)


async def _number(file: int) -> int:
    """What the next line says."""
    line, readable = b"", asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(file, readable.set)
    try:
        while not line.endswith(b"\n"):
            await readable.wait()
            part = os.read(file, 1)
            assert part, "The process that forks has ended."
            line += part
    finally:
        loop.remove_reader(file)
    return int(line)


async def _reader(file: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=1 << 24)
    pipe = open(file, "rb", buffering=0)  # noqa: ASYNC230, SIM115 - closed by the loop.
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    return reader


async def _rest(reader: asyncio.StreamReader | None) -> bytes:
    return await reader.read() if reader else b""


@functools.cache
def _server() -> socket.socket:
    """The process that forks; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        script = f"from support.forking import main; main({theirs.fileno()})"
        server = subprocess.Popen(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": IMPORTS},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            # Ctrl-C at the tests is not for the bots.
            start_new_session=True,
        )

    def end() -> None:
        ours.close()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGKILL)
            server.wait()

    atexit.register(end)
    return ours
