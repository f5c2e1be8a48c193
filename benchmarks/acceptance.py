"""How long a command waits until it is on disk, at 200 a second, on both databases.

    .venv/bin/python benchmarks/acceptance.py [ROUNDS]

They arrive when they arrive, whether those before them are done or not, and each is timed from the
instant that it was to arrive at. Ten before them are not counted: the first of all waits for the
connection, and for the statements to be put together. Beside our way stands the obvious one: a
transaction for each; for five seconds only, as they pile up.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from databases import KINDS, opened

from kwtsms_bot.database import Database
from kwtsms_bot.outbox.admission import Request
from kwtsms_bot.outbox.limits import Allowance
from kwtsms_bot.outbox.message import DedupeKey, NewMessage, Place
from kwtsms_bot.outbox.store import Store
from kwtsms_bot.outbox.store.admitting import admit

A_SECOND = 200
AUTHORS = 20
FIRST = 10
ALLOWANCE = Allowance(10**6, 10**6, 10**9)  # Every limit is looked at and none is reached.
Way = Callable[[NewMessage], Awaitable[object]]


def together(database: Database) -> Way:
    """As the bot accepts: whoever waits shares a transaction."""
    store = Store(database)
    return lambda new: store.accept(new, datetime.now(UTC), ALLOWANCE)


def one_by_one(database: Database) -> Way:
    """Each by itself."""

    async def accept(new: NewMessage) -> object:
        async with database.transaction() as connection:
            requests = [Request(new, datetime.now(UTC))]
            return await admit(database, connection, requests, ALLOWANCE)

    return accept


# And for how many seconds they come.
WAYS = {"shared transactions": (together, 20), "one transaction each": (one_by_one, 5)}


def command(number: int) -> NewMessage:
    """What somebody in Slack has typed."""
    return NewMessage(
        source="slack",
        author=f"U{number % AUTHORS}",
        text=f"message {number}",
        sender_id="MY-APP",
        recipients=(str(96550000000 + number),),
        pages=1,
        place=Place("C1", None),
        key=DedupeKey("slack", str(number)),
    )


async def waits(accept: Way, count: int) -> list[float]:
    """How long each of them waited, shortest first."""
    for number in range(FIRST):
        await accept(command(-1 - number))
    begun = time.perf_counter()

    async def arrive(number: int) -> float:
        at = begun + number / A_SECOND
        await asyncio.sleep(at - time.perf_counter())
        await accept(command(number))
        return time.perf_counter() - at

    return sorted(await asyncio.gather(*(arrive(number) for number in range(count))))


async def measured(kind: str, way: str) -> tuple[float, float, float]:
    """Median, p99 and the longest of one round."""
    make, seconds = WAYS[way]
    count = A_SECOND * seconds
    with TemporaryDirectory() as folder:
        async with opened(kind, Path(folder)) as database:
            took = await waits(make(database), count)
    return took[count // 2], took[count * 99 // 100], took[-1]


def main() -> None:
    """Measures and prints."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print("| database | accepted in | median, ms | p99, ms | longest, ms |\n|---|---|---|---|---|")
    for kind in KINDS:
        for way in WAYS:
            rows = [asyncio.run(measured(kind, way)) for _ in range(rounds)]
            figures = (f"{statistics.median(one) * 1000:.1f}" for one in zip(*rows, strict=True))
            print(f"| {kind} | {way} | {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
