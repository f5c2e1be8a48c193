"""Storms with a trouble on top: the machine, the disk, the clock, the database server."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chaos import scenes, troubles
from chaos.house import House, housed
from chaos.judge import Rules, Verdict, judge
from chaos.program import Point, Program
from chaos.storm import UNREADABLE, Trouble, Weather, storm
from kwtsms_bot.outbox.message import State
from support.postgres import postgres

SHOWER = Weather(
    messages=80, kills=6, interval=0.1, per_second=8, faults=UNREADABLE, calm_seconds=90
)
THREE = replace(SHOWER, replicas=3)
Weigh = Callable[[Verdict], None]


def sqlite(folder: Path) -> str:
    """The database of a run."""
    return f"sqlite:///{folder / 'bridge.sqlite3'}"


async def test_sqlite_is_locked_for_ten_seconds(tmp_path: Path, seed: int, weigh: Weigh) -> None:
    """Who is told that nothing was accepted is told so rightly; the rest goes out."""

    async def trouble(house: House) -> None:
        await troubles.locked(house, tmp_path / "bridge.sqlite3")

    weigh(await storm(tmp_path, sqlite(tmp_path), seed=seed, weather=SHOWER, trouble=trouble))


async def test_postgresql_is_restarted(tmp_path: Path, seed: int, weigh: Weigh) -> None:
    """The server goes without a word, and comes back."""
    async with postgres() as server:

        async def trouble(house: House) -> None:
            with house.troubled():
                await server.restart()

        weigh(await storm(tmp_path, server.url, seed=seed, weather=THREE, trouble=trouble))


async def test_the_disk_is_full(tmp_path: Path, seed: int, weigh: Weigh) -> None:
    """People are told that nothing was accepted, and what was accepted before survives."""
    with troubles.small_disk(tmp_path / "disk") as disk:
        told: list[str] = []

        async def trouble(house: House) -> None:
            await disk.fill(house)
            told.extend(one.words for one in house.crowd.asked)

        database = sqlite(disk.folder)
        weigh(await storm(tmp_path, database, seed=seed, weather=SHOWER, trouble=trouble))

    assert any("Nothing was accepted" in words for words in told)


async def test_processes_stand_still_past_their_lease(
    tmp_path: Path, seed: int, weigh: Weigh
) -> None:
    """What was taken over from them they neither send nor write when they go on."""
    async with postgres() as server:
        weather = replace(THREE, kills=2)
        trouble: Trouble = troubles.stalled
        weigh(await storm(tmp_path, server.url, seed=seed, weather=weather, trouble=trouble))


@pytest.mark.parametrize(
    ("point", "sends"), [(Point.CLAIMED, 1), (Point.IN_FLIGHT, 0), (Point.LEAVING, 0)]
)
async def test_a_process_that_wakes_after_its_lease_sends_nothing(
    tmp_path: Path, weigh: Weigh, point: Point, sends: int
) -> None:
    """What it had only claimed the other has sent; what it had in flight is unknown, and stays."""
    async with postgres() as server:
        program = Program(interval=0.1)
        async with housed(tmp_path, server.url, seed=1, program=program) as house:
            await scenes.sleeps_past_its_lease(house, point)
            evidence = await house.evidence()
    weigh(judge(evidence, Rules(interval=0.1)))

    assert sum(request.endpoint == "send" for request in evidence.requests) == sends


async def test_a_lock_is_not_held_by_who_stands_still(tmp_path: Path, weigh: Weigh) -> None:
    """A replica that stops inside a transaction keeps the others from their turns for seconds."""
    async with postgres() as server:
        program = Program(interval=0.1)
        async with housed(tmp_path, server.url, seed=1, program=program) as house:
            await house.connected()
            await scenes.sends_past_a_lock(house, server.url)
            evidence = await house.evidence()
    weigh(judge(evidence, Rules(interval=0.1)))

    assert [row.state for row in evidence.rows] == [State.SENT]


async def test_the_clock_jumps_an_hour_either_way(tmp_path: Path, seed: int, weigh: Weigh) -> None:
    """The database's clock is the machine's, and jumps with it."""
    clock, database = str(tmp_path / "clock"), sqlite(tmp_path)
    jumps: Trouble = troubles.clock_jumps
    weigh(await storm(tmp_path, database, seed=seed, weather=SHOWER, trouble=jumps, clock=clock))


async def test_the_clocks_of_three_replicas_jump(tmp_path: Path, seed: int, weigh: Weigh) -> None:
    """The database's clock is another machine's, and is right."""
    clock, jumps = str(tmp_path / "clock"), troubles.clock_jumps
    async with postgres() as server:
        weigh(
            await storm(tmp_path, server.url, seed=seed, weather=THREE, trouble=jumps, clock=clock)
        )
