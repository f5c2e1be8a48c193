"""Faults of the host during a stress run, besides kill -9."""

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from chaos.environment import ChaosEnvironment
from chaos.poll import until

LOCKED_SECONDS = 10.0
STALLED_SECONDS = 5.0  # More than two leases.
FULL_SECONDS = 4.0
HOUR = 3600.0
WRONG_SECONDS = 5.0
CHUNK = b"\0" * 4096


async def lock_database(env: ChaosEnvironment, database: Path) -> None:
    """Locks the SQLite file by another writer for ten seconds."""
    with (
        env.disrupted(),
        closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(LOCKED_SECONDS)
        other.execute("ROLLBACK")


async def stall_bots(env: ChaosEnvironment) -> None:
    """Stops a bot past its lease and continues it, three times."""
    for _ in range(3):
        await until(lambda: env.alive_bots, what="a bot to stop")
        bot = env.alive_bots[0]
        bot.signal(signal.SIGSTOP)
        env.record_disruption(bot)
        await asyncio.sleep(STALLED_SECONDS)
        bot.signal(signal.SIGCONT)


async def jump_clock(env: ChaosEnvironment) -> None:
    """Sets the clock an hour back, then right, then an hour ahead, then right again."""
    with env.disrupted():
        for offset in (-HOUR, 0.0, HOUR, 0.0):
            await env.set_clock(offset)
            await asyncio.sleep(WRONG_SECONDS if offset else 1.0)


class Disk:
    """A disk that can be filled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def fill(self, env: ChaosEnvironment) -> None:
        """Fills the disk for some seconds."""
        with env.disrupted():
            self._fill_up(env)
            await asyncio.sleep(FULL_SECONDS)
            self._free(env)

    def _fill_up(self, _: ChaosEnvironment) -> None:
        """Writes until no space is left, as another program would."""
        with suppress(OSError), (self.folder / "filler").open("wb", buffering=0) as filler:
            while filler.write(CHUNK):
                pass

    def _free(self, _: ChaosEnvironment) -> None:
        (self.folder / "filler").unlink()


class FileSizeLimit(Disk):
    """A replacement for a full disk without mount rights: the bots' files cannot grow."""

    def _fill_up(self, env: ChaosEnvironment) -> None:
        for bot in env.alive_bots:
            resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    def _free(self, env: ChaosEnvironment) -> None:
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        for bot in env.alive_bots:
            resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, unlimited)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A small tmpfs on `folder`, or a limit on the bots' files without the right to mount."""
    folder.mkdir()
    if os.geteuid() or not _mounted(folder):
        yield FileSizeLimit(folder)
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mounted(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "chaos", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
