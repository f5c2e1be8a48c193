"""The short form of `make chaos`: the same storm, a few seconds of it, and two of the scenes."""

from collections.abc import Callable
from pathlib import Path

from chaos import scenes
from chaos.chaos_teeth import played
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


async def test_a_kill_in_the_middle_of_a_send(
    tmp_path: Path, weigh: Callable[[Verdict], None]
) -> None:
    """The gateway has taken it and nobody has written that down: it is unknown, and sent once."""
    weigh(await played(tmp_path, scenes.dies_with_the_answer_in_its_hands, None))


async def test_an_acknowledgement_before_the_commit_is_found(tmp_path: Path) -> None:
    """The judge sees what was promised and lost, in a bot where that fault is planted."""
    scene, fault = scenes.dies_before_the_commit, "acknowledge_before_the_commit"

    assert "lost" in (await played(tmp_path, scene, fault)).findings
