"""What the service is made of, wired. Starts nothing and decides nothing."""

import os
import secrets
import socket
from datetime import UTC, datetime
from decimal import Decimal

from kwtsms_bot.alerts.apprise import AppriseCourier
from kwtsms_bot.alerts.digest import Digest
from kwtsms_bot.alerts.store import AlertStore
from kwtsms_bot.alerts.watch import BalanceWatch
from kwtsms_bot.commands.base import Desk
from kwtsms_bot.config import Config
from kwtsms_bot.database import Database
from kwtsms_bot.kuwait import ZONE
from kwtsms_bot.language import language
from kwtsms_bot.operation.counting import CountedClient, CountedStore, CountedTurns
from kwtsms_bot.operation.exposition import Exposition
from kwtsms_bot.operation.heartbeat import Pulse
from kwtsms_bot.operation.metrics import Metrics
from kwtsms_bot.operation.readiness import Readiness
from kwtsms_bot.outbox.asking import Asking
from kwtsms_bot.outbox.carrying import Turns
from kwtsms_bot.outbox.scout import Scout
from kwtsms_bot.outbox.store import Audit, DatabasePacer
from kwtsms_bot.outbox.store.figures import Figures
from kwtsms_bot.outbox.tracker import Tracker
from kwtsms_bot.outbox.witness import Witness
from kwtsms_bot.outbox.worker import Worker
from kwtsms_bot.slack.app import Front
from kwtsms_bot.slack.connection import Connection
from kwtsms_bot.slack.directory import Directory
from kwtsms_bot.slack.herald import Herald
from kwtsms_bot.slack.publisher import Publisher
from kwtsms_bot.slack.tasks import Tasks
from kwtsms_client import AsyncClient, Credentials


class Parts:
    """What the service is made of, wired."""

    def __init__(
        self,
        config: Config,
        *,
        database: Database,
        gateway: AsyncClient,
        pace: DatabasePacer,
        metrics: Metrics,
    ) -> None:
        self.config, self.clock = config, now
        self.store = store = CountedStore(database, metrics, rests=self._rests)
        self.tasks = Tasks(metrics.acknowledged)
        self.connection = Connection(config.slack)
        client = self.connection.client
        directory = Directory(client, config.access.groups, config.language, tasks=self.tasks)
        alerts = AlertStore(database)
        watch = config.alerts.balance
        say = language(config.language)
        herald = Herald(
            alerts,
            self.connection.impatient,
            say,
            channels=watch.channels,
            admins=config.access.admin.users,
        )
        self.publisher = Publisher(store, herald, client=client, directory=directory)
        urls = (url.get_secret_value() for url in watch.apprise)
        self.courier = AppriseCourier(alerts, urls, say, zone=watch.zone)
        self.worker = Worker(
            store,
            gateway,
            CountedTurns(pace, metrics),
            owner=owner(),
            lease=config.outbox.lease,
            clock=now,
            on_change=self.publisher.wake,
            on_balance=self.heard,
        )
        asking = Asking(gateway, pace)
        self.tracker = Tracker(
            store, asking, clock=now, turn=2 * pace.interval, on_change=self.publisher.wake
        )
        self.witness = Witness(store, gateway, clock=now, on_change=self.publisher.wake)
        self.scout = Scout(store, gateway, on_answer=self.worker.wake)
        desk = Desk(config, store, Audit(database), alerts, gateway, directory, now, self.wake)
        self.front = Front(desk, directory, client)
        targets = (*watch.channels, *self.courier.targets)
        self.watch = BalanceWatch(watch, alerts, gateway, targets=targets, on_change=self.warned)
        self.digest = Digest(watch, alerts, targets=targets, on_change=self.warned)
        figures = Figures(database, rests=self._rests)
        self.readiness = Readiness(
            figures,
            slack=self.connection.is_alive,
            dispatcher_idle=lambda: self.worker.idle_seconds,
            answer_takes=config.kwtsms.timeout,
            clock=now,
        )
        self.exposition = Exposition(metrics, figures, alerts, self.readiness)
        self.pulse = Pulse(config.heartbeat, self.readiness)

    def wake(self) -> None:
        """There is something new in the outbox: to send, and to show."""
        self.worker.wake()
        self.publisher.wake()

    def _rests(self) -> bool:
        """Whether it is an hour at which no messages to many go out."""
        return self.config.limits.is_quiet(now().astimezone(ZONE).time())

    def heard(self, available: Decimal) -> None:
        """An answer of kwtSMS has told the balance: it may be a crossing."""
        self.tasks.start(self.watch.heard(available, now()))

    def warned(self) -> None:
        """There is a balance warning on its way."""
        self.publisher.wake()
        self.courier.wake()


def gateway_client(config: Config, pacer: Turns, metrics: Metrics) -> CountedClient:
    """The account that pays for the messages."""
    settings = config.kwtsms
    return CountedClient(
        Credentials(settings.username, settings.password.get_secret_value()),
        base_url=settings.base_url,
        sender_id=settings.sender_id,
        test_mode=settings.test_mode,
        default_country=settings.default_country,
        timeout=settings.timeout.total_seconds(),
        pacer=pacer,
        metrics=metrics,
    )


def owner() -> str:
    """A name for this process that no other has, not even its successor with the same id."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def now() -> datetime:
    """The one place where the service reads the clock."""
    return datetime.now(UTC)
