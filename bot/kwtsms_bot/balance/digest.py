"""Queues the summary of the day before, once a day. Its content comes from `store`."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

import structlog

from kwtsms_bot.balance.store.digest import DigestStore
from kwtsms_bot.config import BalanceAlertSettings as Settings

log = structlog.get_logger(__name__)


class DigestJob:
    """Queues the digest once for each day, however many replicas there are.

    A bot that is down at the time, or has no targets, does it later on the same day.
    """

    def __init__(
        self,
        settings: Settings,
        digests: DigestStore,
        *,
        targets: Iterable[str],
        on_change: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._targets = tuple(targets)
        self._digests, self._on_change = digests, on_change
        self._done: date | None = None  # Saves queries; the database decides.

    async def enqueue_if_due(self, now: datetime) -> None:
        """Queues the digest if it is due and no replica has done so yet."""
        at = now.astimezone(self._settings.zone)
        due = self._settings.digest
        if due is None or not self._targets or at.time() < due or at.date() == self._done:
            return
        summary = await self._digests.summarize_day(now, self._settings.zone)
        if summary is None:  # There is no sample yet.
            return
        if await self._digests.enqueue_digest(at.date(), summary, self._targets, now):
            log.info("digest made", day=at.date().isoformat())
            self._on_change()
        self._done = at.date()
