"""Loop that looks for integrations that fell silent, or report again."""

import asyncio
from collections.abc import Callable

import structlog

from kwtsms_bot.background import poll
from kwtsms_bot.bridge.activity_recorder import ActivityRecorder
from kwtsms_bot.bridge.overdue.silent_source import Presence
from kwtsms_bot.bridge.overdue.store import OverdueStore
from kwtsms_bot.database import DatabaseError

CHECK_SECONDS = 5.0
log = structlog.get_logger(__name__)


class OverdueMonitor:
    """Monitor of the integrations that are expected to report; `on_change` follows each change."""

    def __init__(
        self, store: OverdueStore, recorder: ActivityRecorder, *, on_change: Callable[[], None]
    ) -> None:
        self._store, self._recorder, self._on_change = store, recorder, on_change
        self._presence = Presence()

    async def run(self, stop: asyncio.Event) -> None:
        """Checks every few seconds until `stop` is set."""
        await poll(stop, self._step, _on_database_error, errors=DatabaseError)

    async def check(self) -> None:
        """Reports what has changed; what this process has received counts at once.

        Raises:
            DatabaseError: it is checked again the next time.
        """
        await self._recorder.store()
        present_since = self._presence.record(await self._store.now())
        changes = await self._store.apply_changes(present_since)
        for name, change in changes.items():
            log.warning("integration overdue", integration=name, change=change.value)
        if changes:
            self._on_change()

    async def _step(self) -> float:
        await self.check()
        return CHECK_SECONDS


def _on_database_error(error: DatabaseError) -> float:
    log.warning("overdue integrations not checked", error=str(error))
    return CHECK_SECONDS
