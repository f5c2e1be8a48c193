"""The components of on call, wired to one another; a part of the bridge."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog

from kwtsms_bot.bridge.on_call.control import ScheduleControl
from kwtsms_bot.bridge.on_call.duty_roster import AHEAD, DutyRoster
from kwtsms_bot.bridge.on_call.refresh import RosterRefresher
from kwtsms_bot.bridge.on_call.store import OnCallStore
from kwtsms_bot.config import Config
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.database import Database, DatabaseError
from kwtsms_bot.i18n.translator import language
from kwtsms_bot.slack.cards.on_call_notifier import OnCallNotifier
from kwtsms_bot.slack.connection import SlackConnection

FIRST_FETCH_SECONDS = 5.0  # Of the start; after that, alerts are accepted without calendars.
log = structlog.get_logger(__name__)


class OnCallComponents:
    """The roster, which the others share, and what refreshes, changes and announces it."""

    def __init__(
        self,
        config: Config,
        bridge: BridgeSettings,
        database: Database,
        connection: SlackConnection,
    ) -> None:
        self.roster = DutyRoster(bridge.oncall, config.phonebook)
        store = OnCallStore(database)
        self.refresher = RosterRefresher(self.roster, store, clock=_now)
        self.notifier = OnCallNotifier(
            self.roster,
            store,
            connection.client,
            language(config.language),
            channels=bridge.notice_channels,
            phonebook=config.phonebook,
            clock=_now,
        )
        self.control = ScheduleControl(
            self.roster, store, config.phonebook, on_change=self.notifier.wake
        )

    async def prepare(self) -> None:
        """Loads what the database has, so that the first alert finds who is on call.

        A calendar without a copy is fetched first, unless that takes long.
        """
        try:
            await self.refresher.load_stored()
            async with asyncio.timeout(FIRST_FETCH_SECONDS):
                await self.refresher.refresh_calendars()
        except TimeoutError:
            log.warning("calendars not read yet")
        except DatabaseError as error:
            log.error("schedules not loaded", error=str(error))

    def gap_seconds(self) -> Mapping[str, float]:
        """Returns for how long nobody is on call within the next 14 days, by schedule."""
        now = _now()
        return {
            name: sum(
                (one.ends_at - one.starts_at for one in self.roster.gaps(name, now, now + AHEAD)),
                timedelta(0),
            ).total_seconds()
            for name in self.roster.names
        }


def _now() -> datetime:
    return datetime.now(UTC)
