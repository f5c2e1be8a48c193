"""Scheduled jobs run once per slot, and a wrong clock does not stop them for long."""

from datetime import datetime, timedelta
from pathlib import Path

from kwtsms_bot.database import Database
from kwtsms_bot.database.job_slots import claim_slot, first_claimed_slot, slot_of
from support.database import AT, opened

QUARTER = timedelta(minutes=15)


async def claim_slots(database: Database, *times: datetime) -> list[bool]:
    """Claims the slot at each of these times in turn; returns whether each claim succeeded."""
    return [await claim_slot(database, "watch", slot_of(at, QUARTER)) for at in times]


async def test_a_slot_is_claimed_once(tmp_path: Path) -> None:
    """A slot can be claimed once per job."""
    async with opened(tmp_path) as database:
        later = AT + timedelta(minutes=14)

        assert await claim_slots(database, AT, later, AT + QUARTER, AT) == [
            True,
            False,
            True,
            False,
        ]
        assert await claim_slot(database, "other", slot_of(AT, QUARTER))


async def test_a_clock_that_is_set_back_costs_a_slot_at_most(tmp_path: Path) -> None:
    """After the clock is set back, future slots are free again, except for the next one."""
    async with opened(tmp_path) as database:
        hour = [AT + QUARTER * number for number in range(5)]
        assert all(await claim_slots(database, *hour))

        assert await claim_slots(database, *hour) == [False, False, True, True, True]


async def test_a_replica_that_is_a_little_fast_is_not_repeated(tmp_path: Path) -> None:
    """A replica whose clock is ahead claims the next slot, and no other replica repeats it."""
    async with opened(tmp_path) as database:
        assert await claim_slots(database, AT + QUARTER, AT, AT + QUARTER) == [True, True, False]


async def test_the_first_slot_after_a_time_is_known(tmp_path: Path) -> None:
    """The first slot after a time is found per job, for slots of the last two days."""
    async with opened(tmp_path) as database:
        await claim_slots(database, AT, AT + QUARTER, AT + 2 * QUARTER)
        async with database.reading() as connection:
            assert await first_claimed_slot(connection, "watch", AT) == AT + QUARTER
            assert await first_claimed_slot(connection, "watch", AT + timedelta(days=1)) is None
            assert await first_claimed_slot(connection, "other", AT) is None
