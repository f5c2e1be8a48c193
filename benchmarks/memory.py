"""Measures the memory of the bot while it sends a message to 100,000 numbers.

    .venv/bin/python benchmarks/memory.py [SIZE …]

The whole bot runs in a process of its own, without its pace: it accepts the message, sends it in
500 calls to a gateway in another process, asks for the status of each, and keeps its card in Slack
up to date. Its resident memory is read fifty times a second, from just before until all is done. A
message to a thousand numbers is sent first, so that everything is loaded.
"""

import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from databases import KINDS, database_url

from kwtsms_bot import logs
from kwtsms_bot.config import Config
from kwtsms_bot.database import open_database
from kwtsms_bot.outbox.message import CardLocation, NewMessage, Priority
from kwtsms_bot.outbox.store import open_outbox
from kwtsms_bot.service import Service
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import cards, local_env

SIZES = (1_000, 10_000, 100_000)
FIRST, CALL = 1_000, 200
PAGE = os.sysconf("SC_PAGE_SIZE")
SAMPLE_SECONDS = 0.02


async def bot(config: Config) -> None:
    """Runs the service in the child, which accepts a message for each size on standard input."""
    logs.configure(
        config.logging.level
    )  # Logs to standard error: the parent reads standard output, and not to its end.
    service, stop = Service(config, interval=timedelta(0)), asyncio.Event()
    serving = asyncio.create_task(service.run(stop))
    await service.ready.wait()
    database = await open_database(config.outbox.database)
    print("ready", flush=True)
    start = 0
    while line := await asyncio.to_thread(sys.stdin.readline):
        await open_outbox(database).intake.accept(bulk_message(start, int(line)), datetime.now(UTC))
        start += int(line)
        print("accepted", flush=True)
    stop.set()
    await serving
    await database.close()


def bulk_message(start: int, size: int) -> NewMessage:
    """A message to so many numbers."""
    return NewMessage(
        source="slack",
        author=SARA.id,
        text=f"message to {size}",
        sender_id="MY-APP",
        recipients=tuple(f"965{50000000 + number}" for number in range(start, start + size)),
        pages=1,
        card_location=CardLocation(OPS.id, None),
        priority=Priority.BULK,
    )


@dataclass
class Memory:
    """Memory of a process, measured from outside."""

    pid: int
    peak: float = 0.0

    def now(self) -> float:
        """The resident memory, in megabytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * PAGE / 1e6

    async def sample(self) -> None:
        """Records the peak, until it is cancelled."""
        while True:
            self.peak = max(self.peak, self.now())
            await asyncio.sleep(SAMPLE_SECONDS)


@dataclass(frozen=True)
class Row:
    """Figures of one message."""

    size: int
    before: float
    peak: float
    seconds: float


class Child:
    """The bot's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.memory = Memory(process.pid)

    async def wait_for(self, word: str) -> None:
        """Waits until the bot prints this word."""
        assert self.process.stdout  # noqa: S101
        while line := await self.process.stdout.readline():
            if line.decode().strip() == word:
                return
        raise RuntimeError("the bot has ended")

    async def accept(self, size: int, done: Callable[[], Awaitable[None]]) -> Row:
        """Has the bot accept a message, and samples its memory until all of it is done."""
        assert self.process.stdin  # noqa: S101
        before, begun = self.memory.now(), time.monotonic()
        self.memory.peak = before
        watching = asyncio.create_task(self.memory.sample())
        self.process.stdin.write(f"{size}\n".encode())
        await self.wait_for("accepted")
        await done()
        watching.cancel()
        return Row(size, before, self.memory.peak, time.monotonic() - begun)


async def measure(kind: str, size: int) -> Row:
    """Measures a message of that size, in a bot of its own."""
    with TemporaryDirectory() as folder:
        async with database_url(kind, Path(folder)) as url:
            return await measure_in(Path(folder), url, size)


async def measure_in(folder: Path, url: str, size: int) -> Row:
    """Measures a message of that size, after a small one."""
    async with local_env(folder, outbox={"database": url}) as environment:
        await environment.stop_bot()
        environment.gateway.configure(requests_per_second=None)
        environment.gateway.top_up(Decimal(10**6))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            "bot",
            json.dumps(environment.sections),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        child = Child(process)
        await child.wait_for("ready")

        async def all_done(sent: int, label: int) -> None:
            asked = sent // CALL
            while (  # noqa: ASYNC110 - the gateway notifies nobody.
                sum(request.endpoint == "send" for request in environment.gateway.requests) < asked
                or sum(request.endpoint == "status" for request in environment.gateway.requests)
                < asked
                or not any(f"{label} of {label} done" in card for card in cards(environment))
            ):
                await asyncio.sleep(0.2)

        await child.accept(FIRST, partial(all_done, FIRST, FIRST))
        row = await child.accept(size, partial(all_done, FIRST + size, size))
        process.terminate()
        await process.communicate()
        return row


def main() -> None:
    """Measures and prints."""
    print("| database | recipients | before, MB | at most, MB | more, MB | took, s |")
    print("|---|---|---|---|---|---|")
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    for kind, size in itertools.product(KINDS, sizes):
        row = asyncio.run(measure(kind, size))
        figures = f"{row.before:.0f} | {row.peak:.0f} | {row.peak - row.before:.0f}"
        print(f"| {kind} | {row.size:,} | {figures} | {row.seconds:.0f} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["bot"]:
        asyncio.run(bot(Config.model_validate(json.loads(sys.argv[2]))))
    else:
        main()
