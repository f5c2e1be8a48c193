"""What is done at set times: each job is there, at its time."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from apscheduler.triggers.cron import CronTrigger

from kwtsms_bot.config import Config
from kwtsms_bot.service.parts import Parts
from kwtsms_bot.service.schedule import schedule
from kwtsms_bot.slack.tasks import Tasks
from support.database import AT, store_in
from support.lives import secret, sent
from support.walk import on_disk

CONFIG = Config.model_validate(
    {
        "slack": {"bot_token": "xoxb-1", "app_token": "xapp-1"},
        "kwtsms": {"username": "user", "password": "password", "sender_id": "MY-APP"},
    }
)


def parts(**known: Any) -> Parts:
    """As much of a bot as the jobs of a test ask for."""
    return cast("Parts", SimpleNamespace(config=CONFIG, clock=lambda: AT, **known))


async def test_at_night_the_file_is_written_anew(tmp_path: Path) -> None:
    """At three in Kuwait; what stood in unused parts of its pages is gone then."""
    async with store_in(tmp_path) as store:
        await sent(store, secret(1))
        with closing(
            sqlite3.connect(tmp_path / "outbox.sqlite3", isolation_level=None)
        ) as careless:
            careless.execute("PRAGMA secure_delete=OFF")
            careless.execute("CREATE TABLE moved AS SELECT 'a fragment' AS text")
            careless.execute("DROP TABLE moved")
            careless.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        left = on_disk(tmp_path, "a fragment")
        tasks = Tasks()
        jobs = schedule(parts(store=store, tasks=tasks)).get_jobs()
        (nightly,) = [job for job in jobs if isinstance(job.trigger, CronTrigger)]
        await nightly.func()
        await tasks.finish(10)

        assert left == {"a fragment"}
        assert on_disk(tmp_path, "a fragment") == set()
        assert nightly.trigger.get_next_fire_time(None, AT) == datetime(2026, 11, 24, tzinfo=UTC)


def test_every_job_is_there() -> None:
    """Those of the balance and of the erasing at once after a start; none is forgotten."""
    jobs = {job.func.__name__: job for job in schedule(parts()).get_jobs()}

    assert set(jobs) == {"check_balance", "summarise", "run_out", "erase", "tidy"}
    assert [name for name, job in jobs.items() if getattr(job, "next_run_time", None) != AT] == [
        "tidy"
    ]
