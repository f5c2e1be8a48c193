"""Scheduled jobs: balance check, digest, expired approval requests and erasure.

Each job runs as a background task that is awaited at the stop: the scheduler would cancel it then.
"""

from datetime import UTC

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from kwtsms_bot.database import DatabaseError
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.retention.jobs import COMPACT_HOUR, PURGE_INTERVAL
from kwtsms_bot.service.components import Components

log = structlog.get_logger(__name__)


def make_scheduler(components: Components) -> AsyncIOScheduler:
    """Returns the scheduler with its jobs, not started yet."""
    every = components.config.alerts.balance.every

    async def check_balance() -> None:
        components.tasks.start(_check_balance(components))

    async def summarise() -> None:
        components.tasks.start(_summarise(components))

    async def notify_expired() -> None:
        components.tasks.start(_notify_expired(components))

    async def erase() -> None:
        components.tasks.start(_erase(components))

    async def compact_database() -> None:
        components.tasks.start(_compact(components))

    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.add_job(
        check_balance,
        "interval",
        seconds=every.total_seconds(),
        next_run_time=components.clock(),
        max_instances=1,
        coalesce=True,
        misfire_grace_time=int(every.total_seconds()),
    )
    scheduler.add_job(
        erase,
        "interval",
        seconds=PURGE_INTERVAL.total_seconds(),
        next_run_time=components.clock(),
        coalesce=True,
        misfire_grace_time=None,  # Late is better than not at all.
    )
    scheduler.add_job(notify_expired, "interval", minutes=1, next_run_time=components.clock())
    scheduler.add_job(
        compact_database, "cron", hour=COMPACT_HOUR, timezone=KUWAIT_TZ, misfire_grace_time=None
    )
    scheduler.add_job(summarise, "interval", minutes=1, next_run_time=components.clock())
    return scheduler


async def _notify_expired(components: Components) -> None:
    try:
        await components.listeners.notify_expired()
    except DatabaseError as error:
        log.error("what ran out is not told", error=str(error))


async def _erase(components: Components) -> None:
    try:
        await components.retention.purge(components.config.outbox.retention, components.clock())
    except DatabaseError as error:
        log.error("not erased", error=str(error))


async def _compact(components: Components) -> None:
    try:
        await components.retention.compact()
    except DatabaseError as error:
        log.error("not compacted", error=str(error))


async def _check_balance(components: Components) -> None:
    try:
        await components.balance_monitor.poll_if_due(components.clock())
    except DatabaseError as error:
        log.error("balance not checked", error=str(error))
    await _summarise(components)  # Its first sample may be what the digest waits for.


async def _summarise(components: Components) -> None:
    """Makes the digest if it is due. Runs every minute: the database knows whether it exists."""
    try:
        await components.digest_job.enqueue_if_due(components.clock())
    except DatabaseError as error:
        log.error("digest not made", error=str(error))
