"""Turns: one row in the database holds all callers apart."""

import asyncio
import time
from datetime import timedelta
from itertools import pairwise

from kwtsms_bot.outbox.store import DatabasePacer
from kwtsms_bot.outbox.store.pace import QuestionTurns, Reserved
from kwtsms_client.pacing import LATE_SECONDS
from support.database import AT, opened

INTERVAL = timedelta(milliseconds=50)
LONG = timedelta(seconds=10)  # Longer than any test takes.


async def test_instants_are_an_interval_apart(database_url: str) -> None:
    """Whoever asks, and from however many processes, gets an instant of its own."""
    async with opened(database_url) as one, opened(database_url) as two:
        pacers = [DatabasePacer(one, INTERVAL), DatabasePacer(two, INTERVAL)]
        reserved = await asyncio.gather(*(pacer.reserve() for pacer in pacers * 5))

    instants = sorted(mine.at for mine in reserved)
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
        mine = await DatabasePacer(database, INTERVAL).reserve()

    assert mine.at <= mine.now


class Slow(DatabasePacer):
    """The database's first answers are long on their way."""

    def __init__(self, *args: object, answers: int) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # As it is made.
        self.slow, self.given = answers, 0

    async def reserve(self) -> Reserved:
        """As the pace does, only later."""
        mine = await super().reserve()
        self.given += 1
        if self.given <= self.slow:
            arrived = asyncio.Event()
            asyncio.get_running_loop().call_later(1.2 * LATE_SECONDS, arrived.set)
            await arrived.wait()
        return mine


async def test_a_turn_of_which_we_heard_too_late_is_not_used(database_url: str) -> None:
    """Others have started since; those whose answers were stalled together would all start now."""
    async with opened(database_url) as database:
        await DatabasePacer(database, INTERVAL).turn()
        pacer = Slow(database, INTERVAL, answers=1)
        await pacer.turn()

        assert pacer.given == 2


async def test_where_the_database_is_always_slow_something_is_sent_nevertheless(
    database_url: str,
) -> None:
    """Each answer is late, and none is any later than the others."""
    async with opened(database_url) as database:
        await DatabasePacer(database, INTERVAL).turn()
        pacer = Slow(database, INTERVAL, answers=100)
        await pacer.turn()

        assert pacer.given == 2


def test_the_age_of_a_turn_is_reckoned_from_before_the_question() -> None:
    """It begins when the database meant, by the latest reckoning, and is late by the earliest."""
    mine = Reserved(AT + timedelta(seconds=5), AT, asked=100.0, told=101.0)

    assert mine.begins == 106.0
    assert mine.late(106.5) == 1.5


async def test_a_free_turn_is_taken_only_where_there_is_one(database_url: str) -> None:
    """Whoever finds none has held up nobody."""
    async with opened(database_url) as database:
        pacer = DatabasePacer(database, LONG)
        first = await pacer.reserve()
        found = [await pacer.free() for _ in range(3)]
        following = await pacer.reserve()

        assert found == [False, False, False]
        assert following.at - first.at == LONG


async def test_of_two_who_find_a_free_turn_one_takes_it(database_url: str) -> None:
    """They look at the same moment, from two processes."""
    async with opened(database_url) as one, opened(database_url) as two:
        await DatabasePacer(one, timedelta(0)).turn()
        pacers = [DatabasePacer(database, LONG) for database in (one, two)]

        assert sorted(await asyncio.gather(*(pacer.free() for pacer in pacers))) == [False, True]


async def test_many_questions_hold_up_what_is_to_be_sent_by_one_turn(database_url: str) -> None:
    """Ten people ask by two replicas; what is sent next is second in the queue."""
    async with opened(database_url) as one, opened(database_url) as two:
        pacers = [DatabasePacer(database, LONG) for database in (one, two)]
        turns = [QuestionTurns(pacer) for pacer in pacers]
        asking = [asyncio.create_task(turn.turn()) for turn in turns * 5]
        begun, waiting = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        mine = await pacers[0].reserve()
        for one_of_them in waiting:
            one_of_them.cancel()
        await asyncio.wait(waiting)

    assert len(begun) == 1
    assert mine.at - mine.now <= LONG
