"""Times the claim of the next call from a queue of 1,000 and of 1,000,000 recipients.

    .venv/bin/python benchmarks/claims.py

The queue is that of a campaign: messages to 100,000 numbers each. Claimed from it are a call of 200
recipients; the same while ten of the first numbers are in a cooldown and have to be postponed; a
single newer message; an urgent one. Each claimed call is requeued before the next claim.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from databases import KINDS, opened
from sqlalchemy import delete, insert, update

from kwtsms_bot.database.column_types import add_delay
from kwtsms_bot.database.tables import HAS_REASON, number_cooldown, recipient
from kwtsms_bot.outbox.dispatch.lease_store import requeue
from kwtsms_bot.outbox.flow_control import cooldown
from kwtsms_bot.outbox.message import ClaimedCall, NewMessage, Priority
from kwtsms_bot.outbox.store import Outbox, open_outbox

SIZES = (1_000, 1_000_000)
LARGEST = 100_000  # Recipients of one message.
TIMES = 100
COOLING_DOWN = 10
LEASE = timedelta(seconds=30)
AT = datetime(2026, 11, 24, tzinfo=UTC)
Prepare = Callable[[Outbox, ClaimedCall], Awaitable[None]]


def message(numbers: range, priority: Priority) -> NewMessage:
    """A message to these numbers."""
    return NewMessage(
        source="benchmark",
        author="U1",
        text="hello",
        sender_id="MY-APP",
        recipients=tuple(f"965{50000000 + number}" for number in numbers),
        pages=1,
        priority=priority,
    )


async def fill(outbox: Outbox, size: int) -> None:
    """Queues a campaign of so many recipients."""
    for start in range(0, size, LARGEST):
        numbers = range(start, min(size, start + LARGEST))
        await outbox.intake.accept(message(numbers, Priority.BULK), AT)


async def undo(outbox: Outbox, call: ClaimedCall) -> None:
    """Requeues the claimed call, and clears cooldowns and the delays that they caused."""
    async with outbox.database.transaction() as connection:
        await requeue(connection, call.attempt, AT)
        await connection.execute(delete(number_cooldown))
        await connection.execute(
            update(recipient)
            .where(recipient.c.message_id == call.message_id, recipient.c.due_at > AT, HAS_REASON)
            .values(due_at=AT, reason=None)
        )


async def start_some_cooldowns(outbox: Outbox, last: ClaimedCall) -> None:
    """Starts a cooldown for some of the numbers that are claimed next."""
    rows = [
        {"phone": one.phone, "attempt_id": last.attempt} for one in last.recipients[:COOLING_DOWN]
    ]
    async with outbox.database.transaction() as connection:
        await connection.execute(
            insert(number_cooldown).values(
                until=add_delay(outbox.database.now_expression, cooldown.COOLDOWN)
            ),
            rows,
        )


async def nothing(_outbox: Outbox, _last: ClaimedCall) -> None:
    """Leaves the queue as it is."""


async def measure_claims(outbox: Outbox, prepare: Prepare) -> float:
    """The median duration of many claims, in seconds."""
    durations = []
    last = await outbox.claims.claim("benchmark", LEASE, AT)
    assert last is not None  # noqa: S101 - What is timed has to be right.
    for _ in range(TIMES):
        await undo(outbox, last)
        await prepare(outbox, last)
        begun = time.perf_counter()
        last = await outbox.claims.claim("benchmark", LEASE, AT)
        durations.append(time.perf_counter() - begun)
        assert last is not None  # noqa: S101
    await undo(outbox, last)
    return statistics.median(durations)


async def measure(kind: str, size: int) -> dict[str, float]:
    """The median duration of each sort of claim, in seconds."""
    with TemporaryDirectory() as folder:
        async with opened(kind, Path(folder)) as database:
            outbox = open_outbox(database)
            await fill(outbox, size)
            found = {"200 of a large message": await measure_claims(outbox, nothing)}
            found[f"the same, {COOLING_DOWN} of them in cooldown"] = await measure_claims(
                outbox, start_some_cooldowns
            )
            await outbox.intake.accept(message(range(1), Priority.NORMAL), AT)
            found["a single one before them"] = await measure_claims(outbox, nothing)
            await outbox.intake.accept(message(range(1), Priority.URGENT), AT)
            found["an urgent one before all"] = await measure_claims(outbox, nothing)
            return found


def main() -> None:
    """Measures and prints."""
    few, many = (f"{size:,}" for size in SIZES)
    print(f"| database | claimed | from {few}, ms | from {many}, ms | ratio |")
    print("|---|---|---|---|---|")
    for kind in KINDS:
        small, large = (asyncio.run(measure(kind, size)) for size in SIZES)
        for what, before in small.items():
            after = large[what]
            print(
                f"| {kind} | {what} | {before * 1000:.1f} | {after * 1000:.1f} | "
                f"{after / before:.2f} |"
            )


if __name__ == "__main__":
    main()
