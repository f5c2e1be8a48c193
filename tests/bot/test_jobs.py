"""The scheduler: each job exists and runs at its time."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from apscheduler.triggers.cron import CronTrigger

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.balance.store import open_balance_store
from kwtsms_bot.config import Config
from kwtsms_bot.monitoring.metrics import Metrics
from kwtsms_bot.outbox.retention.jobs import RetentionJob
from kwtsms_bot.outbox.store import DatabaseRateLimiter, QueryRateLimiter
from kwtsms_bot.service.components import Components, gateway_client
from kwtsms_bot.service.jobs import make_scheduler
from support.balance import pending_kinds, record_balance
from support.database import AT, opened, outbox_in
from support.leak_search import on_disk
from support.message_states import secret, sent
from support.operator_cli import SECRETS

MINUTE = timedelta(minutes=1)
CONFIG = Config.model_validate(
    {
        "slack": {"bot_token": "xoxb-1", "app_token": "xapp-1"},
        "kwtsms": {"username": "user", "password": "password", "sender_id": "MY-APP"},
    }
)


def stub_components(**known: Any) -> Components:
    """The components that a test's jobs need."""
    return cast("Components", SimpleNamespace(config=CONFIG, clock=lambda: AT, **known))


async def test_at_night_the_file_is_written_anew(tmp_path: Path) -> None:
    """At 3:00 in Kuwait the file is compacted, so that fragments of erased texts are gone."""
    async with outbox_in(tmp_path) as outbox:
        await sent(outbox, secret(1))
        with closing(
            sqlite3.connect(tmp_path / "outbox.sqlite3", isolation_level=None)
        ) as careless:
            careless.execute("PRAGMA secure_delete=OFF")
            careless.execute("CREATE TABLE moved AS SELECT 'a fragment' AS text")
            careless.execute("DROP TABLE moved")
            careless.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        left = on_disk(tmp_path, "a fragment")
        tasks = BackgroundTasks()
        retention = RetentionJob(outbox.database, outbox.purge, outbox.drafts)
        jobs = make_scheduler(stub_components(retention=retention, tasks=tasks)).get_jobs()
        (nightly,) = [job for job in jobs if isinstance(job.trigger, CronTrigger)]
        await nightly.func()
        await tasks.finish(10)

        assert left == {"a fragment"}
        assert on_disk(tmp_path, "a fragment") == set()
        assert nightly.trigger.get_next_fire_time(None, AT) == datetime(2026, 11, 24, tzinfo=UTC)


def test_every_job_is_there() -> None:
    """Each job exists, and all but the compaction run once at start."""
    jobs = {job.func.__name__: job for job in make_scheduler(stub_components()).get_jobs()}

    assert set(jobs) == {
        "check_balance",
        "summarise",
        "notify_expired",
        "erase",
        "compact_database",
    }
    assert [name for name, job in jobs.items() if getattr(job, "next_run_time", None) != AT] == [
        "compact_database"
    ]


async def test_a_digest_is_made_within_a_minute_of_its_time(tmp_path: Path) -> None:
    """The time of the digest does not depend on the interval of the balance checks."""
    watch = {"channels": ["C0123ABCD"], "digest": "00:00", "every": "24h"}
    account = {"username": "u", "password": "p", "sender_id": "MY-APP"}
    sections = {"slack": SECRETS, "kwtsms": account, "alerts": {"balance": watch}}
    config = Config.model_validate(sections)
    async with opened(tmp_path) as database:
        metrics = Metrics()
        limiter = DatabaseRateLimiter(database)
        gateway = gateway_client(config, QueryRateLimiter(limiter), metrics)
        components = Components(
            config, database=database, gateway=gateway, rate_limiter=limiter, metrics=metrics
        )
        alerts = open_balance_store(database)
        await record_balance(alerts, 1000, "C0123ABCD", at=components.clock())
        for job in make_scheduler(components).get_jobs():
            if getattr(job.trigger, "interval", None) == MINUTE:
                await job.func()
        await components.tasks.finish(10)

        assert await pending_kinds(alerts, "C0123ABCD") == ["digest"]
