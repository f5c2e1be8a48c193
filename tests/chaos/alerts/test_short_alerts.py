"""A short form of the chaos runs with alerts."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

from chaos.alerts.judge import AlertVerdict
from chaos.alerts.stress import AlertProfile, run_alerts
from chaos.bots import IMPORT_PATH

PLANT_ALL = """from chaos.alerts.planted_faults import ALERT_FAULTS
for plant in ALERT_FAULTS.values():
    plant()"""
SHORT = AlertProfile(conditions=30, kills=6, per_second=6, drain_seconds=40)


async def test_a_short_run_with_alerts(
    tmp_path: Path, seed: int, assert_notified: Callable[[AlertVerdict], None]
) -> None:
    """Each alert that was answered is texted once, or a card says why not."""
    database = f"sqlite:///{tmp_path / 'bridge.sqlite3'}"
    verdict = await run_alerts(tmp_path, database, seed=seed, profile=SHORT)

    assert verdict.statistics.kills == SHORT.kills
    assert_notified(verdict)


async def test_every_fault_can_be_planted() -> None:
    """The code that each fault replaces is still there."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PLANT_ALL), env={**os.environ, "PYTHONPATH": IMPORT_PATH}
    )

    assert await process.wait() == 0
