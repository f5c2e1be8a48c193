"""The wall clock is set while the bot runs: the jobs go on by the new time."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from apscheduler.triggers.cron import CronTrigger

from kwtsms_bot.config import Config
from kwtsms_bot.service import clock_watch
from kwtsms_bot.service.clock_watch import ClockComparison, reschedule, watch_clock
from kwtsms_bot.service.components import Components
from kwtsms_bot.service.jobs import make_scheduler

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONFIG = Config.model_validate(
    {
        "slack": {"bot_token": "xoxb-1", "app_token": "xapp-1"},
        "kwtsms": {"username": "user", "password": "password", "sender_id": "SHOP"},
    }
)
REPEATED = {"_check_balance", "_summarise", "_notify_expired", "_erase"}


@pytest.mark.parametrize(
    ("passed", "jump"),
    [
        (timedelta(seconds=30), timedelta(0)),
        (timedelta(seconds=33), timedelta(0)),
        (timedelta(seconds=30) - 5 * HOUR, -5 * HOUR),
        (timedelta(seconds=30) + 2 * HOUR, 2 * HOUR),
        (timedelta(0), timedelta(seconds=-30)),
    ],
)
def test_a_set_clock_differs_from_passing_time(passed: timedelta, jump: timedelta) -> None:
    """Only what a monotonic clock does not show is a jump, and each jump is measured once."""
    comparison = ClockComparison(AT, 100.0)

    assert comparison.measure_jump(AT + passed, 130.0) == jump
    assert comparison.measure_jump(AT + passed + HOUR, 130.0 + 3600) == timedelta(0)


class Started:
    """The jobs that were started, by name, without their work."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.all = asyncio.Event()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Records the job."""
        self.names.add(cast("Any", work).__name__)
        work.close()
        if self.names >= REPEATED:
            self.all.set()


async def test_a_clock_that_was_set_back_stops_no_job() -> None:
    """The jobs were planned by a clock five hours ahead; each runs at once by the new time."""
    started = Started()
    ahead = datetime.now(UTC) + 5 * HOUR
    components = SimpleNamespace(config=CONFIG, clock=lambda: ahead, tasks=started)
    scheduler = make_scheduler(cast("Components", components))
    scheduler.start()
    before = set(started.names)
    now = datetime.now(UTC)
    reschedule(scheduler, now)
    await asyncio.wait_for(started.all.wait(), timeout=30)
    (nightly,) = [one for one in scheduler.get_jobs() if isinstance(one.trigger, CronTrigger)]
    planned = nightly.next_run_time
    scheduler.shutdown(wait=False)

    assert before == set()
    assert started.names == REPEATED
    assert now < planned <= now + 24 * HOUR


async def test_the_watch_reschedules_after_a_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the wall clock is set back while the bot runs, the jobs are planned by it."""
    monkeypatch.setattr(clock_watch, "CHECK_SECONDS", 0.0)
    started, ahead = Started(), [5 * HOUR]

    def clock() -> datetime:
        return datetime.now(UTC) + ahead[0]

    components = SimpleNamespace(config=CONFIG, clock=clock, tasks=started)
    scheduler = make_scheduler(cast("Components", components))
    scheduler.start()
    watching = asyncio.create_task(watch_clock(scheduler, clock))
    await asyncio.sleep(0)
    before = set(started.names)
    ahead[0] = timedelta(0)
    await asyncio.wait_for(started.all.wait(), timeout=30)
    watching.cancel()
    scheduler.shutdown(wait=False)

    assert before == set()
    assert started.names == REPEATED
