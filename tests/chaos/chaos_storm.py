"""The long storms of `make chaos`."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from chaos.judge import Verdict
from chaos.storm import UNREADABLE, Weather, storm
from support.postgres import postgres

# Five times the real pace: faster, and a turn's age would hide the bursts from the judge.
LONG = Weather(messages=2_000, kills=300, interval=0.1, per_second=7, calm_seconds=300)
REAL = Weather(
    messages=60, kills=20, interval=0.5, per_second=2, faults=UNREADABLE, fresh=True, replicas=3
)


async def test_a_storm_on_sqlite(
    tmp_path: Path, seed: int, weigh: Callable[[Verdict], None]
) -> None:
    """2,000 messages and 300 kills: nothing is lost, doubled or hidden, and the pace holds."""
    database = f"sqlite:///{tmp_path / 'bridge.sqlite3'}"
    weigh(await storm(tmp_path, database, seed=seed, weather=LONG))


async def test_a_storm_on_postgresql_with_three_replicas(
    tmp_path: Path, seed: int, weigh: Callable[[Verdict], None]
) -> None:
    """The same with three bots at a time."""
    async with postgres() as server:
        weather = replace(LONG, replicas=3)
        weigh(await storm(tmp_path, server.url, seed=seed, weather=weather))


async def test_a_storm_at_the_real_pace(
    tmp_path: Path, seed: int, weigh: Callable[[Verdict], None]
) -> None:
    """Unchanged `kwtsms-bridge run` processes: never more than three requests in any second."""
    async with postgres() as server:
        weigh(await storm(tmp_path, server.url, seed=seed, weather=REAL))
