"""Starts the components in order and stops them in order. Decides nothing.

Stopping: no scheduled work and no background call to the gateway is started any more; queued
messages stay in the database for the next process. Then Slack is disconnected (nothing new comes
in), work under way is awaited, calls in flight are settled, cards and notices are updated, and all
is closed.
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
from kwtsms_bot.outbox.store import COOLDOWN, INTERVAL, DatabaseRateLimiter, QueryRateLimiter
from kwtsms_bot.service.clock_watch import watch_clock
from kwtsms_bot.service.components import Components, gateway_client
from kwtsms_bot.service.jobs import make_scheduler
from kwtsms_bot.service.waits import DEFAULT_WAITS, Waits
from kwtsms_bot.slack.connection import SlackUnreachable

RECONNECT_SECONDS = 5.0
OPENING_SECONDS = 2.0  # Of a stop, for a database that is being opened.
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Service:
    """The bot as a whole; `ready` is set once Slack's commands are accepted.

    Requests to the gateway start at least `interval` apart, and messages to one number at least
    `cooldown`.
    """

    def __init__(
        self,
        config: Config,
        *,
        interval: timedelta = INTERVAL,
        cooldown: timedelta = COOLDOWN,
        waits: Waits = DEFAULT_WAITS,
    ) -> None:
        self.config = config
        self._interval, self._cooldown, self._waits = interval, cooldown, waits
        self.ready = asyncio.Event()
        self.address = ""  # For Slack's requests over HTTP, once it is ready.
        self.monitoring_address = ""  # Of the pages for operators, if there are any.
        self.bridge_address = ""  # Of the endpoint for alerts, if there is one.

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set, and ends with nothing in flight.

        Raises:
            SlackRefused: a token is wrong.
            CannotListen: the address of the pages for operators is taken.
        """
        async with AsyncExitStack() as stack:
            metrics = Metrics()
            opening = open_database(
                self.config.outbox.database,
                watch_file=True,
                on_error=metrics.count_database_error,
            )
            database = await _run_unless(stop, opening)
            if database is None:
                log.info("stopped")
                return
            stack.push_async_callback(database.close)
            rate_limiter = DatabaseRateLimiter(database, self._interval)
            query_limiter = InstrumentedRateLimiter(QueryRateLimiter(rate_limiter), metrics)
            gateway = gateway_client(self.config, query_limiter, metrics)
            stack.push_async_callback(gateway.aclose, 0)  # Sends have ended by then.
            components = Components(
                self.config,
                database=database,
                gateway=gateway,
                rate_limiter=rate_limiter,
                metrics=metrics,
                cooldown=self._cooldown,
                waits=self._waits,
            )
            await stack.enter_async_context(self._serve_pages(components))
            if components.bridge is not None:
                await stack.enter_async_context(components.bridge.serve())
                self.bridge_address = components.bridge.address
            await stack.enter_async_context(_in_background(components.heartbeat.run(self.ready)))
            await stack.enter_async_context(_in_background(_check_targets(self.config)))
            await self._run_components(components, stop)

    @asynccontextmanager
    async def _serve_pages(self, components: Components) -> AsyncIterator[None]:
        """Serves the pages for operators, if they are configured."""
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
        """Runs the components until `stop`; the outbox sends even while Slack is down."""
        stop_sending, stop_showing = asyncio.Event(), asyncio.Event()  # Set to end them.
        workers = [
            asyncio.create_task(components.worker.run(stop_sending), name="worker"),
            asyncio.create_task(
                components.delivery_poller.run(stop_sending), name="delivery poller"
            ),
            asyncio.create_task(components.reconciler.run(stop_sending), name="reconciler"),
            asyncio.create_task(components.breaker_probe.run(stop_sending), name="breaker probe"),
        ]
        if components.bridge is not None:
            workers += components.bridge.start_workers(stop_sending)
        notifiers = [
            asyncio.create_task(components.card_publisher.run(stop_showing), name="card publisher"),
            asyncio.create_task(
                components.apprise_notifier.run(stop_showing), name="apprise notifier"
            ),
        ]
        if components.bridge is not None:
            notifiers += components.bridge.start_notifiers(stop_showing)
        background = [*workers, *notifiers]
        scheduler = make_scheduler(components)
        stopping = asyncio.create_task(stop.wait(), name="stop")
        opening = asyncio.create_task(self._connect(components), name="slack")
        scheduler.start()
        watching = asyncio.create_task(watch_clock(scheduler, components.clock), name="clock watch")
        try:
            await _wait_for_first(stopping, opening, *background)
            if opening.done() and not stop.is_set():
                opening.result()
                self.ready.set()
                await _wait_for_first(stopping, *background)
        finally:
            components.readiness.stopping = True
            stopping.cancel()
            watching.cancel()
            ends_at = asyncio.get_running_loop().time() + self._waits.finish
            scheduler.shutdown(wait=False)
            stop_sending.set()
            await self._disconnect(components, opening)
            await _finish(workers, ends_at - self._waits.notify)
            stop_showing.set()
            await _finish(notifiers, ends_at)
            await components.tasks.finish(_seconds_left(ends_at))  # Started by the stop itself.
            log.info("stopped")
        for task in background:
            if not task.cancelled():
                task.result()

    async def _connect(self, components: Components) -> None:
        """Connects to Slack, with retries as long as it takes; a wrong token ends it at once."""
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
        await _finish([closing], asyncio.get_running_loop().time() + self._waits.close)
        await components.tasks.finish(self._waits.finish / 2)


async def _check_targets(config: Config) -> None:
    """Logs which Apprise URLs no warning can reach."""
    urls = [url.get_secret_value() for url in config.alerts.balance.apprise]
    for one in await asyncio.to_thread(examine_targets, urls):
        if one.level is FindingLevel.PROBLEM:
            log.error("warnings not deliverable", to=one.check, why=one.what, remedy=one.remedy)


@asynccontextmanager
async def _in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs `work` as long as the block lasts; its own end does not end the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _finish(tasks: list["asyncio.Task[None]"], ends_at: float) -> None:
    """Waits for tasks until `ends_at`, then cancels them: what they leave is in the database."""
    _, late = await asyncio.wait(tasks, timeout=_seconds_left(ends_at))
    for task in late:
        log.warning("not finished in time", task=task.get_name())
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def _seconds_left(ends_at: float) -> float:
    """Returns the seconds until `ends_at`; 0 if it is past."""
    return max(0.0, ends_at - asyncio.get_running_loop().time())


async def _run_unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Returns the result of `work`; None if `stop` is set and it does not end soon after.

    It is not cancelled at once: the thread of a connection that is being made would outlive the
    event loop, and end with a traceback.
    """
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await asyncio.wait({working}, timeout=OPENING_SECONDS)
    if not working.done():
        working.cancel()
        await asyncio.wait({working})
    return None if working.cancelled() else working.result()


async def _wait_for_first(*tasks: "asyncio.Task[object]") -> None:
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
