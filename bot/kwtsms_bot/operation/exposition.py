"""/metrics: the figures, those of the database looked up as they are asked for."""

import asyncio
import time

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kwtsms_bot.alerts.store import AlertStore
from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.operation.health import Health
from kwtsms_bot.operation.metrics import UNKNOWN, Metrics
from kwtsms_bot.operation.readiness import Readiness
from kwtsms_bot.operation.web import page
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store.figures import Figures

FRESH_SECONDS = 10.0  # Counting the recipients reads an index from end to end.
DATABASE_SECONDS = 5.0
log = structlog.get_logger(__name__)


class Exposition:
    """Brings the gauges up to date, then writes everything down."""

    def __init__(
        self, metrics: Metrics, figures: Figures, alerts: AlertStore, readiness: Readiness
    ) -> None:
        self._metrics, self._readiness = metrics, readiness
        self._figures, self._alerts = figures, alerts
        self._counting = asyncio.Lock()
        self._counted_at = float("-inf")

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The page."""
        return (page("/metrics", self._answer),)

    async def _answer(self, _: web.Request) -> web.Response:
        health = await self._readiness.look()
        self._show(health)
        async with self._counting:
            if time.monotonic() - self._counted_at > FRESH_SECONDS:
                await self._count()
        return web.Response(
            body=generate_latest(self._metrics.registry),
            headers={"Content-Type": CONTENT_TYPE_LATEST},
        )

    def _show(self, health: Health) -> None:
        parts = {part.name: part for part in health.parts}
        self._metrics.set("ready", health.ready)
        self._metrics.set("database_up", parts["database"].ok)
        self._metrics.set("slack_connected", parts["slack"].ok)
        self._metrics.set("paused", health.paused)
        self._metrics.set("held", health.held)
        for name, part in (("dispatcher_idle", "dispatcher"), ("queue_oldest", "queue")):
            age = parts[part].seconds
            self._metrics.set(f"{name}_seconds", UNKNOWN if age is None else age)

    async def _count(self) -> None:
        """What cannot be counted now keeps the figure that it had."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                recipients = await self._figures.recipients()
                balance = await self._figures.balance()
                undelivered = await self._alerts.undelivered()
        except (DatabaseTrouble, TimeoutError) as error:
            log.warning("not counted", error=type(error).__name__)
            return
        for state, count in recipients.items():
            self._metrics.set_recipients(state, count)
        self._metrics.set("queue_depth", recipients[State.QUEUED])
        self._metrics.set("notices_undelivered", undelivered)
        if balance is not None:
            self._metrics.set("balance_credits", float(balance))
        self._counted_at = time.monotonic()
