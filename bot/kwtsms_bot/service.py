"""Puts the parts together, starts them in order and stops them in order. Decides nothing.

Stopping: the schedule first, then the socket (nothing new comes in), then what was begun is
awaited, then the outbox finishes the call in flight and what changed is shown, then all is closed.
"""

import asyncio
import os
import secrets
import socket
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from kwtsms_bot.alerts.apprise import AppriseCourier
from kwtsms_bot.alerts.store import AlertStore
from kwtsms_bot.alerts.watch import BalanceWatch
from kwtsms_bot.commands.base import Desk
from kwtsms_bot.config import Config
from kwtsms_bot.database import Database, DatabaseTrouble, open_database
from kwtsms_bot.outbox.store import Audit, DatabasePacer, Store
from kwtsms_bot.outbox.tracker import Tracker
from kwtsms_bot.outbox.worker import Worker
from kwtsms_bot.slack.app import Front
from kwtsms_bot.slack.connection import Connection, SlackUnreachable
from kwtsms_bot.slack.directory import Directory
from kwtsms_bot.slack.publisher import Publisher
from kwtsms_bot.slack.tasks import Tasks
from kwtsms_client import AsyncClient, Credentials

FINISH_SECONDS = 19.0  # All of a stop: whoever sends SIGTERM waits for twenty.
SHOW_SECONDS = 3.0  # The last of them, for what the end has changed.
RECONNECT_SECONDS = 5.0
log = structlog.get_logger(__name__)


class Service:
    """The bot as a whole; `ready` is set once Slack's commands are taken."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.ready = asyncio.Event()
        self.address = ""  # Where Slack's requests are taken over HTTP, once it is ready.

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set, and ends with nothing in flight.

        Raises:
            SlackRefused: a token is wrong.
        """
        async with AsyncExitStack() as stack:
            database = await open_database(self.config.outbox.database)
            stack.push_async_callback(database.close)
            pacer = DatabasePacer(database)
            gateway = await stack.enter_async_context(_gateway(self.config, pacer))
            parts = _Parts(self.config, database=database, gateway=gateway, pacer=pacer)
            await self._serve(parts, stop)

    async def _serve(self, parts: "_Parts", stop: asyncio.Event) -> None:
        """The outbox works from the start on: while Slack is down, accepted messages go out."""
        sending, showing = asyncio.Event(), asyncio.Event()  # Set to end them.
        workers = [
            asyncio.create_task(parts.worker.run(sending), name="worker"),
            asyncio.create_task(parts.tracker.run(sending), name="tracker"),
        ]
        shows = [
            asyncio.create_task(parts.publisher.run(showing), name="publisher"),
            asyncio.create_task(parts.courier.run(showing), name="courier"),
        ]
        background = [*workers, *shows]
        stopping = asyncio.create_task(stop.wait(), name="stop")
        opening = asyncio.create_task(self._open(parts), name="slack")
        parts.scheduler.start()
        try:
            await _first(stopping, opening, *background)
            if opening.done() and not stop.is_set():
                opening.result()
                self.ready.set()
                await _first(stopping, *background)
        finally:
            stopping.cancel()
            ends_at = asyncio.get_running_loop().time() + FINISH_SECONDS
            await self._close(parts, opening)
            sending.set()
            await _finished(workers, ends_at - SHOW_SECONDS)
            showing.set()
            await _finished(shows, ends_at)
            log.info("stopped")
        for task in background:
            if not task.cancelled():
                task.result()

    async def _open(self, parts: "_Parts") -> None:
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

    async def _close(self, parts: "_Parts", opening: "asyncio.Task[None]") -> None:
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        parts.scheduler.shutdown(wait=False)
        await parts.connection.close()
        await parts.tasks.finish(FINISH_SECONDS / 2)


class _Parts:
    """What the service is made of, wired."""

    def __init__(
        self,
        config: Config,
        *,
        database: Database,
        gateway: AsyncClient,
        pacer: DatabasePacer,
    ) -> None:
        store = Store(database)
        self.store, self.retention = store, config.outbox.retention
        self.tasks = Tasks()
        self.connection = Connection(config.slack)
        client = self.connection.client
        directory = Directory(client, _groups(config), config.language)
        alerts = AlertStore(database)
        watch = config.alerts.balance
        self.publisher = Publisher(
            store, alerts, channels=watch.channels, client=client, directory=directory
        )
        self.courier = AppriseCourier(alerts, (url.get_secret_value() for url in watch.apprise))
        self.worker = Worker(
            store,
            gateway,
            pacer,
            owner=owner(),
            lease=config.outbox.lease,
            clock=now,
            on_change=self.publisher.wake,
        )
        self.tracker = Tracker(store, gateway, clock=now, on_change=self.publisher.wake)
        desk = Desk(config, store, Audit(database), alerts, gateway, directory, now, self.wake)
        self.front = Front(desk, directory, client)
        self.watch = BalanceWatch(
            watch,
            alerts,
            gateway,
            targets=(*watch.channels, *self.courier.targets),
            on_change=self.warned,
        )
        self.scheduler = self._schedule(config)

    def wake(self) -> None:
        """There is something new in the outbox: to send, and to show."""
        self.worker.wake()
        self.publisher.wake()

    def warned(self) -> None:
        """There is a balance warning on its way."""
        self.publisher.wake()
        self.courier.wake()

    def _schedule(self, config: Config) -> AsyncIOScheduler:
        every = config.alerts.balance.every
        scheduler = AsyncIOScheduler(timezone=UTC)
        scheduler.add_job(
            self._check_balance,
            "interval",
            seconds=every.total_seconds(),
            next_run_time=now(),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=int(every.total_seconds()),
        )
        scheduler.add_job(self._erase, "interval", hours=1, next_run_time=now())
        return scheduler

    async def _erase(self) -> None:
        self.tasks.start(self._erased())

    async def _erased(self) -> None:
        """Forgets what is older than the retention time, a part of it at a time."""
        try:
            while count := await self.store.erase(now() - self.retention):
                log.info("erased", messages=count)
            await self.store.drop_old_drafts(now())
        except DatabaseTrouble as error:
            log.error("not erased", error=str(error))

    async def _check_balance(self) -> None:
        """Begun here and awaited at the stop: what the scheduler awaits, it cancels at the stop."""
        self.tasks.start(self._balance_checked())

    async def _balance_checked(self) -> None:
        try:
            await self.watch.check(now())
        except DatabaseTrouble as error:
            log.error("balance not checked", error=str(error))


def _gateway(config: Config, pacer: DatabasePacer) -> AsyncClient:
    settings = config.kwtsms
    return AsyncClient(
        Credentials(settings.username, settings.password.get_secret_value()),
        base_url=settings.base_url,
        sender_id=settings.sender_id,
        test_mode=settings.test_mode,
        default_country=settings.default_country,
        timeout=settings.timeout.total_seconds(),
        pacer=pacer,
    )


def _groups(config: Config) -> set[str]:
    access = config.access
    grants = (access.reader, access.sender, access.bulk, access.admin)
    return {group for grant in grants for group in grant.groups}


async def _finished(tasks: list["asyncio.Task[None]"], ends_at: float) -> None:
    """Lets tasks finish until then, and ends them: what they leave is in the database."""
    left = ends_at - asyncio.get_running_loop().time()
    _, late = await asyncio.wait(tasks, timeout=max(0.0, left))
    for task in late:
        log.warning("not finished in time", task=task.get_name())
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


async def _first(*tasks: "asyncio.Task[object]") -> None:
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


def owner() -> str:
    """A name for this process that no other has, not even its successor with the same id."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def now() -> datetime:
    """The one place where the service reads the clock."""
    return datetime.now(UTC)
