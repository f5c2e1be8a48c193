"""Serves /metrics; gauges from the database are refreshed on request."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kwtsms_bot.balance.store.deliveries import NoticeStore
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.monitoring.health import Health
from kwtsms_bot.monitoring.health_endpoint import get_route
from kwtsms_bot.monitoring.metrics import UNKNOWN, Metrics
from kwtsms_bot.monitoring.readiness import Readiness
from kwtsms_bot.outbox.queries.statistics import OutboxStatistics
from kwtsms_bot.outbox.states import State

FRESH_SECONDS = 10.0  # Counting the recipients reads an index from end to end.
DATABASE_SECONDS = 5.0
log = structlog.get_logger(__name__)


class MetricsEndpoint:
    """The /metrics page: refreshes the gauges, then renders all metrics."""

    def __init__(
        self,
        metrics: Metrics,
        statistics: OutboxStatistics,
        notices: NoticeStore,
        readiness: Readiness,
        *,
        refreshers: Iterable[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._metrics, self._readiness = metrics, readiness
        self._statistics, self._notices = statistics, notices
        self._refreshers = tuple(refreshers)  # Of further gauges from the database.
        self._count_lock = asyncio.Lock()
        self._counted_at = float("-inf")

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The route of the page."""
        return (get_route("/metrics", self._handle),)

    async def _handle(self, _: web.Request) -> web.Response:
        health = await self._readiness.probe()
        self._set_health_gauges(health)
        async with self._count_lock:
            if time.monotonic() - self._counted_at > FRESH_SECONDS:
                await self._refresh_counts()
        return web.Response(
            body=generate_latest(self._metrics.registry),
            headers={"Content-Type": CONTENT_TYPE_LATEST},
        )

    def _set_health_gauges(self, health: Health) -> None:
        components = {component.name: component for component in health.components}
        self._metrics.set("ready", health.ready)
        self._metrics.set("database_up", components["database"].ok)
        self._metrics.set("slack_connected", components["slack"].ok)
        self._metrics.set("paused", health.paused)
        self._metrics.set("held", health.breaker_open)
        for name, component in (("dispatcher_idle", "dispatcher"), ("queue_oldest", "queue")):
            age = components[component].seconds
            self._metrics.set(f"{name}_seconds", UNKNOWN if age is None else age)

    async def _refresh_counts(self) -> None:
        """Refreshes the gauges from the database; they keep their values if that fails."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                recipients = await self._statistics.count_recipients()
                balance = await self._statistics.last_balance()
                undelivered = await self._notices.count_undelivered()
                for refresh in self._refreshers:
                    await refresh()
        except (DatabaseError, TimeoutError) as error:
            log.warning("not counted", error=type(error).__name__)
            return
        for state, count in recipients.items():
            self._metrics.set_recipients(state, count)
        self._metrics.set("queue_depth", recipients[State.QUEUED])
        self._metrics.set("notices_undelivered", undelivered)
        if balance is not None:
            self._metrics.set("balance_credits", float(balance))
        self._counted_at = time.monotonic()
