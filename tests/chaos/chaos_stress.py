"""The long stress runs of `make chaos`."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from chaos.checker import CheckResult
from chaos.stress import UNREADABLE_ANSWERS, StressProfile, run_stress
from support.postgres import postgres

# Five times the real rate: at a faster one the age of slots would hide bursts from the checker.
LONG = StressProfile(messages=2_000, kills=300, interval=0.1, per_second=7, drain_seconds=300)
REAL = StressProfile(
    messages=60,
    kills=20,
    interval=0.5,
    per_second=2,
    faults=UNREADABLE_ANSWERS,
    new_processes=True,
    replicas=3,
)


async def test_a_stress_run_on_sqlite(
    tmp_path: Path, seed: int, assert_clean: Callable[[CheckResult], None]
) -> None:
    """After 2,000 messages and 300 kills nothing is lost, doubled or hidden; the rate is kept."""
    database = f"sqlite:///{tmp_path / 'bridge.sqlite3'}"
    assert_clean(await run_stress(tmp_path, database, seed=seed, profile=LONG))


async def test_a_stress_run_on_postgresql_with_three_replicas(
    tmp_path: Path, seed: int, assert_clean: Callable[[CheckResult], None]
) -> None:
    """With three bots at a time nothing is lost, doubled or hidden either."""
    async with postgres() as server:
        profile = replace(LONG, replicas=3)
        assert_clean(await run_stress(tmp_path, server.url, seed=seed, profile=profile))


async def test_a_stress_run_at_the_real_rate(
    tmp_path: Path, seed: int, assert_clean: Callable[[CheckResult], None]
) -> None:
    """Unchanged `kwtsms-bridge run` processes make at most three requests in any second."""
    async with postgres() as server:
        assert_clean(await run_stress(tmp_path, server.url, seed=seed, profile=REAL))
