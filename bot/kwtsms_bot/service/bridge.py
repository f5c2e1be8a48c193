"""The bridge's components, wired to one another; loaded only where `bridge:` is configured."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from aiohttp import web

from kwtsms_bot.balance.apprise_notifier import target_id
from kwtsms_bot.bridge.bundler import Bundler
from kwtsms_bot.bridge.bundling import ContactPhone, Recipients, Style
from kwtsms_bot.bridge.episodes import AlertOutcome
from kwtsms_bot.bridge.incident_control import BridgeControl
from kwtsms_bot.bridge.reports import make_receivers
from kwtsms_bot.bridge.store.actions import IncidentActions
from kwtsms_bot.bridge.store.bundle import BundleStore, SendingTerms
from kwtsms_bot.bridge.store.credit_notices import NoticeTargets
from kwtsms_bot.bridge.store.figures import count_figures
from kwtsms_bot.bridge.store.incident_cards import IncidentCardStore
from kwtsms_bot.bridge.store.incident_queries import IncidentQueries
from kwtsms_bot.bridge.store.intake import AlertIntake
from kwtsms_bot.bridge.webhooks import REASONS, Webhooks
from kwtsms_bot.config import Config
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.database import Database
from kwtsms_bot.i18n.translator import language
from kwtsms_bot.monitoring.bridge_metrics import BridgeMetrics
from kwtsms_bot.monitoring.health import BridgeStatus
from kwtsms_bot.monitoring.health_endpoint import ServerLimits, serve_http
from kwtsms_bot.monitoring.metrics import Metrics
from kwtsms_bot.slack.cards.incident_publisher import IncidentPublisher
from kwtsms_bot.slack.connection import SlackConnection

# Connections of its own: nothing takes them from Slack's endpoint. A refusal has half a second to
# reach a client that is still sending.
LIMITS = ServerLimits("bridge.listen", connections=500, linger=0.5, finish=2.5)
log = structlog.get_logger(__name__)


class BridgeComponents:
    """The endpoint for alerts, what people do to incidents, and the bundler."""

    def __init__(
        self,
        config: Config,
        bridge: BridgeSettings,
        database: Database,
        connection: SlackConnection,
        *,
        metrics: Metrics,
        on_bundled: Callable[[], None],
    ) -> None:
        self._listen, self._database = bridge.listen, database
        receivers = make_receivers(bridge, config.phonebook)
        self.publisher = _publisher(config, bridge, database, connection)
        on_change = self.publisher.wake
        self.intake = AlertIntake(
            database,
            receivers,
            credits_per_day=bridge.credits_per_day,
            on_accepted=on_change,
        )
        self._metrics = BridgeMetrics(
            bridge.integrations, outcomes=AlertOutcome, reasons=REASONS, registry=metrics.registry
        )
        self.webhooks = Webhooks(bridge, receivers, self.intake, metrics=self._metrics)
        self.control = BridgeControl(
            bridge,
            IncidentQueries(database),
            IncidentActions(database),
            self.webhooks,
            on_change=self._on_action,
            listening_at=lambda: self.address,
        )
        self.bundler = Bundler(
            BundleStore(database, _sending_terms(config, bridge)),
            on_bundled=on_bundled,
            on_change=on_change,
        )
        self.address = ""  # Of the endpoint, once it listens.

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Listens for alerts during the block.

        Raises:
            CannotListen: the address cannot be bound.
        """
        app = web.Application()
        app.add_routes(self.webhooks.routes())
        try:
            async with serve_http(app, self._listen, LIMITS) as self.address:
                log.info("alerts accepted", at=self.address)
                yield
        finally:
            self.address = ""

    def status(self) -> BridgeStatus:
        """Returns what /readyz says of the bridge."""
        return BridgeStatus(bool(self.address), timedelta(seconds=self.bundler.idle_seconds))

    async def refresh_metrics(self) -> None:
        """Refreshes the gauges from the database.

        Raises:
            DatabaseError: it does not answer; they keep their values.
        """
        self._metrics.show(await count_figures(self._database))

    def _on_action(self) -> None:
        self.bundler.wake()
        self.publisher.wake()


def _publisher(
    config: Config, bridge: BridgeSettings, database: Database, connection: SlackConnection
) -> IncidentPublisher:
    return IncidentPublisher(
        IncidentCardStore(database),
        connection.client,
        language(config.language),
        channels={name: one.channel or bridge.channel for name, one in bridge.receivers.items()},
        admins=config.access.admin.users,
    )


def _sending_terms(config: Config, bridge: BridgeSettings) -> SendingTerms:
    people = {
        name: ContactPhone(contact.number, contact.language)
        for name, contact in config.phonebook.contacts.items()
    }
    styles = {name: Style(one.language, one.pages) for name, one in bridge.receivers.items()}
    return SendingTerms(
        sender_id=bridge.sender_id or config.kwtsms.sender_id,
        test=config.kwtsms.test_mode,
        credits_per_day=bridge.credits_per_day,
        recipients=Recipients(people, styles),
        notice_targets=NoticeTargets(
            bridge.notice_channels or config.alerts.balance.channels,
            tuple(target_id(url.get_secret_value()) for url in config.alerts.balance.apprise),
        ),
    )
