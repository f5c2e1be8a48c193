"""Starts the parts in order and stops them in order. Decides nothing.

Stopping: at once no scheduled work and no call to the gateway is begun any more; what waits stays
in the database, for whoever runs next. Then the socket is closed (nothing new comes in), what was
begun is awaited, the calls in flight are settled, what changed is shown, and all is closed.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

import structlog

from kwtsms_bot.config import Config
from kwtsms_bot.database import open_database
from kwtsms_bot.doctor import FindingLevel
from kwtsms_bot.doctor.targets import check as examine_targets
from kwtsms_bot.monitoring.health_endpoint import build_application, health_routes, serve_http
from kwtsms_bot.monitoring.instrumented import InstrumentedRateLimiter
from kwtsms_bot.monitoring.metrics import Metrics
from kwtsms_bot.outbox.store import INTERVAL, DatabaseRateLimiter, QueryRateLimiter
from kwtsms_bot.service.components import Components, gateway_client
from kwtsms_bot.service.jobs import make_scheduler
from kwtsms_bot.slack.connection import SlackUnreachable

FINISH_SECONDS = 19.0  # All of a stop: whoever sends SIGTERM waits for twenty.
CLOSE_SECONDS = 3.0  # The first of them: a Slack that hangs is not waited for.
NOTIFY_SECONDS = 3.0  # The last of them, for what the end has changed.
RECONNECT_SECONDS = 5.0
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Service:
    """The bot as a whole; `ready` is set once Slack's commands are taken.

    Between two requests to the gateway lies `interval`, whoever makes them.
    """

    def __init__(self, config: Config, *, interval: timedelta = INTERVAL) -> None:
        self.config = config
        self._interval = interval
        self.ready = asyncio.Event()
        self.address = ""  # Where Slack's requests are taken over HTTP, once it is ready.
        self.monitoring_address = ""  # Where the pages for operators are, if there are any.

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set, and ends with nothing in flight.

        Raises:
            SlackRefused: a token is wrong.
            CannotListen: the address of the pages for operators is taken.
        """
        async with AsyncExitStack() as stack:
            metrics = Metrics()
            opening = open_database(
                self.config.outbox.database, on_error=metrics.count_database_error
            )
            database = await _run_unless(stop, opening)
            if database is None:
                log.info("stopped")
                return
            stack.push_async_callback(database.close)
            rate_limiter = DatabaseRateLimiter(database, self._interval)
            query_limiter = InstrumentedRateLimiter(QueryRateLimiter(rate_limiter), metrics)
            gateway = gateway_client(self.config, query_limiter, metrics)
            stack.push_async_callback(gateway.aclose, 0)  # Whoever sends has been waited for.
            components = Components(
                self.config,
                database=database,
                gateway=gateway,
                rate_limiter=rate_limiter,
                metrics=metrics,
            )
            await stack.enter_async_context(self._serve_pages(components))
            await stack.enter_async_context(_in_background(components.heartbeat.run(self.ready)))
            await stack.enter_async_context(_in_background(_check_targets(self.config)))
            await self._run_components(components, stop)

    @asynccontextmanager
    async def _serve_pages(self, components: Components) -> AsyncIterator[None]:
        """The pages for operators, where the configuration wants them."""
        if self.config.http.listen is None:
            yield
            return
        app = build_application(
            (*health_routes(components.readiness), *components.metrics_endpoint.routes())
        )
        async with serve_http(app, self.config.http.listen) as self.monitoring_address:
            log.info("watched", at=self.monitoring_address)
            yield

    async def _run_components(self, components: Components, stop: asyncio.Event) -> None:
        """The outbox works from the start on: while Slack is down, accepted messages go out."""
        stop_sending, stop_showing = asyncio.Event(), asyncio.Event()  # Set to end them.
        workers = [
            asyncio.create_task(components.worker.run(stop_sending), name="worker"),
            asyncio.create_task(components.delivery_poller.run(stop_sending), name="tracker"),
            asyncio.create_task(components.reconciler.run(stop_sending), name="witness"),
            asyncio.create_task(components.breaker_probe.run(stop_sending), name="scout"),
        ]
        notifiers = [
            asyncio.create_task(components.card_publisher.run(stop_showing), name="publisher"),
            asyncio.create_task(components.apprise_notifier.run(stop_showing), name="courier"),
        ]
        background = [*workers, *notifiers]
        scheduler = make_scheduler(components)
        stopping = asyncio.create_task(stop.wait(), name="stop")
        opening = asyncio.create_task(self._connect(components), name="slack")
        scheduler.start()
        try:
            await _wait_for_first(stopping, opening, *background)
            if opening.done() and not stop.is_set():
                opening.result()
                self.ready.set()
                await _wait_for_first(stopping, *background)
        finally:
            components.readiness.stopping = True
            stopping.cancel()
            ends_at = asyncio.get_running_loop().time() + FINISH_SECONDS
            scheduler.shutdown(wait=False)
            stop_sending.set()
            await self._disconnect(components, opening)
            await _finish(workers, ends_at - NOTIFY_SECONDS)
            stop_showing.set()
            await _finish(notifiers, ends_at)
            await components.tasks.finish(_seconds_left(ends_at))  # What the end itself has begun.
            log.info("stopped")
        for task in background:
            if not task.cancelled():
                task.result()

    async def _connect(self, components: Components) -> None:
        """Connects to Slack, however long that takes; a wrong token ends it at once."""
        while True:
            try:
                team = await components.connection.open(components.listeners, components.tasks)
                break
            except SlackUnreachable as error:
                log.warning("slack unreachable", error=str(error), again_in=RECONNECT_SECONDS)
                await asyncio.sleep(RECONNECT_SECONDS)
        self.address = components.connection.address
        log.info("ready", team=team, command=self.config.slack.command, listens=self.address)

    async def _disconnect(self, components: Components, opening: "asyncio.Task[None]") -> None:
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        closing = asyncio.create_task(components.connection.close(), name="slack")
        await _finish([closing], asyncio.get_running_loop().time() + CLOSE_SECONDS)
        await components.tasks.finish(FINISH_SECONDS / 2)


async def _check_targets(config: Config) -> None:
    """Says at once which Apprise URLs no warning will ever reach."""
    urls = [url.get_secret_value() for url in config.alerts.balance.apprise]
    for one in await asyncio.to_thread(examine_targets, urls):
        if one.level is FindingLevel.PROBLEM:
            log.error("warnings not deliverable", to=one.check, why=one.what, remedy=one.remedy)


@asynccontextmanager
async def _in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Does `work` as long as the block lasts; nothing else ends with it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _finish(tasks: list["asyncio.Task[None]"], ends_at: float) -> None:
    """Lets tasks finish until then, and ends them: what they leave is in the database."""
    _, late = await asyncio.wait(tasks, timeout=_seconds_left(ends_at))
    for task in late:
        log.warning("not finished in time", task=task.get_name())
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def _seconds_left(ends_at: float) -> float:
    """Seconds until then; none if it is past."""
    return max(0.0, ends_at - asyncio.get_running_loop().time())


async def _run_unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` comes to; None, and it is given up, where `stop` is set before."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait({working})
    return None if working.cancelled() else working.result()


async def _wait_for_first(*tasks: "asyncio.Task[object]") -> None:
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
