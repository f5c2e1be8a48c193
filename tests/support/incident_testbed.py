"""Commands about incidents with real stores, as people in Slack run them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from kwtsms_bot.bridge.activity import RequestOutcome
from kwtsms_bot.bridge.activity_recorder import ActivityRecorder
from kwtsms_bot.bridge.alert_tester import AlertTester
from kwtsms_bot.bridge.drills.control import DrillControl
from kwtsms_bot.bridge.drills.store.drills import DrillStore
from kwtsms_bot.bridge.drills.store.switch import DrillSwitch
from kwtsms_bot.bridge.incident_control import BridgeControl, ControlStores
from kwtsms_bot.bridge.store.incident_dms import IncidentDmStore
from kwtsms_bot.bridge.store.incident_queries import IncidentQueries
from kwtsms_bot.bridge.store.integration_states import IntegrationStateStore
from kwtsms_bot.bridge.webhooks import Webhooks
from kwtsms_bot.commands.actions.table import dispatch
from kwtsms_bot.commands.base import ButtonPress, CommandContext, Invocation, Reply
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.i18n.translator import ENGLISH, Language
from kwtsms_sandbox.slack import OPS, SARA, YOUSEF
from support.bridge_bench import BRIDGE, PHONEBOOK, BridgeBench, bridge_bench
from support.command_testbed import command_testbed

READER, NOBODY = "UREADER", "UNOBODY"
ACCESS = {
    "admin": {"users": [YOUSEF.id]},
    "sender": {"users": [SARA.id]},
    "reader": {"users": [READER]},
}


@dataclass
class IncidentTestbed:
    """Commands, and alerts that come in."""

    context: CommandContext
    bench: BridgeBench
    webhooks: Webhooks
    refusing: list[str]  # Channels of Slack that take no card.
    keys: Iterator[int] = field(default_factory=count)  # Each command is a new one.

    async def type(self, text: str, who: str = SARA.id, say: Language = ENGLISH) -> Reply:
        """Runs a command as a person."""
        person = Person(who, OPS.id)
        key = f"k{next(self.keys)}"
        return await handle(self.context, Invocation(person=person, say=say, key=key, text=text))

    async def press(
        self, action: str, value: str | None, who: str = SARA.id, say: Language = ENGLISH
    ) -> Reply:
        """Presses a button as a person."""
        press = ButtonPress(person=Person(who, OPS.id), say=say, key="k", value=value or "")
        return await dispatch(self.context, action, press)

    def receive(self, integration: str, *outcomes: RequestOutcome) -> None:
        """Records requests of an integration to this process."""
        for one in outcomes:
            self.webhooks.activity.record(integration, one)


def make_drills(bench: BridgeBench, tester: AlertTester) -> DrillControl:
    """The drills of one replica."""
    return DrillControl(
        bench.bridge,
        bench.receivers,
        DrillStore(bench.database, bench.receivers),
        DrillSwitch(bench.database),
        tester=tester,
        say=ENGLISH,
        on_change=lambda: None,
    )


@asynccontextmanager
async def incident_testbed(
    folder: Path, bridge: dict[str, Any] = BRIDGE, phonebook: dict[str, Any] = PHONEBOOK
) -> AsyncIterator[IncidentTestbed]:
    """Yields commands and alerts in one database."""
    async with (
        bridge_bench(folder, bridge, phonebook) as bench,
        command_testbed(folder, access=ACCESS, phonebook=phonebook) as bed,
    ):
        webhooks = Webhooks(bench.bridge, bench.receivers, bench.intake)
        states = IntegrationStateStore(bench.database)
        refusing: list[str] = []
        tester = AlertTester(
            bench.bridge,
            bench.phonebook,
            bench.receivers,
            intake=bench.intake,
            dms=IncidentDmStore(bench.database),
        )
        control = BridgeControl(
            bench.bridge,
            ControlStores(IncidentQueries(bench.database), bench.actions, bench.silences),
            recorder=ActivityRecorder(webhooks.activity, states),
            tester=tester,
            drills=make_drills(bench, tester),
            on_change=lambda: None,
            refusing_channels=lambda: refusing,
        )
        yield IncidentTestbed(replace(bed.context, incidents=control), bench, webhooks, refusing)


def shown(reply: Reply) -> str:
    """All that a reply says."""
    facts = (f"{name}: {value}" for name, value in reply.facts)
    return "\n".join((reply.title, *reply.details, *facts, *reply.examples))
