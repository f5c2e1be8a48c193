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
from kwtsms_bot.doctor import Level
from kwtsms_bot.doctor.targets import examine as examine_targets
from kwtsms_bot.operation.counting import CountedTurns
from kwtsms_bot.operation.metrics import Metrics
from kwtsms_bot.operation.web import build_web, health_routes, serving
from kwtsms_bot.outbox.store import INTERVAL, DatabasePacer, QuestionTurns
from kwtsms_bot.service.parts import Parts, gateway_client
from kwtsms_bot.service.schedule import schedule
from kwtsms_bot.slack.connection import SlackUnreachable

FINISH_SECONDS = 19.0  # All of a stop: whoever sends SIGTERM waits for twenty.
CLOSE_SECONDS = 3.0  # The first of them: a Slack that hangs is not waited for.
SHOW_SECONDS = 3.0  # The last of them, for what the end has changed.
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
        self.watched_at = ""  # Where the pages for operators are, if there are any.

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set, and ends with nothing in flight.

        Raises:
            SlackRefused: a token is wrong.
            CannotListen: the address of the pages for operators is taken.
        """
        async with AsyncExitStack() as stack:
            metrics = Metrics()
            opening = open_database(self.config.outbox.database, on_trouble=metrics.troubled)
            database = await _unless(stop, opening)
            if database is None:
                log.info("stopped")
                return
            stack.push_async_callback(database.close)
            pace = DatabasePacer(database, self._interval)
            asked = CountedTurns(QuestionTurns(pace), metrics)
            gateway = gateway_client(self.config, asked, metrics)
            stack.push_async_callback(gateway.aclose, 0)  # Whoever sends has been waited for.
            parts = Parts(
                self.config, database=database, gateway=gateway, pace=pace, metrics=metrics
            )
            await stack.enter_async_context(self._pages(parts))
            await stack.enter_async_context(_meanwhile(parts.pulse.run(self.ready)))
            await stack.enter_async_context(_meanwhile(_try_targets(self.config)))
            await self._serve(parts, stop)

    @asynccontextmanager
    async def _pages(self, parts: Parts) -> AsyncIterator[None]:
        """The pages for operators, where the configuration wants them."""
        if self.config.http.listen is None:
            yield
            return
        app = build_web((*health_routes(parts.readiness), *parts.exposition.routes()))
        async with serving(app, self.config.http.listen) as self.watched_at:
            log.info("watched", at=self.watched_at)
            yield

    async def _serve(self, parts: Parts, stop: asyncio.Event) -> None:
        """The outbox works from the start on: while Slack is down, accepted messages go out."""
        sending, showing = asyncio.Event(), asyncio.Event()  # Set to end them.
        workers = [
            asyncio.create_task(parts.worker.run(sending), name="worker"),
            asyncio.create_task(parts.tracker.run(sending), name="tracker"),
            asyncio.create_task(parts.witness.run(sending), name="witness"),
            asyncio.create_task(parts.scout.run(sending), name="scout"),
        ]
        shows = [
            asyncio.create_task(parts.publisher.run(showing), name="publisher"),
            asyncio.create_task(parts.courier.run(showing), name="courier"),
        ]
        background = [*workers, *shows]
        scheduler = schedule(parts)
        stopping = asyncio.create_task(stop.wait(), name="stop")
        opening = asyncio.create_task(self._open(parts), name="slack")
        scheduler.start()
        try:
            await _first(stopping, opening, *background)
            if opening.done() and not stop.is_set():
                opening.result()
                self.ready.set()
                await _first(stopping, *background)
        finally:
            parts.readiness.stopping = True
            stopping.cancel()
            ends_at = asyncio.get_running_loop().time() + FINISH_SECONDS
            scheduler.shutdown(wait=False)
            sending.set()
            await self._close(parts, opening)
            await _finished(workers, ends_at - SHOW_SECONDS)
            showing.set()
            await _finished(shows, ends_at)
            await parts.tasks.finish(_left(ends_at))  # What the end itself has begun.
            log.info("stopped")
        for task in background:
            if not task.cancelled():
                task.result()

    async def _open(self, parts: Parts) -> None:
        """Connects to Slack, however long that takes; a wrong token ends it at once."""
        while True:
            try:
                team = await parts.connection.open(parts.front, parts.tasks)
                break
            except SlackUnreachable as error:
                log.warning("slack unreachable", error=str(error), again_in=RECONNECT_SECONDS)
                await asyncio.sleep(RECONNECT_SECONDS)
        self.address = parts.connection.address
        log.info("ready", team=team, command=self.config.slack.command, listens=self.address)

    async def _close(self, parts: Parts, opening: "asyncio.Task[None]") -> None:
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        closing = asyncio.create_task(parts.connection.close(), name="slack")
        await _finished([closing], asyncio.get_running_loop().time() + CLOSE_SECONDS)
        await parts.tasks.finish(FINISH_SECONDS / 2)


async def _try_targets(config: Config) -> None:
    """Says at once which Apprise URLs no warning will ever reach."""
    urls = [url.get_secret_value() for url in config.alerts.balance.apprise]
    for one in await asyncio.to_thread(examine_targets, urls):
        if one.level is Level.PROBLEM:
            log.error("warnings not deliverable", to=one.check, why=one.what, remedy=one.remedy)


@asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Does `work` as long as the block lasts; nothing else ends with it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _finished(tasks: list["asyncio.Task[None]"], ends_at: float) -> None:
    """Lets tasks finish until then, and ends them: what they leave is in the database."""
    _, late = await asyncio.wait(tasks, timeout=_left(ends_at))
    for task in late:
        log.warning("not finished in time", task=task.get_name())
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def _left(ends_at: float) -> float:
    """Seconds until then; none if it is past."""
    return max(0.0, ends_at - asyncio.get_running_loop().time())


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` comes to; None, and it is given up, where `stop` is set before."""
    begun, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({begun, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not begun.done():
        begun.cancel()
        await asyncio.wait({begun})
    return None if begun.cancelled() else begun.result()


async def _first(*tasks: "asyncio.Task[object]") -> None:
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
