"""Erases what is older than it may be, again and again. Decides nothing but the order."""

from datetime import datetime, timedelta

import structlog

from kwtsms_bot.outbox.store import Store

# Often enough that a sweep that failed is made up for within the hour that docs/privacy.md names.
PURGE_INTERVAL = timedelta(minutes=15)
# Of a SQLite file: what is larger would keep people waiting for longer than Slack waits.
MAX_COMPACT_BYTES = 64 * 1024 * 1024
COMPACT_HOUR = 3  # In Kuwait.
log = structlog.get_logger(__name__)


async def purge(store: Store, retention: timedelta, now: datetime) -> None:
    """Erases what is older than `retention`, a part of it at a time.

    Raises:
        DatabaseTrouble: not all of it is erased; the next sweep goes on.
    """
    cutoff = now - retention
    if expired := await store.expire_overdue(cutoff, now):
        log.warning("given up", recipients=expired)
    erased = 0
    while count := await store.erase(cutoff):
        erased += count
    drafts = await store.discard_expired_drafts(now)
    await store.purge_metadata(cutoff)
    log_emptied = await store.database.empty_wal()
    if erased or drafts:
        log.info("erased", messages=erased, drafts=drafts, log_emptied=log_emptied)


async def compact(store: Store) -> None:
    """Takes the fragments of what was erased out of a SQLite file, if it is not too large.

    Raises:
        DatabaseTrouble: the database cannot be used.
    """
    if not await store.database.compact(MAX_COMPACT_BYTES):
        log.info("not compacted", at_most=MAX_COMPACT_BYTES)
