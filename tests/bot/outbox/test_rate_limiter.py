"""Rate limiter: one row in the database spaces all requests."""

import asyncio
import time
from datetime import timedelta
from itertools import pairwise

from kwtsms_bot.outbox.flow_control.rate_limiter import QueryRateLimiter, ReservedSlot
from kwtsms_bot.outbox.store import DatabaseRateLimiter
from kwtsms_client.rate_limiter import MAX_START_AGE_SECONDS
from support.database import AT, opened

INTERVAL = timedelta(milliseconds=50)
LONG = timedelta(seconds=10)  # Longer than any test takes.


async def test_instants_are_an_interval_apart(database_url: str) -> None:
    """Every caller, in any process, gets a slot of its own."""
    async with opened(database_url) as one, opened(database_url) as two:
        limiters = [DatabaseRateLimiter(one, INTERVAL), DatabaseRateLimiter(two, INTERVAL)]
        reserved = await asyncio.gather(*(limiter.reserve() for limiter in limiters * 5))

    instants = sorted(mine.at for mine in reserved)
    assert all(after - before >= INTERVAL for before, after in pairwise(instants))


async def test_a_slot_is_not_granted_before_its_time(database_url: str) -> None:
    """The fourth caller has waited for three intervals."""
    async with opened(database_url) as database:
        limiter = DatabaseRateLimiter(database, INTERVAL)
        began = time.monotonic()
        await asyncio.gather(*(limiter.acquire() for _ in range(4)))

    assert time.monotonic() - began >= 3 * INTERVAL.total_seconds()


async def test_an_idle_account_starts_at_once(database_url: str) -> None:
    """After idle time, the next slot is free at once."""
    async with opened(database_url) as database:
        mine = await DatabaseRateLimiter(database, INTERVAL).reserve()

    assert mine.at <= mine.now


class SlowRateLimiter(DatabaseRateLimiter):
    """A limiter whose database gives its first answers late."""

    def __init__(self, *args: object, answers: int) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # As it is constructed.
        self.slow, self.reservations = answers, 0

    async def reserve(self) -> ReservedSlot:
        """Reserves a slot, and returns it late."""
        mine = await super().reserve()
        self.reservations += 1
        if self.reservations <= self.slow:
            arrived = asyncio.Event()
            asyncio.get_running_loop().call_later(1.2 * MAX_START_AGE_SECONDS, arrived.set)
            await arrived.wait()
        return mine


async def test_a_slot_learned_of_too_late_is_not_used(database_url: str) -> None:
    """A late slot is replaced: otherwise all requests that stalled together would start at once."""
    async with opened(database_url) as database:
        await DatabaseRateLimiter(database, INTERVAL).acquire()
        limiter = SlowRateLimiter(database, INTERVAL, answers=1)
        await limiter.acquire()

        assert limiter.reservations == 2


async def test_where_the_database_is_always_slow_something_is_sent_nevertheless(
    database_url: str,
) -> None:
    """If every answer is late, a late slot is used in the end."""
    async with opened(database_url) as database:
        await DatabaseRateLimiter(database, INTERVAL).acquire()
        limiter = SlowRateLimiter(database, INTERVAL, answers=100)
        await limiter.acquire()

        assert limiter.reservations == 2


def test_the_age_of_a_slot_counts_from_before_the_query() -> None:
    """A slot starts by the latest estimate, and its lateness counts from the earliest."""
    mine = ReservedSlot(AT + timedelta(seconds=5), AT, requested_at=100.0, answered_at=101.0)

    assert mine.starts_at == 106.0
    assert mine.seconds_late(106.5) == 1.5


async def test_an_idle_slot_is_acquired_only_where_there_is_one(database_url: str) -> None:
    """A failed attempt to get an idle slot delays nobody."""
    async with opened(database_url) as database:
        limiter = DatabaseRateLimiter(database, LONG)
        first = await limiter.reserve()
        found = [await limiter.try_acquire() for _ in range(3)]
        following = await limiter.reserve()

        assert found == [False, False, False]
        assert following.at - first.at == LONG


async def test_of_two_who_find_an_idle_slot_one_acquires_it(database_url: str) -> None:
    """Of two processes that find the same idle slot, one gets it."""
    async with opened(database_url) as one, opened(database_url) as two:
        await DatabaseRateLimiter(one, timedelta(0)).acquire()
        limiters = [DatabaseRateLimiter(database, LONG) for database in (one, two)]

        assert sorted(await asyncio.gather(*(limiter.try_acquire() for limiter in limiters))) == [
            False,
            True,
        ]


async def test_many_queries_delay_the_next_send_by_one_slot(database_url: str) -> None:
    """After ten queries on two replicas, the next send is second in the queue."""
    async with opened(database_url) as one, opened(database_url) as two:
        limiters = [DatabaseRateLimiter(database, LONG) for database in (one, two)]
        query_limiters = [QueryRateLimiter(limiter) for limiter in limiters]
        tasks = [
            asyncio.create_task(query_limiter.acquire()) for query_limiter in query_limiters * 5
        ]
        begun, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        mine = await limiters[0].reserve()
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)

    assert len(begun) == 1
    assert mine.at - mine.now <= LONG
