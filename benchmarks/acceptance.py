"""Times how long a command waits until it is on disk, at 200 a second, on both databases.

    .venv/bin/python benchmarks/acceptance.py [ROUNDS]

Commands arrive on schedule, whether earlier ones are done or not, and each is timed from its
scheduled arrival. Ten commands for warm-up are not counted: the first one waits for the connection
and for the statements to be compiled. The obvious alternative, one transaction for each command, is
measured for comparison; for five seconds only, because commands pile up.
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
from kwtsms_bot.outbox.intake.admit import admit
from kwtsms_bot.outbox.message import CardLocation, DedupeKey, NewMessage
from kwtsms_bot.outbox.quota.admission import AdmissionRequest
from kwtsms_bot.outbox.quota.limits import Allowance
from kwtsms_bot.outbox.store import open_outbox

A_SECOND = 200
AUTHORS = 20
FIRST = 10
ALLOWANCE = Allowance(10**6, 10**6, 10**9)  # Every limit is checked and none is reached.
Accept = Callable[[NewMessage], Awaitable[object]]


def in_shared_transactions(database: Database) -> Accept:
    """Accepts as the bot does: pending commands share a transaction."""
    outbox = open_outbox(database)
    return lambda new: outbox.intake.accept(new, datetime.now(UTC), ALLOWANCE)


def one_by_one(database: Database) -> Accept:
    """Accepts each command in a transaction of its own."""

    async def accept(new: NewMessage) -> object:
        async with database.transaction() as connection:
            requests = [AdmissionRequest(new, datetime.now(UTC))]
            return await admit(database, connection, requests, ALLOWANCE)

    return accept


# Each method, and for how many seconds commands arrive.
METHODS = {
    "shared transactions": (in_shared_transactions, 20),
    "one transaction each": (one_by_one, 5),
}


def command(number: int) -> NewMessage:
    """A message as somebody in Slack may have typed it."""
    return NewMessage(
        source="slack",
        author=f"U{number % AUTHORS}",
        text=f"message {number}",
        sender_id="MY-APP",
        recipients=(str(96550000000 + number),),
        pages=1,
        card_location=CardLocation("C1", None),
        key=DedupeKey("slack", str(number)),
    )


async def measure_waits(accept: Accept, count: int) -> list[float]:
    """The seconds that each command waited, shortest first."""
    for number in range(FIRST):
        await accept(command(-1 - number))
    begun = time.perf_counter()

    async def arrive(number: int) -> float:
        at = begun + number / A_SECOND
        await asyncio.sleep(at - time.perf_counter())
        await accept(command(number))
        return time.perf_counter() - at

    return sorted(await asyncio.gather(*(arrive(number) for number in range(count))))


async def measure(kind: str, method: str) -> tuple[float, float, float]:
    """The median, the p99 and the longest wait of one round, in seconds."""
    make, seconds = METHODS[method]
    count = A_SECOND * seconds
    with TemporaryDirectory() as folder:
        async with opened(kind, Path(folder)) as database:
            seconds_waited = await measure_waits(make(database), count)
    return seconds_waited[count // 2], seconds_waited[count * 99 // 100], seconds_waited[-1]


def main() -> None:
    """Measures and prints."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print("| database | accepted in | median, ms | p99, ms | longest, ms |\n|---|---|---|---|---|")
    for kind in KINDS:
        for method in METHODS:
            rows = [asyncio.run(measure(kind, method)) for _ in range(rounds)]
            figures = (f"{statistics.median(one) * 1000:.1f}" for one in zip(*rows, strict=True))
            print(f"| {kind} | {method} | {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
