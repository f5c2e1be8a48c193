"""People who are texted get the card in a direct message; its thread has the history."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from sqlalchemy import select

from kwtsms_bot.bridge.incidents.views import EventView
from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.bridge.store.incident_threads import ThreadLines
from kwtsms_bot.database.tables import incident_dm
from kwtsms_bot.i18n.translator import ENGLISH, language
from kwtsms_bot.outbox.message import CardLocation
from kwtsms_bot.slack.cards import incident_thread
from kwtsms_bot.slack.cards.incident_publisher import IncidentPublisher, IncidentStores
from kwtsms_bot.slack.cards.posting_pace import EDIT_SECONDS, POST_SECONDS
from kwtsms_sandbox.slack import ALERTS, SARA, YOUSEF, Fault, SlackSandbox
from support.arabic import faults
from support.bridge_bench import BRIDGE, FAHAD, NOURA, BridgeBench, alert, bridge_bench, ended
from support.database import AT
from support.slack import running_slack, web_client

POST, UPDATE, OPEN = "chat.postMessage", "chat.update", "conversations.open"
PHONEBOOK = {
    "contacts": {
        "noura": {"number": f"+{NOURA}", "slack": SARA.id},
        "fahad": f"+{FAHAD}",
    }
}


class DmBench:
    """A publisher in a workspace; noura, who is texted, is sara there."""

    def __init__(self, bench: BridgeBench, slack: SlackSandbox) -> None:
        self.bench, self.slack, self.seconds = bench, slack, 0.0
        self.publisher = IncidentPublisher(
            IncidentStores.at(bench.database),
            web_client(slack),
            ENGLISH,
            channels=dict.fromkeys(bench.bridge.receivers, ALERTS.id),
            admins=[YOUSEF.id],
            clock=lambda: self.seconds,
        )

    async def publish(self, seconds: float = EDIT_SECONDS) -> None:
        """Lets time pass, and publishes what is pending."""
        self.seconds += seconds
        self.slack.clock.advance(seconds)
        await self.publisher.publish_pending()

    def direct(self) -> list[str]:
        """The direct messages to sara."""
        return [self.slack.plain(one) for one in self.slack.visible(SARA, self.slack.dm(SARA))]

    def edits(self) -> int:
        """The number of edits of sara's direct messages."""
        channel = self.slack.dm(SARA).id
        return sum(one.args["channel"] == channel for one in self.slack.calls(UPDATE))

    def thread(self) -> list[str]:
        """The lines in the threads of the channel."""
        posts = [one for one in self.slack.visible(SARA, ALERTS) if one.thread_ts]
        return [line for one in posts for line in self.slack.plain(one).splitlines()]

    async def refusals(self) -> list[str | None]:
        """Why Slack refused each direct message."""
        async with self.bench.database.reading() as connection:
            return list((await connection.execute(select(incident_dm.c.refused_why))).scalars())


@asynccontextmanager
async def dm_bench(folder: Path, **changes: Any) -> AsyncIterator[DmBench]:
    """A publisher with an empty database and an empty workspace."""
    bridge = BRIDGE | {"channel": ALERTS.id} | changes
    async with running_slack() as slack, bridge_bench(folder, bridge, PHONEBOOK) as bench:
        yield DmBench(bench, slack)


async def test_who_is_texted_gets_the_card(tmp_path: Path) -> None:
    """The direct message comes with the SMS, not before, and has the buttons of the card."""
    async with dm_bench(tmp_path) as b:
        await b.bench.post(alert("disk", "Disk full"))
        await b.publish()
        early = b.direct()
        await b.bench.advance(6)
        await b.publish()
        (late,) = b.direct()

        assert early == []
        assert "Error: Disk full" in late
        assert "Acknowledge" in late


async def test_a_direct_message_is_edited_when_the_state_changes_only(tmp_path: Path) -> None:
    """New alerts and SMS edit the card in the channel; an acknowledgement edits both."""
    async with dm_bench(tmp_path) as b:
        (result,) = await b.bench.post(alert("a", group="g"))
        await b.bench.advance(6)
        await b.publish()
        await b.bench.post(alert("b", group="g"))
        texts = await b.bench.advance(150, step=5)
        await b.publish()
        by_alert = b.edits()
        await b.bench.act(result.ref, Action.ACKNOWLEDGE, SARA.id)
        await b.publish()
        (shown,) = b.direct()

        assert len(texts) == 1
        assert by_alert == 0
        assert "Acknowledged by @sara" in shown
        assert b.edits() == 1


async def test_a_reopened_incident_is_shown_again(tmp_path: Path) -> None:
    """The direct message that showed the end has its buttons again with the next SMS."""
    async with dm_bench(tmp_path) as b:
        await b.bench.post(alert("disk"))
        await b.bench.advance(6)
        await b.publish()
        await b.bench.post(ended("disk"))
        await b.publish()
        (resolved,) = b.direct()
        await b.bench.post(alert("disk"))
        await b.bench.advance(660, step=10)
        await b.publish()
        (again,) = b.direct()

        assert "Acknowledge" not in resolved
        assert "Acknowledge" in again


async def test_a_resolved_incident_is_not_posted(tmp_path: Path) -> None:
    """Slack was slow: the direct message would come after the end."""
    async with dm_bench(tmp_path) as b:
        await b.bench.post(alert("disk"))
        await b.bench.advance(6)
        await b.bench.post(ended("disk"))
        await b.publish()
        await b.publish()

        assert b.direct() == []
        assert await b.refusals() == [None]


async def test_a_direct_message_that_cannot_be_opened_is_given_up(tmp_path: Path) -> None:
    """One try is enough, and the card in the channel is not affected."""
    async with dm_bench(tmp_path) as b:
        await b.bench.post(alert("disk"))
        await b.bench.advance(6)
        b.slack.fault(OPEN, Fault(error="missing_scope"), times=9)
        await b.publish()
        await b.publish()

        assert await b.refusals() == ["missing_scope"]
        assert len(b.slack.calls(OPEN)) == 1
        assert any("disk is down" in b.slack.plain(one) for one in b.slack.visible(SARA, ALERTS))


async def test_an_outage_of_slack_delays_a_direct_message(tmp_path: Path) -> None:
    """The direct message is posted when Slack is well again."""
    async with dm_bench(tmp_path) as b:
        await b.bench.post(alert("disk"))
        await b.publish()
        await b.bench.advance(6)
        b.slack.fault(OPEN, Fault(error="fatal_error"), times=1)
        with pytest.raises(SlackApiError):
            await b.publish()
        await b.publish()

        assert len(b.direct()) == 1


async def test_the_worst_direct_message_comes_first(tmp_path: Path) -> None:
    """A second apart, as Slack wants it."""
    async with dm_bench(tmp_path) as b:
        await b.bench.post(alert("low"), alert("high", severity=AlertSeverity.CRITICAL))
        await b.bench.advance(6)
        await b.publish()
        first = b.direct()
        await b.publish(POST_SECONDS)

        assert len(first) == 1
        assert "Critical" in first[0]
        assert len(b.direct()) == 2


async def test_a_thread_has_a_line_for_each_event(tmp_path: Path) -> None:
    """The opening makes no post of its own; each line comes once."""
    async with dm_bench(tmp_path) as b:
        (result,) = await b.bench.post(alert("disk"))
        await b.publish()
        opened = b.thread()
        await b.bench.act(result.ref, Action.ACKNOWLEDGE, SARA.id)
        await b.publish()
        await b.publish()
        acknowledged = b.thread()
        await b.bench.post(ended("disk"))
        await b.publish()
        await b.publish()

        assert opened == []
        assert [line.split(" · ")[1:] for line in acknowledged] == [
            ["Opened", "scripts"],
            ["Acknowledged", "@sara"],
        ]
        assert [line.split(" · ")[1] for line in b.thread()] == [
            "Opened",
            "Acknowledged",
            "Resolved",
        ]


async def test_a_thread_that_slack_refuses_is_left(tmp_path: Path) -> None:
    """The card goes on."""
    async with dm_bench(tmp_path) as b:
        (result,) = await b.bench.post(alert("disk"))
        await b.publish()
        await b.bench.act(result.ref, Action.RESOLVE, SARA.id)
        b.slack.fault(POST, Fault(error="restricted_action_thread_locked"), times=1)
        await b.publish()
        posts = len(b.slack.calls(POST))
        await b.publish()

        assert b.thread() == []
        assert len(b.slack.calls(POST)) == posts


def event(kind: str, minute: int = 0, actor: str = "prometheus", detail: str = "") -> EventView:
    """An event of an incident."""
    return EventView(AT + timedelta(minutes=minute), kind, actor, detail)


def test_the_same_again_is_one_line() -> None:
    """Many events don't make many lines; the oldest are counted."""
    flaps = [event("reopened", minute) for minute in range(1_000)]
    mixed = [event(("reopened", "resolved")[n % 2], n) for n in range(60)]
    (line,) = lines_of(flaps)
    many = lines_of(mixed)

    assert line.endswith("Reopened × 1,000 · prometheus")
    assert (len(many), many[0]) == (21, "40 more aren't shown.")


def test_several_alerts_are_counted() -> None:
    """The members of a storm are a number."""
    payload = incident_thread.render(thread([event("acknowledged")], alerts=1_000))

    assert payload["blocks"][-1]["elements"][0]["text"].splitlines()[-1] == "1000 alerts"


def test_nothing_in_a_line_acts() -> None:
    """Text of tools and people is shown literally."""
    (line,) = lines_of([event("acknowledged", detail="<!here> <https://evil.example|x>")])

    assert "&lt;!here&gt;" in line
    assert "<!here>" not in line


def test_a_line_is_arabic() -> None:
    """Each word of ours, with the names between isolates."""
    payload = incident_thread.render(thread([event("acknowledged", actor="U1")]), language("ar"))

    assert faults(payload) == []


@pytest.mark.parametrize(
    ("closing", "words"),
    [("by itself", "It ended by itself"), ("forgotten", "Nothing was reported for 7 days")],
)
def test_a_line_says_why_nobody_ended_it(closing: str, words: str) -> None:
    """The reason why an incident was closed is no person's name."""
    (line,) = lines_of([event("resolved", actor=closing)])

    assert line.endswith(f"Resolved · {words}")
    assert (
        faults(incident_thread.render(thread([event("resolved", actor=closing)]), language("ar")))
        == []
    )


def thread(events: list[EventView], alerts: int = 1) -> ThreadLines:
    """Events that a thread lacks."""
    return ThreadLines(1, CardLocation("C1", "1.0"), tuple(events), len(events), alerts, alerts)


def lines_of(events: list[EventView]) -> list[str]:
    """The lines of a post."""
    blocks = incident_thread.render(thread(events))["blocks"]
    return [line for one in blocks for line in one["elements"][0]["text"].splitlines()]
