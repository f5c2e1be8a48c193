"""Scheduled erasure of what is past the retention time. Decides nothing but the order."""

from datetime import datetime, timedelta

import structlog

from kwtsms_bot.database import Database
from kwtsms_bot.outbox.intake.draft_store import DraftStore
from kwtsms_bot.outbox.retention.alerts import erase_old_alerts
from kwtsms_bot.outbox.retention.purge_store import PurgeStore
from kwtsms_bot.outbox.retention.request_keys import erase_old_answers

# Often enough that a failed run is made up for within the hour that docs/privacy.md names.
PURGE_INTERVAL = timedelta(minutes=15)
# Of a SQLite file: compacting a larger one would block people for longer than Slack waits.
MAX_COMPACT_BYTES = 64 * 1024 * 1024
COMPACT_HOUR = 3  # In Kuwait.
log = structlog.get_logger(__name__)


class RetentionJob:
    """The scheduled erasure in one database; each run continues where the last one ended."""

    def __init__(self, database: Database, purge: PurgeStore, drafts: DraftStore) -> None:
        self._database, self._purge, self._drafts = database, purge, drafts

    async def purge(self, retention: timedelta, now: datetime) -> None:
        """Erases what is older than `retention`, a part of it at a time.

        Raises:
            DatabaseError: not all of it is erased; the next run goes on.
        """
        cutoff = now - retention
        if expired := await self._purge.expire_overdue(cutoff, now):
            log.warning("given up", recipients=expired)
        erased = 0
        while count := await self._purge.erase(cutoff):
            erased += count
        drafts = await self._drafts.discard_expired_drafts(now)
        await self._purge.purge_metadata(cutoff)
        await erase_old_alerts(self._database, cutoff)
        await erase_old_answers(self._database, now)
        log_emptied = await self._database.empty_wal()
        if erased or drafts:
            log.info("erased", messages=erased, drafts=drafts, log_emptied=log_emptied)

    async def compact(self) -> None:
        """Removes fragments of erased data from a SQLite file, if it is not too large.

        Raises:
            DatabaseError: the database cannot be used.
        """
        if not await self._database.compact(MAX_COMPACT_BYTES):
            log.info("not compacted", at_most=MAX_COMPACT_BYTES)
