"""What may happen to a machine besides kill -9, in the middle of a storm."""

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from chaos.house import House
from chaos.waiting import until

LOCKED_SECONDS = 10.0
STALLED_SECONDS = 5.0  # More than two leases.
FULL_SECONDS = 4.0
HOUR = 3600.0
WRONG_SECONDS = 5.0
CHUNK = b"\0" * 4096


async def locked(house: House, database: Path) -> None:
    """Another program writes into the SQLite file, and takes ten seconds over it."""
    with (
        house.troubled(),
        closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(LOCKED_SECONDS)
        other.execute("ROLLBACK")


async def stalled(house: House) -> None:
    """One bot stands still past its lease and goes on, three times."""
    for _ in range(3):
        await until(lambda: house.alive, what="a bot to stop")
        bot = house.alive[0]
        bot.signal(signal.SIGSTOP)
        house.struck(bot)
        await asyncio.sleep(STALLED_SECONDS)
        bot.signal(signal.SIGCONT)


async def clock_jumps(house: House) -> None:
    """The clock is an hour slow, then right, then an hour fast, then right again."""
    with house.troubled():
        for wrong in (-HOUR, 0.0, HOUR, 0.0):
            await house.set_clock(wrong)
            await asyncio.sleep(WRONG_SECONDS if wrong else 1.0)


class Disk:
    """A disk that can be full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def fill(self, house: House) -> None:
        """No more room, for some seconds."""
        with house.troubled():
            self._take_all(house)
            await asyncio.sleep(FULL_SECONDS)
            self._give_back(house)

    def _take_all(self, _: House) -> None:
        """Another program writes until there is no room."""
        with suppress(OSError), (self.folder / "filler").open("wb", buffering=0) as filler:
            while filler.write(CHUNK):
                pass

    def _give_back(self, _: House) -> None:
        (self.folder / "filler").unlink()


class Quota(Disk):
    """The same for who may not mount: the bots' files may not grow any more."""

    def _take_all(self, house: House) -> None:
        for bot in house.alive:
            resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    def _give_back(self, house: House) -> None:
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        for bot in house.alive:
            resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, unlimited)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A small tmpfs on `folder`; a limit for the bots' files where we may not mount."""
    folder.mkdir()
    if os.geteuid() or not _mounted(folder):
        yield Quota(folder)
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mounted(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "chaos", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
