"""A short form of the chaos runs with alerts."""

from collections.abc import Callable
from pathlib import Path

from chaos.alerts.judge import AlertVerdict
from chaos.alerts.stress import AlertProfile, run_alerts

SHORT = AlertProfile(conditions=30, kills=6, per_second=6, drain_seconds=40)


async def test_a_short_run_with_alerts(
    tmp_path: Path, seed: int, assert_notified: Callable[[AlertVerdict], None]
) -> None:
    """Each alert that was answered is texted once, or a card says why not."""
    database = f"sqlite:///{tmp_path / 'bridge.sqlite3'}"
    verdict = await run_alerts(tmp_path, database, seed=seed, profile=SHORT)

    assert verdict.statistics.kills == SHORT.kills
    assert_notified(verdict)
