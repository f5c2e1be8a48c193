"""Makes messages of notifications as soon as they may leave, until it is stopped."""

import asyncio
import time
from collections.abc import Callable

import structlog

from kwtsms_bot.background import poll
from kwtsms_bot.bridge.store.bundle import BundleStore
from kwtsms_bot.database import DatabaseError

INTERVAL_SECONDS = 1.0
RETRY_SECONDS = 1.0
log = structlog.get_logger(__name__)


class Bundler:
    """Loop that makes a pass when woken, and every second while anything waits."""

    def __init__(
        self,
        store: BundleStore,
        *,
        on_bundled: Callable[[], None] = lambda: None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._on_bundled, self._on_change = store, on_bundled, on_change
        self._woken = asyncio.Event()
        self._passed_at = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """The time since it last looked for something to do."""
        return time.monotonic() - self._passed_at

    def wake(self) -> None:
        """Signals that there may be something new to tell."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Makes passes until `stop` is set."""
        await poll(stop, self._step, _on_database_error, errors=DatabaseError, wake=self._woken)

    async def _step(self) -> float:
        if await self._store.has_work():
            if await self._store.run_pass():
                self._on_bundled()
            self._on_change()
        self._passed_at = time.monotonic()
        return INTERVAL_SECONDS


def _on_database_error(error: DatabaseError) -> float:
    log.error("alerts not bundled", error=str(error))
    return RETRY_SECONDS
