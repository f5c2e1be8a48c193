"""Collects the state of the bot's components, for `health` to judge. Leaves no trace in them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from kwtsms_bot.database import DatabaseError, DatabaseFileLost
from kwtsms_bot.logs import LogThrottle
from kwtsms_bot.monitoring.health import (
    BridgeStatus,
    Health,
    HealthSnapshot,
    assess,
    is_stuck,
)
from kwtsms_bot.outbox.queries.statistics import Backlog, OutboxStatistics

DATABASE_SECONDS = 2.0  # Longer than a healthy database takes; callers wait for 5.
LIVENESS_SECONDS = 2.5  # Docker waits 3 seconds for /healthz.
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
        slack_problem: Callable[[], str] = str,
        bridge: Callable[[], BridgeStatus | None] = lambda: None,
    ) -> None:
        self._statistics, self._slack, self._clock = statistics, slack, clock
        self._slack_problem, self._bridge = slack_problem, bridge
        self._dispatcher_idle, self._answer_timeout = dispatcher_idle, answer_timeout
        self._lock = asyncio.Lock()
        self._throttle = LogThrottle()
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

    async def needs_restart(self) -> bool:
        """Whether only a restart helps: the dispatcher hangs though the database works.

        While the database is away, a restart would lose the outcomes that wait to be written.
        """
        idle = timedelta(seconds=self._dispatcher_idle())
        if self.stopping or not is_stuck(idle, self._answer_timeout):
            return False  # The usual case, without a query.
        try:
            async with asyncio.timeout(LIVENESS_SECONDS):
                return await self._read_backlog() is not None and await self._can_write()
        except TimeoutError:
            return False

    async def _collect_snapshot(self) -> HealthSnapshot:
        backlog = await self._read_backlog()
        file_problem = await self._find_file_problem()
        writable = backlog is not None and not file_problem and await self._can_write()
        return HealthSnapshot(
            at=self._clock(),
            database=backlog is not None,
            writable=writable,
            file_problem=file_problem,
            slack=await self._slack(),
            slack_problem=self._slack_problem(),
            stopping=self.stopping,
            dispatcher_idle=timedelta(seconds=self._dispatcher_idle()),
            oldest=backlog.oldest if backlog else None,
            paused=backlog.paused if backlog else False,
            breaker_open_since=backlog.breaker_opened_at if backlog else None,
            bridge=self._bridge(),
        )

    async def _read_backlog(self) -> Backlog | None:
        """Returns the outbox's backlog; None if the database does not answer in time."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                return await self._statistics.backlog()
        except (DatabaseError, TimeoutError) as error:
            if self._throttle.count_due("database does not answer"):
                log.warning("database does not answer", error=type(error).__name__)
            return None

    async def _find_file_problem(self) -> str:
        """Returns why SQLite's file is not the opened one any more; empty if it is."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self._statistics.verify_file()
        except DatabaseFileLost as error:
            if self._throttle.count_due(error.reason):
                log.error("database file lost", error=str(error))
            return error.reason
        except (DatabaseError, TimeoutError):  # A probe of its own reports that.
            return ""
        return ""

    async def _can_write(self) -> bool:
        """Whether a write check succeeds now, or did within `PROVEN_SECONDS`."""
        if time.monotonic() - self._proven_at < PROVEN_SECONDS:
            return True
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self._statistics.check_writable()
        except (DatabaseError, TimeoutError) as error:
            if self._throttle.count_due("database cannot be written to"):
                log.warning("database cannot be written to", error=type(error).__name__)
            return False
        self._proven_at = time.monotonic()
        return True
