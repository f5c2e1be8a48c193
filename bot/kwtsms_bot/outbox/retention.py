"""Erases what is older than it may be, again and again. Decides nothing but the order."""

from datetime import datetime, timedelta

import structlog

from kwtsms_bot.outbox.store import Store

# Often enough that a sweep that failed is made up for within the hour that docs/privacy.md names.
SWEEP = timedelta(minutes=15)
# Of a SQLite file: what is larger would keep people waiting for longer than Slack waits.
NIGHTLY_BYTES = 64 * 1024 * 1024
NIGHT_HOUR = 3  # In Kuwait.
log = structlog.get_logger(__name__)


async def sweep(store: Store, retention: timedelta, now: datetime) -> None:
    """Erases what is older than `retention`, a part of it at a time.

    Raises:
        DatabaseTrouble: not all of it is erased; the next sweep goes on.
    """
    before = now - retention
    if given_up := await store.give_up(before, now):
        log.warning("given up", recipients=given_up)
    erased = 0
    while count := await store.erase(before):
        erased += count
    drafts = await store.drop_old_drafts(now)
    await store.drop_traces(before)
    emptied = await store.database.empty_log()
    if erased or drafts:
        log.info("erased", messages=erased, drafts=drafts, log_emptied=emptied)


async def compact(store: Store) -> None:
    """Takes the fragments of what was erased out of a SQLite file, if it is not too large.

    Raises:
        DatabaseTrouble: the database cannot be used.
    """
    if not await store.database.compact(NIGHTLY_BYTES):
        log.info("not compacted", at_most=NIGHTLY_BYTES)
