"""What is done at set times: the balance, and what the retention time erases.

Each job is begun here and awaited at the stop: what the scheduler awaits, it cancels at the stop.
"""

from datetime import UTC

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.service.parts import Parts

log = structlog.get_logger(__name__)


def schedule(parts: Parts) -> AsyncIOScheduler:
    """The jobs, not started yet."""
    every = parts.config.alerts.balance.every

    async def check_balance() -> None:
        parts.tasks.start(_check_balance(parts))

    async def erase() -> None:
        parts.tasks.start(_erase(parts))

    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.add_job(
        check_balance,
        "interval",
        seconds=every.total_seconds(),
        next_run_time=parts.clock(),
        max_instances=1,
        coalesce=True,
        misfire_grace_time=int(every.total_seconds()),
    )
    scheduler.add_job(erase, "interval", hours=1, next_run_time=parts.clock())
    return scheduler


async def _erase(parts: Parts) -> None:
    """Forgets what is older than the retention time, a part of it at a time."""
    try:
        while count := await parts.store.erase(parts.clock() - parts.config.outbox.retention):
            log.info("erased", messages=count)
        await parts.store.drop_old_drafts(parts.clock())
    except DatabaseTrouble as error:
        log.error("not erased", error=str(error))


async def _check_balance(parts: Parts) -> None:
    try:
        await parts.watch.check(parts.clock())
    except DatabaseTrouble as error:
        log.error("balance not checked", error=str(error))
