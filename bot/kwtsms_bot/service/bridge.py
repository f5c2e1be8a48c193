"""The bridge's components, wired to one another; loaded only where `bridge:` is configured."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from aiohttp import web

from kwtsms_bot.balance.apprise_notifier import target_id
from kwtsms_bot.bridge.activity_recorder import ActivityRecorder
from kwtsms_bot.bridge.alert_tester import AlertTester
from kwtsms_bot.bridge.bundler import Bundler
from kwtsms_bot.bridge.bundling import ContactPhone, Recipients, Style
from kwtsms_bot.bridge.episodes import AlertOutcome
from kwtsms_bot.bridge.escalation.contacts import ContactDirectory
from kwtsms_bot.bridge.escalation.policy import Policies
from kwtsms_bot.bridge.incident_control import BridgeControl, ControlStores
from kwtsms_bot.bridge.reports import Receiver, make_receivers
from kwtsms_bot.bridge.send_api.endpoint import ApiStores, SendApi
from kwtsms_bot.bridge.send_api.errors import ErrorCode
from kwtsms_bot.bridge.send_api.store.intake import ApiIntake
from kwtsms_bot.bridge.send_api.store.messages import ApiMessages
from kwtsms_bot.bridge.send_api.terms import make_terms
from kwtsms_bot.bridge.silences.inhibition import make_rules
from kwtsms_bot.bridge.store.actions import IncidentActions
from kwtsms_bot.bridge.store.bundle import BundleStore, SendingTerms
from kwtsms_bot.bridge.store.credit_notices import NoticeTargets
from kwtsms_bot.bridge.store.ends.removed_integrations import RemovedIntegrations
from kwtsms_bot.bridge.store.figures import count_figures
from kwtsms_bot.bridge.store.incident_dms import IncidentDmStore
from kwtsms_bot.bridge.store.incident_queries import IncidentQueries
from kwtsms_bot.bridge.store.intake import AlertIntake
from kwtsms_bot.bridge.store.integration_states import IntegrationStateStore
from kwtsms_bot.bridge.store.silence_clock import Inhibition
from kwtsms_bot.bridge.store.silences import SilenceStore
from kwtsms_bot.bridge.webhooks import REASONS, Webhooks
from kwtsms_bot.config import Config
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.database import Database, DatabaseError
from kwtsms_bot.i18n.translator import language
from kwtsms_bot.monitoring.api_metrics import ApiMetrics
from kwtsms_bot.monitoring.bridge_metrics import BridgeMetrics
from kwtsms_bot.monitoring.health import BridgeStatus
from kwtsms_bot.monitoring.health_endpoint import ServerLimits, serve_http
from kwtsms_bot.monitoring.instrumented import count_accepted
from kwtsms_bot.monitoring.metrics import Metrics
from kwtsms_bot.outbox.unknown.cancellation import Cancellation
from kwtsms_bot.service.drills import DrillComponents
from kwtsms_bot.service.on_call import OnCallComponents
from kwtsms_bot.slack.cards.incident_publisher import IncidentPublisher, IncidentStores
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
        self._removed = RemovedIntegrations(database, bridge.integrations)
        self.on_call = OnCallComponents(config, bridge, database, connection)
        receivers = make_receivers(bridge, ContactDirectory(config.phonebook, self.on_call.roster))
        policies = {name: one.policy for name, one in receivers.items()}
        self.publisher = _publisher(config, bridge, database, connection, policies=policies)
        on_change = self.publisher.wake
        inhibitions = make_rules(bridge.inhibit)
        self.intake = AlertIntake(
            database,
            receivers,
            credits_per_day=bridge.credits_per_day,
            inhibitions=inhibitions,
            on_accepted=on_change,
        )
        self.api = _send_api(config, bridge, database, metrics, on_change=on_bundled)
        self._metrics = BridgeMetrics(
            bridge.integrations, outcomes=AlertOutcome, reasons=REASONS, registry=metrics.registry
        )
        self.webhooks = Webhooks(bridge, receivers, self.intake, metrics=self._metrics)
        self.recorder = ActivityRecorder(self.webhooks.activity, IntegrationStateStore(database))
        tester = AlertTester(
            bridge,
            config.phonebook,
            receivers,
            intake=self.intake,
            dms=IncidentDmStore(database),
        )
        self._drills = DrillComponents(
            config,
            bridge,
            database,
            receivers,
            connection=connection,
            tester=tester,
            recorder=self.recorder,
            on_change=self._on_action,
        )
        self.control = BridgeControl(
            bridge,
            ControlStores(
                IncidentQueries(database, policies),
                IncidentActions(database, receivers),
                SilenceStore(database, receivers, inhibitions),
            ),
            recorder=self.recorder,
            tester=tester,
            drills=self._drills.control,
            on_change=self._on_action,
            listening_at=lambda: self.address,
            refusing_channels=self.publisher.refusing_channels,
        )
        self.bundler = Bundler(
            BundleStore(database, _sending_terms(config, bridge, receivers)),
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
        app.add_routes(self.api.routes() if self.api else ())
        await self.on_call.prepare()
        await self._close_removed()
        try:
            async with serve_http(app, self._listen, LIMITS) as self.address:
                log.info("alerts accepted", at=self.address)
                yield
        finally:
            self.address = ""

    async def _close_removed(self) -> None:
        """Closes what is open of integrations that were removed; a later start does it, too."""
        try:
            ended = await self._removed.close()
        except DatabaseError as error:
            log.error("removed integrations not closed", error=str(error))
            return
        if ended:
            log.warning("alerts of removed integrations closed", alerts=ended)

    def start_workers(self, stop: asyncio.Event) -> "list[asyncio.Task[None]]":
        """Starts what makes messages of alerts, and what they need; it runs until `stop` is set."""
        return [
            asyncio.create_task(self.bundler.run(stop), name="bundler"),
            asyncio.create_task(self.recorder.run(stop), name="activity recorder"),
            asyncio.create_task(self.on_call.refresher.run(stop), name="roster refresher"),
            *self._drills.start_workers(stop),
        ]

    def start_notifiers(self, stop: asyncio.Event) -> "list[asyncio.Task[None]]":
        """Starts what shows alerts and schedules in Slack; it runs until `stop` is set."""
        return [
            asyncio.create_task(self.publisher.run(stop), name="incident publisher"),
            asyncio.create_task(self.on_call.notifier.run(stop), name="on-call notifier"),
            *self._drills.start_notifiers(stop),
        ]

    def status(self) -> BridgeStatus:
        """Returns what /readyz says of the bridge."""
        return BridgeStatus(bool(self.address), timedelta(seconds=self.bundler.idle_seconds))

    async def refresh_metrics(self) -> None:
        """Refreshes the gauges from the database.

        Raises:
            DatabaseError: it does not answer; they keep their values.
        """
        self._metrics.show(await count_figures(self._database))
        self._metrics.show_gaps(self.on_call.gap_seconds())
        await self._drills.refresh_metrics(self._metrics)

    def _on_action(self) -> None:
        self.bundler.wake()
        self.publisher.wake()


def _send_api(
    config: Config,
    bridge: BridgeSettings,
    database: Database,
    metrics: Metrics,
    *,
    on_change: Callable[[], None],
) -> SendApi | None:
    if not bridge.api:
        return None
    return SendApi(
        bridge,
        make_terms(config),
        ApiStores(
            ApiIntake(database, on_accepted=count_accepted(metrics)),
            ApiMessages(database),
            Cancellation(database),
        ),
        on_change=on_change,
        metrics=ApiMetrics(bridge.api, codes=ErrorCode, registry=metrics.registry),
    )


def _publisher(
    config: Config,
    bridge: BridgeSettings,
    database: Database,
    connection: SlackConnection,
    *,
    policies: Policies,
) -> IncidentPublisher:
    return IncidentPublisher(
        IncidentStores.at(database, policies),
        connection.client,
        language(config.language),
        channels={name: one.channel or bridge.channel for name, one in bridge.receivers.items()},
        admins=config.access.admin.users,
    )


def _sending_terms(
    config: Config, bridge: BridgeSettings, receivers: Mapping[str, Receiver]
) -> SendingTerms:
    people = {
        name: ContactPhone(contact.number, contact.language, contact.slack)
        for name, contact in config.phonebook.contacts.items()
    }
    styles = {name: Style(one.language, one.pages) for name, one in bridge.receivers.items()}
    return SendingTerms(
        sender_id=bridge.sender_id or config.kwtsms.sender_id,
        test=config.kwtsms.test_mode,
        credits_per_day=bridge.credits_per_day,
        recipients=Recipients(people, styles),
        receivers=receivers,
        inhibition=Inhibition(make_rules(bridge.inhibit)),
        notice_targets=NoticeTargets(
            bridge.notice_channels or config.alerts.balance.channels,
            tuple(target_id(url.get_secret_value()) for url in config.alerts.balance.apprise),
        ),
    )
