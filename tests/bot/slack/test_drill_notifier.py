"""Reports of drills in the channel: once each, also from two replicas, and not lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from slack_sdk.errors import SlackApiError

from kwtsms_bot.bridge.alert_tester import AlertTester
from kwtsms_bot.bridge.drills.control import DrillControl, Postponement
from kwtsms_bot.bridge.store.incident_dms import IncidentDmStore
from kwtsms_bot.commands.bridge.on_call_text import Presentation
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.slack.cards.drill_notifier import DrillNotifier
from kwtsms_sandbox.slack import ALERTS, SARA, Fault, SlackSandbox
from support.bridge_bench import BridgeBench, bridge_bench
from support.command_testbed import command_testbed
from support.database import ACTOR, AT
from support.incident_testbed import make_drills
from support.slack import web_client

POST = "chat.postMessage"


@dataclass
class DrillBench:
    """Drills of two replicas, which report in one channel."""

    bench: BridgeBench
    slack: SlackSandbox
    control: DrillControl
    notifiers: list[DrillNotifier]

    async def run(self, minutes: int) -> None:
        """Lets time pass for the bundler and for the drills."""
        for _ in range(minutes):
            await self.bench.advance(60, step=60)
            await self.control.advance()

    def posts(self) -> list[str]:
        """The posts in the channel of alerts."""
        return [self.slack.plain(one) for one in self.slack.visible(SARA, ALERTS)]


@asynccontextmanager
async def drill_bench(folder: Path) -> AsyncIterator[DrillBench]:
    """Yields drills with a local Slack."""
    async with bridge_bench(folder) as bench, command_testbed(folder) as bed:
        dms = IncidentDmStore(bench.database)
        tester = AlertTester(
            bench.bridge, bench.phonebook, bench.receivers, intake=bench.intake, dms=dms
        )
        control = make_drills(bench, tester)
        shown = Presentation(bench.phonebook, KUWAIT_TZ, ENGLISH)
        notifiers = [
            DrillNotifier(control, web_client(bed.slack), shown, channel=ALERTS.id)
            for _ in range(2)
        ]
        yield DrillBench(bench, bed.slack, control, notifiers)


async def test_a_report_is_posted_once(tmp_path: Path) -> None:
    """Two replicas look for what is to be reported; a drill that runs is not."""
    async with drill_bench(tmp_path) as bed:
        ref = await bed.control.start("ops", ACTOR)
        await bed.notifiers[0].report_pending()
        running = bed.posts()
        await bed.run(11)
        for one in (*bed.notifiers, *bed.notifiers):
            await one.report_pending()
        posts = bed.posts()

    assert running == []
    (report,) = posts
    assert "Drill failed: nobody acknowledged within 10 min." in report
    assert str(ref) in report


async def test_what_slack_refuses_is_posted_later(tmp_path: Path) -> None:
    """The report belongs to nobody again, so another replica may post it."""
    async with drill_bench(tmp_path) as bed:
        await bed.control.start("ops", ACTOR)
        await bed.run(11)
        bed.slack.fault(POST, Fault(error="internal_error"), times=1)
        with pytest.raises(SlackApiError):
            await bed.notifiers[0].report_pending()
        await bed.notifiers[1].report_pending()

        assert len(bed.posts()) == 1


async def test_a_postponed_drill_is_announced_once(tmp_path: Path) -> None:
    """The channel knows why nothing happens at the usual time."""
    async with drill_bench(tmp_path) as bed:
        bed.control.postponement = Postponement(AT, AT + timedelta(hours=2))
        bed.slack.fault(POST, Fault(error="internal_error"), times=1)
        with pytest.raises(SlackApiError):
            await bed.notifiers[0].report_pending()
        for one in (*bed.notifiers, *bed.notifiers):
            await one.report_pending()
        (post,) = bed.posts()

    assert "The drill waits: a critical incident is firing." in post
