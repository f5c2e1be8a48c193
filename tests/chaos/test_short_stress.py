"""The short form of `make chaos`: the same storm, a few seconds of it, and two of the scenes."""

from collections.abc import Callable
from pathlib import Path

from chaos import scenarios
from chaos.chaos_planted_faults import run_scenario
from chaos.checker import CheckResult
from chaos.stress import UNREADABLE_ANSWERS, StressProfile, run_stress

SHORT = StressProfile(
    messages=60,
    kills=10,
    interval=0.1,
    per_second=8,
    faults=UNREADABLE_ANSWERS,
    drain_seconds=60,
)


async def test_a_short_stress_run(
    tmp_path: Path, seed: int, assert_clean: Callable[[CheckResult], None]
) -> None:
    """Nothing is lost, doubled or hidden, and the pace holds."""
    database = f"sqlite:///{tmp_path / 'bridge.sqlite3'}"
    result = await run_stress(tmp_path, database, seed=seed, profile=SHORT)

    assert result.statistics.kills == SHORT.kills
    assert_clean(result)


async def test_a_kill_in_the_middle_of_a_send(
    tmp_path: Path, assert_clean: Callable[[CheckResult], None]
) -> None:
    """The gateway has taken it and nobody has written that down: it is unknown, and sent once."""
    assert_clean(await run_scenario(tmp_path, scenarios.dies_before_recording_the_answer, None))


async def test_an_acknowledgement_before_the_commit_is_found(tmp_path: Path) -> None:
    """The judge sees what was promised and lost, in a bot where that fault is planted."""
    scenario, fault = scenarios.dies_before_the_commit, "acknowledge_before_the_commit"

    assert "lost" in (await run_scenario(tmp_path, scenario, fault)).findings
