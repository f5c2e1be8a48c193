"""A short form of `make chaos`: a stress run of a few seconds and two of the scenarios."""

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
    """Nothing is lost, doubled or hidden, and the rate is kept."""
    database = f"sqlite:///{tmp_path / 'bridge.sqlite3'}"
    result = await run_stress(tmp_path, database, seed=seed, profile=SHORT)

    assert result.statistics.kills == SHORT.kills
    assert_clean(result)


async def test_a_kill_in_the_middle_of_a_send(
    tmp_path: Path, assert_clean: Callable[[CheckResult], None]
) -> None:
    """A message accepted by the gateway whose answer was not stored is unknown, and sent once."""
    assert_clean(await run_scenario(tmp_path, scenarios.dies_before_recording_the_answer, None))


async def test_an_acknowledgement_before_the_commit_is_found(tmp_path: Path) -> None:
    """The checker finds the lost message of a bot with this planted fault."""
    scenario, fault = scenarios.dies_before_the_commit, "acknowledge_before_the_commit"

    assert "lost" in (await run_scenario(tmp_path, scenario, fault)).findings
