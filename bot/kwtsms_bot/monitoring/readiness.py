"""Collects the state of the bot's components, for `health` to judge. Leaves no trace in them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from kwtsms_bot.database import DatabaseError
from kwtsms_bot.monitoring.health import Health, HealthSnapshot, assess
from kwtsms_bot.outbox.queries.statistics import Backlog, OutboxStatistics

DATABASE_SECONDS = 2.0  # Longer than a healthy database takes; callers wait for 5.
FRESH_SECONDS = 1.0  # Probes that follow sooner get the same answer.
PROVEN_SECONDS = 15.0  # A successful write check is valid for so long.
log = structlog.get_logger(__name__)


class Readiness:
    """Readiness of the bot; `stopping` is set once shutdown begins."""

    def __init__(
        self,
        statistics: OutboxStatistics,
        *,
        slack: Callable[[], Awaitable[bool]],
        dispatcher_idle: Callable[[], float],
        answer_timeout: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._statistics, self._slack, self._clock = statistics, slack, clock
        self._dispatcher_idle, self._answer_timeout = dispatcher_idle, answer_timeout
        self._lock = asyncio.Lock()
        self._last: tuple[float, Health] | None = None
        self._proven_at = float("-inf")
        self.stopping = False

    async def probe(self) -> Health:
        """Returns the current health, at most a second old."""
        async with self._lock:
            if self._last is None or time.monotonic() - self._last[0] > FRESH_SECONDS:
                health = assess(await self._collect_snapshot(), self._answer_timeout)
                self._last = time.monotonic(), health
            return self._last[1]

    async def _collect_snapshot(self) -> HealthSnapshot:
        backlog = await self._read_backlog()
        writable = backlog is not None and await self._can_write()
        return HealthSnapshot(
            at=self._clock(),
            database=backlog is not None,
            writable=writable,
            slack=await self._slack(),
            stopping=self.stopping,
            dispatcher_idle=timedelta(seconds=self._dispatcher_idle()),
            oldest=backlog.oldest if backlog else None,
            paused=backlog.paused if backlog else False,
            breaker_open_since=backlog.breaker_opened_at if backlog else None,
        )

    async def _read_backlog(self) -> Backlog | None:
        """Returns the outbox's backlog; None if the database does not answer in time."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                return await self._statistics.backlog()
        except (DatabaseError, TimeoutError) as error:
            log.warning("database does not answer", error=type(error).__name__)
            return None

    async def _can_write(self) -> bool:
        """Whether a write check succeeds now, or did within `PROVEN_SECONDS`."""
        if time.monotonic() - self._proven_at < PROVEN_SECONDS:
            return True
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self._statistics.check_writable()
        except (DatabaseError, TimeoutError) as error:
            log.warning("database cannot be written to", error=type(error).__name__)
            return False
        self._proven_at = time.monotonic()
        return True
