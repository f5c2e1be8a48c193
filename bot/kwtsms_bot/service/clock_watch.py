"""Notices that the wall clock was set, and reschedules the jobs, which go by it.

Without this a clock that is set back by hours stops every job for as long.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.interval import IntervalTrigger

CHECK_SECONDS = 30.0
MIN_JUMP = timedelta(seconds=10)  # NTP corrects smaller errors bit by bit.
log = structlog.get_logger(__name__)


class ClockComparison:
    """Compares the wall clock with a monotonic one, which nobody can set."""

    def __init__(self, now: datetime, monotonic: float) -> None:
        self._now, self._monotonic = now, monotonic

    def measure_jump(self, now: datetime, monotonic: float) -> timedelta:
        """Returns by how much the wall clock was set since the last call; small errors are none."""
        elapsed = timedelta(seconds=monotonic - self._monotonic)
        jump = now - self._now - elapsed
        self._now, self._monotonic = now, monotonic
        return jump if abs(jump) >= MIN_JUMP else timedelta(0)


async def watch_clock(scheduler: BaseScheduler, clock: Callable[[], datetime]) -> None:
    """Reschedules the jobs whenever the wall clock was set, until cancelled."""
    comparison = ClockComparison(clock(), time.monotonic())
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        jump = comparison.measure_jump(clock(), time.monotonic())
        if jump:
            log.warning("clock was set", by_seconds=round(jump.total_seconds()))
            reschedule(scheduler, clock())


def reschedule(scheduler: BaseScheduler, now: datetime) -> None:
    """Runs each repeated job now, and plans the others by the clock as it is."""
    for job in scheduler.get_jobs():
        if isinstance(job.trigger, IntervalTrigger):
            job.modify(next_run_time=now)
        else:
            job.modify(next_run_time=job.trigger.get_next_fire_time(None, now))
