"""The components of drills and of overdue integrations, wired to one another."""

import asyncio
from collections.abc import Callable, Mapping

from kwtsms_bot.bridge.activity_recorder import ActivityRecorder
from kwtsms_bot.bridge.alert_tester import AlertTester
from kwtsms_bot.bridge.drills.control import DrillControl
from kwtsms_bot.bridge.drills.store.drills import DrillStore
from kwtsms_bot.bridge.drills.store.switch import DrillSwitch
from kwtsms_bot.bridge.overdue.monitor import OverdueMonitor
from kwtsms_bot.bridge.overdue.store import OverdueStore
from kwtsms_bot.bridge.reports import Receiver
from kwtsms_bot.commands.bridge.on_call_text import Presentation
from kwtsms_bot.config import Config
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.database import Database
from kwtsms_bot.i18n.translator import language
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.monitoring.bridge_metrics import BridgeMetrics
from kwtsms_bot.slack.cards.drill_notifier import DrillNotifier
from kwtsms_bot.slack.connection import SlackConnection


class DrillComponents:
    """Drills, and the monitor of tools that are silent."""

    def __init__(
        self,
        config: Config,
        bridge: BridgeSettings,
        database: Database,
        receivers: Mapping[str, Receiver],
        *,
        connection: SlackConnection,
        tester: AlertTester,
        recorder: ActivityRecorder,
        on_change: Callable[[], None],
    ) -> None:
        say = language(config.language)
        self.store = DrillStore(database, receivers)
        self.control = DrillControl(
            bridge,
            receivers,
            self.store,
            DrillSwitch(database),
            tester=tester,
            say=say,
            on_change=on_change,
        )
        zone = bridge.drill.zone if bridge.drill else KUWAIT_TZ
        self._notifier = DrillNotifier(
            self.control,
            connection.client,
            Presentation(config.phonebook, zone, say),
            channel=next(iter(bridge.notice_channels), None),
        )
        self.overdue = OverdueStore(database, bridge, receivers)
        self._monitor = OverdueMonitor(self.overdue, recorder, on_change=on_change)

    def start_workers(self, stop: asyncio.Event) -> "list[asyncio.Task[None]]":
        """Starts what begins drills and notices silence; it runs until `stop` is set."""
        return [
            asyncio.create_task(self.control.run(stop), name="drills"),
            asyncio.create_task(self._monitor.run(stop), name="overdue monitor"),
        ]

    def start_notifiers(self, stop: asyncio.Event) -> "list[asyncio.Task[None]]":
        """Starts what reports drills in Slack; it runs until `stop` is set."""
        return [asyncio.create_task(self._notifier.run(stop), name="drill notifier")]

    async def refresh_metrics(self, metrics: BridgeMetrics) -> None:
        """Refreshes the gauges from the database.

        Raises:
            DatabaseError: it does not answer; they keep their values.
        """
        metrics.show_overdue(await self.overdue.by_integration())
        now, passed_at = await self.store.now(), await self.store.last_passed_at()
        age = (now - passed_at).total_seconds() if passed_at else None
        ended = [one.outcome for one in await self.store.latest(2) if one.outcome]
        metrics.show_drills(age, ended[0] if ended else None)
