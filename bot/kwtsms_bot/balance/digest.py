"""The summary of the day before, once a day. Decides when; what it says is read by `store`."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

import structlog

from kwtsms_bot.balance.store import BalanceStore
from kwtsms_bot.config import BalanceAlertSettings as Settings

log = structlog.get_logger(__name__)


class DigestJob:
    """Puts the summary on its way: once for each day, however many replicas there are.

    A bot that is down at the time, or has nobody to tell, does it later on the same day.
    """

    def __init__(
        self,
        settings: Settings,
        store: BalanceStore,
        *,
        targets: Iterable[str],
        on_change: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._targets = tuple(targets)
        self._store, self._on_change = store, on_change
        self._done: date | None = None  # Spares a question; the database has the answer.

    async def enqueue_if_due(self, now: datetime) -> None:
        """Whether it is time, and nobody has done it yet."""
        at = now.astimezone(self._settings.zone)
        due = self._settings.digest
        if due is None or not self._targets or at.time() < due or at.date() == self._done:
            return
        summary = await self._store.summarize_day(now, self._settings.zone)
        if summary is None:  # Nobody has seen the balance yet.
            return
        if await self._store.enqueue_digest(at.date(), summary, self._targets, now):
            log.info("digest made", day=at.date().isoformat())
            self._on_change()
        self._done = at.date()
