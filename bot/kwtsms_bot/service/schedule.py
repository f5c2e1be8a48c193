"""What is done at set times: the balance, its digest, what runs out and what is to be erased.

Each job is begun here and awaited at the stop: what the scheduler awaits, it cancels at the stop.
"""

from datetime import UTC

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.kuwait import ZONE
from kwtsms_bot.outbox.retention import NIGHT_HOUR, SWEEP, compact, sweep
from kwtsms_bot.service.parts import Parts

log = structlog.get_logger(__name__)


def schedule(parts: Parts) -> AsyncIOScheduler:
    """The jobs, not started yet."""
    every = parts.config.alerts.balance.every

    async def check_balance() -> None:
        parts.tasks.start(_check_balance(parts))

    async def summarise() -> None:
        parts.tasks.start(_summarise(parts))

    async def run_out() -> None:
        parts.tasks.start(_run_out(parts))

    async def erase() -> None:
        parts.tasks.start(_erase(parts))

    async def tidy() -> None:
        parts.tasks.start(_compact(parts))

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
    scheduler.add_job(
        erase,
        "interval",
        seconds=SWEEP.total_seconds(),
        next_run_time=parts.clock(),
        coalesce=True,
        misfire_grace_time=None,  # Late is better than not at all.
    )
    scheduler.add_job(run_out, "interval", minutes=1, next_run_time=parts.clock())
    scheduler.add_job(tidy, "cron", hour=NIGHT_HOUR, timezone=ZONE, misfire_grace_time=None)
    scheduler.add_job(summarise, "interval", minutes=1, next_run_time=parts.clock())
    return scheduler


async def _run_out(parts: Parts) -> None:
    try:
        await parts.front.tell_expired()
    except DatabaseTrouble as error:
        log.error("what ran out is not told", error=str(error))


async def _erase(parts: Parts) -> None:
    try:
        await sweep(parts.store, parts.config.outbox.retention, parts.clock())
    except DatabaseTrouble as error:
        log.error("not erased", error=str(error))


async def _compact(parts: Parts) -> None:
    try:
        await compact(parts.store)
    except DatabaseTrouble as error:
        log.error("not compacted", error=str(error))


async def _check_balance(parts: Parts) -> None:
    try:
        await parts.watch.check(parts.clock())
    except DatabaseTrouble as error:
        log.error("balance not checked", error=str(error))
    await _summarise(parts)  # Its first sample may be what the digest waits for.


async def _summarise(parts: Parts) -> None:
    """Asks every minute whether the digest is due: the database knows whether it was made."""
    try:
        await parts.digest.check(parts.clock())
    except DatabaseTrouble as error:
        log.error("digest not made", error=str(error))
