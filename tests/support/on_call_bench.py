"""Schedules with a real database, commands and a local Slack; the test moves the clock."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kwtsms_bot.bridge.on_call.control import ScheduleControl
from kwtsms_bot.bridge.on_call.duty_roster import DutyRoster
from kwtsms_bot.bridge.on_call.refresh import RosterRefresher
from kwtsms_bot.bridge.on_call.store import OnCallStore
from kwtsms_bot.commands.base import CommandContext, Invocation, Reply
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.commands.tokens import Token
from kwtsms_bot.database import Database
from kwtsms_bot.i18n.translator import ENGLISH, Language
from kwtsms_bot.slack.cards.on_call_notifier import OnCallNotifier
from kwtsms_sandbox.slack import ALERTS, OPS, SARA, YOUSEF, SlackSandbox
from support.command_testbed import command_testbed
from support.on_call import PHONEBOOK, schedule, schedule_values
from support.slack import web_client

READER = "UREADER"
ACCESS = {
    "admin": {"users": [YOUSEF.id]},
    "sender": {"users": [SARA.id]},
    "reader": {"users": [READER]},
}


@dataclass
class OnCallBench:
    """Everything about schedules, around one roster."""

    context: CommandContext
    slack: SlackSandbox
    database: Database
    roster: DutyRoster
    store: OnCallStore
    now: datetime
    control: ScheduleControl = field(init=False)
    refresher: RosterRefresher = field(init=False)
    notifier: OnCallNotifier = field(init=False)

    def __post_init__(self) -> None:
        phonebook = self.context.config.phonebook
        self.refresher = RosterRefresher(self.roster, self.store, clock=lambda: self.now)
        self.notifier = OnCallNotifier(
            self.roster,
            self.store,
            web_client(self.slack),
            ENGLISH,
            channels=[ALERTS.id],
            phonebook=phonebook,
            clock=lambda: self.now,
        )
        self.control = ScheduleControl(
            self.roster, self.store, phonebook, on_change=self.notifier.wake
        )
        self.context = replace(self.context, on_call=self.control, now=lambda: self.now)

    async def type(
        self,
        text: str,
        who: str = SARA.id,
        say: Language = ENGLISH,
        *,
        tokens: Sequence[Token] = (),
        key: str = "",
    ) -> Reply:
        """Runs a command as a person."""
        person = Person(who, OPS.id)
        request = Invocation(
            person=person, say=say, key=key or text + str(self.now), text=text, tokens=tuple(tokens)
        )
        return await handle(self.context, request)

    async def pass_time(self, time: timedelta) -> None:
        """Refreshes and announces after some time."""
        self.now += time
        await self.refresher.load_overrides()
        await self.refresher.refresh_calendars()
        await self.notifier.announce_pending()

    def posts(self) -> list[str]:
        """The posts in the channel of alerts."""
        return [self.slack.plain(one) for one in self.slack.visible(SARA, ALERTS)]

    def direct_messages(self) -> list[str]:
        """The direct messages to Sara."""
        return [self.slack.plain(one) for one in self.slack.visible(SARA, self.slack.dm(SARA))]


@asynccontextmanager
async def on_call_bench(
    folder: Path, now: datetime, **schedules: dict[str, Any]
) -> AsyncIterator[OnCallBench]:
    """Yields schedules at a time; one named `ops` unless said otherwise."""
    phonebook = PHONEBOOK.model_dump()
    phonebook["contacts"]["sara"]["slack"] = SARA.id
    values = {name: schedule_values(**one) for name, one in (schedules or {"ops": {}}).items()}
    bridge = {
        "channel": ALERTS.id,
        "oncall": values,
        "receivers": {"ops": {"to": [f"oncall.{name}" for name in values]}},
    }
    async with command_testbed(folder, access=ACCESS, phonebook=phonebook, bridge=bridge) as bed:
        context = bed.context
        database = context.outbox.database
        found = {name: schedule(**one) for name, one in (schedules or {"ops": {}}).items()}
        roster = DutyRoster(found, context.config.phonebook)
        yield OnCallBench(context, bed.slack, database, roster, OnCallStore(database), now)
