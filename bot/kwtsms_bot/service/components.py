"""The components of the service, wired to one another. Starts nothing and decides nothing."""

import os
import secrets
import socket
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.balance.apprise_notifier import AppriseNotifier
from kwtsms_bot.balance.digest import DigestJob
from kwtsms_bot.balance.monitor import BalanceMonitor
from kwtsms_bot.balance.store import BalanceStore, open_balance_store
from kwtsms_bot.commands.base import CommandContext
from kwtsms_bot.config import Config
from kwtsms_bot.database import Database
from kwtsms_bot.i18n.translator import language
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.monitoring.heartbeat import HeartbeatSender
from kwtsms_bot.monitoring.instrumented import (
    InstrumentedClient,
    InstrumentedRateLimiter,
    count_accepted,
)
from kwtsms_bot.monitoring.metrics import Metrics
from kwtsms_bot.monitoring.metrics_endpoint import MetricsEndpoint
from kwtsms_bot.monitoring.readiness import Readiness
from kwtsms_bot.outbox.delivery.poller import DeliveryPoller
from kwtsms_bot.outbox.delivery.status_client import StatusClient
from kwtsms_bot.outbox.dispatch.ports import RateLimiter
from kwtsms_bot.outbox.dispatch.worker import DispatchStores, Worker
from kwtsms_bot.outbox.flow_control.breaker_probe import BreakerProbe
from kwtsms_bot.outbox.retention.jobs import RetentionJob
from kwtsms_bot.outbox.store import COOLDOWN, DatabaseRateLimiter, open_outbox
from kwtsms_bot.outbox.unknown.reconciler import UnknownReconciler
from kwtsms_bot.service.waits import DEFAULT_WAITS, Waits
from kwtsms_bot.slack.cards.balance_notifier import BalanceNotifier
from kwtsms_bot.slack.cards.card_publisher import CardPublisher
from kwtsms_bot.slack.connection import SlackConnection
from kwtsms_bot.slack.listeners import SlackListeners
from kwtsms_bot.slack.users import SlackUserDirectory
from kwtsms_client import AsyncClient, Credentials

if TYPE_CHECKING:
    from kwtsms_bot.service.bridge import BridgeComponents


class Components:
    """The objects of the service, wired to one another."""

    def __init__(
        self,
        config: Config,
        *,
        database: Database,
        gateway: AsyncClient,
        rate_limiter: DatabaseRateLimiter,
        metrics: Metrics,
        cooldown: timedelta = COOLDOWN,
        waits: Waits = DEFAULT_WAITS,
    ) -> None:
        self.config, self.clock, self._waits = config, now, waits
        self.tasks = BackgroundTasks(metrics.observe_acknowledgement)
        self.outbox = open_outbox(
            database,
            cooldown=cooldown,
            in_quiet_hours=self._in_quiet_hours,
            on_accepted=count_accepted(metrics),
        )
        balance_store = open_balance_store(database)
        self._build_slack(balance_store, gateway, metrics)
        self._build_outbox(gateway, rate_limiter, metrics)
        self._build_balance(balance_store, gateway)
        self._build_monitoring(balance_store, metrics)

    def _build_slack(
        self, balance_store: BalanceStore, gateway: AsyncClient, metrics: Metrics
    ) -> None:
        config = self.config
        self.connection = SlackConnection(config.slack, ping_seconds=self._waits.ping)
        client = self.connection.client
        directory = SlackUserDirectory(
            client,
            config.access.groups,
            config.language,
            channels=config.access.channels,
            tasks=self.tasks,
        )
        balance_notifier = BalanceNotifier(
            balance_store.notices,
            self.connection.no_retry_client,
            language(config.language),
            channels=(
                *config.alerts.balance.channels,
                *(config.bridge.notice_channels if config.bridge else ()),
            ),
            admins=config.access.admin.users,
        )
        self.card_publisher = CardPublisher(
            self.outbox.cards,
            balance_notifier,
            client=client,
            directory=directory,
            update_seconds=self._waits.card,
        )
        self.bridge = self._build_bridge(metrics)
        context = CommandContext(
            config,
            self.outbox,
            self.outbox.audit,
            balance_store,
            gateway,
            directory,
            now,
            self.wake,
            incidents=None if self.bridge is None else self.bridge.control,
            on_call=None if self.bridge is None else self.bridge.on_call.control,
        )
        self.listeners = SlackListeners(context, directory, client)

    def _build_outbox(
        self, gateway: AsyncClient, rate_limiter: DatabaseRateLimiter, metrics: Metrics
    ) -> None:
        outbox, on_change = self.outbox, self.on_outbox_change
        self.worker = Worker(
            DispatchStores(outbox.claims, outbox.settlements, outbox.leases, outbox.breaker),
            gateway,
            InstrumentedRateLimiter(rate_limiter, metrics),
            owner=owner(),
            lease=self.config.outbox.lease,
            clock=now,
            on_change=on_change,
            on_balance=self.on_balance_hint,
        )
        self.delivery_poller = DeliveryPoller(
            StatusClient(gateway, rate_limiter),
            delivery=outbox.delivery,
            claims=outbox.claims,
            breaker=outbox.breaker,
            clock=now,
            check_interval=2 * rate_limiter.interval,
            on_change=on_change,
        )
        self.reconciler = UnknownReconciler(
            outbox.evidence, outbox.breaker, gateway, clock=now, on_change=on_change
        )
        self.breaker_probe = BreakerProbe(outbox.breaker, gateway, on_answer=self.worker.wake)
        self.retention = RetentionJob(outbox.database, outbox.purge, outbox.drafts)

    def _build_balance(self, balance_store: BalanceStore, gateway: AsyncClient) -> None:
        settings = self.config.alerts.balance
        urls = (url.get_secret_value() for url in settings.apprise)
        self.apprise_notifier = AppriseNotifier(
            balance_store.notices, urls, language(self.config.language), zone=settings.zone
        )
        targets = (*settings.channels, *self.apprise_notifier.targets)
        self.balance_monitor = BalanceMonitor(
            settings,
            balance_store.samples,
            gateway,
            targets=targets,
            on_change=self.on_balance_notice,
        )
        self.digest_job = DigestJob(
            settings, balance_store.digests, targets=targets, on_change=self.on_balance_notice
        )

    def _build_monitoring(self, balance_store: BalanceStore, metrics: Metrics) -> None:
        statistics = self.outbox.statistics
        self.readiness = Readiness(
            statistics,
            slack=self.connection.is_alive,
            slack_problem=lambda: self.connection.problem,
            dispatcher_idle=lambda: self.worker.idle_seconds,
            answer_timeout=self.config.kwtsms.timeout,
            clock=now,
            bridge=lambda: None if self.bridge is None else self.bridge.status(),
        )
        self.metrics_endpoint = MetricsEndpoint(
            metrics,
            statistics,
            balance_store.notices,
            self.readiness,
            refreshers=() if self.bridge is None else (self.bridge.refresh_metrics,),
        )
        self.heartbeat = HeartbeatSender(self.config.heartbeat, self.readiness)

    def _build_bridge(self, metrics: Metrics) -> "BridgeComponents | None":
        """Builds the bridge, if it is configured; else its modules are not even loaded."""
        if self.config.bridge is None:
            return None
        from kwtsms_bot.service.bridge import BridgeComponents  # noqa: PLC0415 - See above.

        return BridgeComponents(
            self.config,
            self.config.bridge,
            self.outbox.database,
            self.connection,
            metrics=metrics,
            on_bundled=self.wake,
        )

    def on_outbox_change(self) -> None:
        """Signals that a message has changed: its card, and what waits for its outcome."""
        self.card_publisher.wake()
        if self.bridge is not None:
            self.bridge.bundler.wake()

    def wake(self) -> None:
        """Signals that there is something new in the outbox, to send and to show."""
        self.worker.wake()
        self.card_publisher.wake()

    def _in_quiet_hours(self) -> bool:
        """Whether it is in quiet hours, when no bulk message is sent."""
        return self.config.limits.is_quiet(now().astimezone(KUWAIT_TZ).time())

    def on_balance_hint(self, available: Decimal) -> None:
        """Checks a balance that came with a kwtSMS answer; it may have crossed a threshold."""
        self.tasks.start(self.balance_monitor.on_balance_hint(available, now()))

    def on_balance_notice(self) -> None:
        """Signals that there is a new balance notice to deliver."""
        self.card_publisher.wake()
        self.apprise_notifier.wake()


def gateway_client(
    config: Config, rate_limiter: RateLimiter, metrics: Metrics
) -> InstrumentedClient:
    """Returns the client of the configured kwtSMS account."""
    settings = config.kwtsms
    return InstrumentedClient(
        Credentials(settings.username, settings.password.get_secret_value()),
        base_url=settings.base_url,
        sender_id=settings.sender_id,
        test_mode=settings.test_mode,
        default_country=settings.default_country,
        timeout=settings.timeout.total_seconds(),
        pacer=rate_limiter,
        metrics=metrics,
    )


def owner() -> str:
    """Returns a unique name for this process; its successor with the same PID has another."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def now() -> datetime:
    """Returns the current time; the service reads the clock nowhere else."""
    return datetime.now(UTC)
