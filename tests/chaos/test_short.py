"""The short form of `make chaos`: the same storm, a few seconds of it."""

from collections.abc import Callable
from pathlib import Path

from chaos.judge import Verdict
from chaos.storm import UNREADABLE, Weather, storm

SHORT = Weather(
    messages=60,
    kills=10,
    interval=0.1,
    per_second=8,
    faults=UNREADABLE,
    calm_seconds=60,
)


async def test_a_short_storm(tmp_path: Path, seed: int, weigh: Callable[[Verdict], None]) -> None:
    """Nothing is lost, doubled or hidden, and the pace holds."""
    database = f"sqlite:///{tmp_path / 'bridge.sqlite3'}"
    verdict = await storm(tmp_path, database, seed=seed, weather=SHORT)

    assert verdict.figures.kills == SHORT.kills
    weigh(verdict)
