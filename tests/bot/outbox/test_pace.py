"""Turns: one row in the database holds all callers apart."""

import asyncio
import time
from datetime import timedelta
from itertools import pairwise

from kwtsms_bot.outbox.store import DatabasePacer
from support.database import opened

INTERVAL = timedelta(milliseconds=50)


async def test_instants_are_an_interval_apart(database_url: str) -> None:
    """Whoever asks, and from however many processes, gets an instant of its own."""
    async with opened(database_url) as one, opened(database_url) as two:
        pacers = [DatabasePacer(one, INTERVAL), DatabasePacer(two, INTERVAL)]
        reserved = await asyncio.gather(*(pacer.reserve() for pacer in pacers * 5))

    instants = sorted(at for at, _ in reserved)
    assert all(after - before >= INTERVAL for before, after in pairwise(instants))


async def test_a_turn_is_not_before_its_instant(database_url: str) -> None:
    """The fourth caller has waited for three intervals."""
    async with opened(database_url) as database:
        pacer = DatabasePacer(database, INTERVAL)
        began = time.monotonic()
        await asyncio.gather(*(pacer.turn() for _ in range(4)))

    assert time.monotonic() - began >= 3 * INTERVAL.total_seconds()


async def test_an_idle_account_starts_at_once(database_url: str) -> None:
    """Nobody waits for turns that were not taken."""
    async with opened(database_url) as database:
        at, now = await DatabasePacer(database, INTERVAL).reserve()

    assert at <= now
