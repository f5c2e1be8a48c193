"""The summary of the day before, once a day. Decides when; what it says is read by `store`."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

import structlog

from kwtsms_bot.alerts.store import AlertStore
from kwtsms_bot.config import BalanceWatch as Settings

log = structlog.get_logger(__name__)


class Digest:
    """Puts the summary on its way: once for each day, however many replicas there are.

    A bot that is down at the time, or has nobody to tell, does it later on the same day.
    """

    def __init__(
        self,
        settings: Settings,
        store: AlertStore,
        *,
        targets: Iterable[str],
        on_change: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._targets = tuple(targets)
        self._store, self._on_change = store, on_change
        self._done: date | None = None  # Spares a question; the database has the answer.

    async def check(self, now: datetime) -> None:
        """Whether it is time, and nobody has done it yet."""
        at = now.astimezone(self._settings.zone)
        due = self._settings.digest
        if due is None or not self._targets or at.time() < due or at.date() == self._done:
            return
        summary = await self._store.summary(now, self._settings.zone)
        if summary is None:  # Nobody has seen the balance yet.
            return
        if await self._store.tell_of_day(at.date(), summary, self._targets, now):
            log.info("digest made", day=at.date().isoformat())
            self._on_change()
        self._done = at.date()
