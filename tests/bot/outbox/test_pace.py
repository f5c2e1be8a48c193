"""Turns: one row in the database holds all callers apart."""

import asyncio
import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from kwtsms_bot.outbox.store import DatabasePacer
from support.database import opened


async def test_callers_start_an_interval_apart(tmp_path: Path) -> None:
    """Whoever asks and from however many processes, starts are at least an interval apart."""
    interval = timedelta(milliseconds=50)
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        pacers = [DatabasePacer(one, interval), DatabasePacer(two, interval)]

        async def start(pacer: DatabasePacer) -> float:
            await pacer.turn()
            return time.monotonic()

        starts = sorted(await asyncio.gather(*(start(pacer) for pacer in pacers * 5)))

    # A timer may fire a little late, and the one after it on time.
    assert all(after - before > 0.03 for before, after in pairwise(starts))
    assert starts[-1] - starts[0] > 0.42
