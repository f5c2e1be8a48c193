"""Cards of incidents: what they say, and that nothing in them acts; posted and edited in Slack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from kwtsms_bot.bridge.bundling import DeferralReason, DroppedReason
from kwtsms_bot.bridge.incidents.views import AlertView, IncidentView, MuteView, NotifiedView
from kwtsms_bot.bridge.models import AlertSeverity, NotificationKind
from kwtsms_bot.bridge.states import IncidentKind, IncidentState, NotificationState
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.commands.bridge import incident_text
from kwtsms_bot.i18n.foreign_text import literal_text
from kwtsms_bot.i18n.translator import ENGLISH, Language, language
from kwtsms_bot.outbox.audit import Actor
from kwtsms_bot.slack.cards import incident_card
from kwtsms_bot.slack.cards.incident_publisher import (
    CARD_SECONDS,
    REFUSED_RETRY_SECONDS,
    IncidentPublisher,
    IncidentStores,
)
from kwtsms_bot.slack.cards.posting_pace import POST_SECONDS
from kwtsms_sandbox.slack import ALERTS, OPS, SARA, YOUSEF, Fault, SlackSandbox
from support.arabic import faults
from support.bridge_bench import BRIDGE, BridgeBench, alert, bridge_bench
from support.database import AT
from support.slack import running_slack, web_client

ARABIC = language("ar")
POST, UPDATE = "chat.postMessage", "chat.update"
HOSTILE = "<!here> <@U1> <https://evil.example|x> *b* _i_ ~s~ `c` :fire: https://e.vil\n> q"
NOTIFIED = NotifiedView("noura", NotificationKind.NEW, NotificationState.SENT, None, AT, AT)
INCIDENT = IncidentView(
    id=1,
    ref="A7F3K",
    kind=IncidentKind.ALERT,
    integration="prometheus",
    receiver="ops",
    state=IncidentState.FIRING,
    severity=AlertSeverity.CRITICAL,
    title="/var on db01 is 96% full",
    since=AT,
    alert_count=1,
    firing=1,
    kind_count=1,
    kinds=(("DiskFull", 1),),
    alerts=(
        AlertView(
            "/var on db01 is 96% full",
            True,
            AlertSeverity.CRITICAL,
            AT,
            place="db01",
            text="Less than 4% of /var is left.",
        ),
    ),
    notified=(NOTIFIED,),
    events=(),
    acked_by=None,
    acked_at=None,
    resolved_by=None,
    resolved_at=None,
    revision=1,
    card_location=None,
)
ACKED = replace(INCIDENT, state=IncidentState.ACKNOWLEDGED, acked_by="U1", acked_at=AT)
RESOLVED = replace(
    INCIDENT,
    state=IncidentState.RESOLVED,
    firing=0,
    resolved_by="prometheus",
    resolved_at=AT + timedelta(minutes=12),
)
TIME = "<!date^1795435200^{date_short_pretty} at {time}|23 Nov, 15:00 (Kuwait)>"


def texts(incident: IncidentView, say: Language = ENGLISH) -> list[str]:
    """The lines of a card with mark-up."""
    blocks = incident_card.render(incident, say)["blocks"]
    found = [one["text"]["text"] for one in blocks if one["type"] == "section"]
    found += [one["elements"][0]["text"] for one in blocks if one["type"] == "context"]
    return [line for text in found for line in text.splitlines()]


def buttons(incident: IncidentView) -> list[str]:
    """The labels of a card's buttons."""
    last = incident_card.render(incident)["blocks"][-1]
    return [one["text"]["text"] for one in last["elements"]]


def sms(*notified: NotifiedView, **changes: Any) -> list[str]:
    """The lines about SMS of an incident with these notifications."""
    return texts(replace(INCIDENT, notified=notified, **changes))[3:]


def waiting(reason: str | None, **changes: Any) -> NotifiedView:
    """A notification that waits."""
    return replace(NOTIFIED, state=NotificationState.WAITING, reason=reason, **changes)


def test_a_card_says_what_is_wrong_first() -> None:
    """Severity and title, then where and since when, then the text, then who was texted."""
    assert texts(INCIDENT) == [
        ":red_circle: *Critical: /var on db01 is 96% full* · A7F3K",
        f"db01 · since {TIME} · prometheus → ops",
        "> Less than 4% of /var is left.",
        f"Texted noura {TIME}",
    ]
    assert buttons(INCIDENT) == ["Acknowledge", "Silence", "Resolve", "Show details"]
    assert incident_card.render(INCIDENT)["text"] == (
        "Critical: /var on db01 is 96% full · Nobody has acknowledged it · A7F3K"
    )


@pytest.mark.parametrize(
    ("incident", "icon", "line", "labels"),
    [
        (
            ACKED,
            ":large_yellow_circle:",
            f"Acknowledged by <@U1> {TIME}",
            ["Withdraw acknowledgement", "Silence", "Resolve", "Show details"],
        ),
        (
            RESOLVED,
            ":large_green_circle:",
            f"Resolved by prometheus {TIME.replace('5200', '5920').replace('15:00', '15:12')}"
            " · 12 minutes",
            ["Show details"],
        ),
    ],
)
def test_a_state_has_its_colour_and_its_buttons(
    incident: IncidentView, icon: str, line: str, labels: list[str]
) -> None:
    """Amber with who took it; green with how it ended, and nothing left to do."""
    lines = texts(incident)

    assert lines[0].startswith(icon)
    assert lines[3] == line
    assert buttons(incident) == labels


def test_a_silenced_one_is_grey_and_says_who_and_why() -> None:
    """Only its silence can be ended; of one that mutes others, too, a dialog says so."""
    mute = MuteView("S2K4M", AT, "*new* cable", "U1", is_shared=True)
    silenced = replace(INCIDENT, mute=mute, notified=())
    lines = texts(silenced)
    end = incident_card.card_buttons(silenced, ENGLISH)[0]

    assert lines[0].startswith(":no_bell:")
    assert lines[3:] == [f"Silenced until {TIME} by <@U1> · {literal_text('*new* cable')}"]
    assert buttons(silenced) == ["End silence", "Resolve", "Show details"]
    assert (end.value, end.confirm_text) == ("S2K4M", "This ends it for all that it silences.")
    assert " · Silenced · A7F3K" in incident_card.render(silenced)["text"]


def test_one_that_another_mutes_names_it() -> None:
    """SMS come when the other is over; a silence can be set all the same."""
    muted = replace(INCIDENT, mute=MuteView("B2C3D", AT), notified=())

    assert texts(muted)[3:] == ["No SMS while B2C3D fires."]
    assert buttons(muted)[0] == "Silence"


def test_a_test_says_that_it_is_one() -> None:
    """The press of a test button is not mistaken for an outage."""
    assert texts(replace(INCIDENT, kind=IncidentKind.TEST))[0].startswith(":white_circle: *Test: ")


@pytest.mark.parametrize(
    ("notified", "line"),
    [
        (waiting(None), f"Will be texted: noura {TIME}"),
        (waiting("pace"), "Waiting, because the phone just got a message: noura"),
        (waiting("paused"), "Held, because sending is paused: noura"),
        (waiting("gateway"), "Held, because kwtSMS can't be reached: noura"),
        (
            waiting("over_budget"),
            "Held, because today's credits for alerts are used up: noura",
        ),
        (replace(NOTIFIED, state=NotificationState.BUNDLED), "Being sent to noura"),
        (
            replace(NOTIFIED, state=NotificationState.UNKNOWN),
            f"May have been sent to noura {TIME}",
        ),
        (
            replace(NOTIFIED, state=NotificationState.FAILED),
            "Not sent, because kwtSMS rejected it: noura",
        ),
        (
            replace(NOTIFIED, state=NotificationState.CANCELLED, reason="acknowledged"),
            "Not texted, because it was acknowledged first: noura",
        ),
        (
            replace(NOTIFIED, state=NotificationState.NOT_NEEDED, reason="over_before"),
            "Nobody was texted: it was over before.",
        ),
        (
            replace(NOTIFIED, state=NotificationState.CANCELLED, reason="removed"),
            "Not texted, because they are no longer in the phone book: noura",
        ),
    ],
)
def test_the_sms_line_says_what_happened(notified: NotifiedView, line: str) -> None:
    """Each state and reason of a notification has its words."""
    assert sms(notified) == [line]


@pytest.mark.parametrize("reason", [*DeferralReason, *DroppedReason])
def test_every_reason_has_words(reason: str) -> None:
    """A reason that the bundler gives is explained, not only named."""
    deferred = {one.value for one in DeferralReason}
    known = incident_text.WAITING if reason in deferred else incident_text.STOPPED

    assert reason in known


def test_the_sms_lines_of_several_people() -> None:
    """People in the same state share a line; a line names six of them at most."""
    fahad = replace(NOTIFIED, contact="fahad")
    late = [waiting("pace", contact=f"p{number:02}") for number in range(12)]

    assert sms(NOTIFIED, fahad, *late) == [
        f"Texted noura {TIME}, fahad {TIME}",
        "Waiting, because the phone just got a message: "
        + ", ".join(f"p{number:02}" for number in range(6))
        + ", 6 more",
    ]
    assert sms() == ["No SMS: this is shown in Slack only."]


def test_what_waits_after_the_end_is_not_announced() -> None:
    """The row still waits for its slot, and the card already says that nothing comes."""
    lines = texts(replace(RESOLVED, notified=(waiting(None),)))
    end = waiting(None, kind=NotificationKind.RESOLVED)
    with_end = texts(replace(RESOLVED, notified=(NOTIFIED, end)))

    assert lines[-1] == "Nobody was texted: it was over before."
    assert with_end[-2:] == [f"Texted noura {TIME}", f"Will be texted: noura {TIME}"]


def test_several_alerts_are_listed_and_many_are_counted() -> None:
    """Up to five titles, with those struck through that are over; else the kinds."""
    down, ended = (AlertView(name, name == "a", AlertSeverity.ERROR, AT, text="x") for name in "ab")
    two = replace(INCIDENT, alert_count=2, firing=1, alerts=(down, ended))
    many = replace(
        INCIDENT, alert_count=1_000, firing=990, kinds=(("HostDown", 612),), kind_count=7
    )

    assert texts(two)[2:4] == ["– a", "– ~b~"]
    assert "2 alerts (1 firing)" in texts(two)[1]
    assert texts(many)[2:4] == ["– HostDown × 612", "6 more kinds"]


def test_nothing_of_a_payload_acts() -> None:
    """No mention, link, emoji or format comes out of a title, a text, a place or a contact."""
    first = replace(INCIDENT.alerts[0], title=HOSTILE, text=HOSTILE, place=HOSTILE)
    hostile = replace(
        INCIDENT, title=HOSTILE, alerts=(first,), notified=(replace(NOTIFIED, contact=HOSTILE),)
    )
    payload = incident_card.render(hostile)
    everything = "\n".join((*texts(hostile), payload["text"])).replace(TIME, "")

    assert not any(part in everything for part in ("<", ":fire:", "*b*", "_i_", "~s~", "`"))
    assert "://" not in payload["text"]
    assert all(one["text"]["verbatim"] for one in payload["blocks"] if one["type"] == "section")


@pytest.mark.parametrize(
    "incident",
    [
        INCIDENT,
        ACKED,
        RESOLVED,
        replace(INCIDENT, notified=tuple(waiting(one) for one in (None, "pace", "paused", "x"))),
        replace(INCIDENT, alert_count=9, kind_count=9, notified=()),
    ],
)
def test_a_card_is_arabic(incident: IncidentView) -> None:
    """Every text of ours is Arabic; what is not keeps its direction."""
    renamed = replace(
        incident,
        title="القرص ممتلئ",
        ref="M1",
        alerts=(),
        integration="sms",
        receiver="sms",
        kinds=(("القرص", 1),),
        resolved_by=incident.resolved_by and "sms",
        notified=tuple(replace(one, contact="نورة") for one in incident.notified),
    )

    assert faults(incident_card.render(renamed, ARABIC)["blocks"]) == []


class PublisherBench:
    """A publisher in a workspace, and a clock."""

    def __init__(self, bench: BridgeBench, slack: SlackSandbox) -> None:
        self.bench, self.slack, self.seconds = bench, slack, 0.0
        self.publisher = IncidentPublisher(
            IncidentStores.at(bench.database),
            web_client(slack),
            ENGLISH,
            channels={
                name: one.channel or bench.bridge.channel
                for name, one in bench.bridge.receivers.items()
            },
            admins=[YOUSEF.id],
            clock=lambda: self.seconds,
        )

    async def publish(self, seconds: float = 0) -> float:
        """Lets time pass, and publishes what is pending."""
        self.seconds += seconds
        self.slack.clock.advance(seconds)
        return await self.publisher.publish_pending()

    def cards(self) -> list[str]:
        """The cards in the channel."""
        found = self.slack.visible(SARA, ALERTS)
        return [self.slack.plain(one) for one in found if not one.thread_ts]


@asynccontextmanager
async def publisher_bench(folder: Path, **changes: Any) -> AsyncIterator[PublisherBench]:
    """A publisher with an empty database and an empty channel."""
    bridge = BRIDGE | {"channel": ALERTS.id} | changes
    async with running_slack() as slack, bridge_bench(folder, bridge) as bench:
        yield PublisherBench(bench, slack)


async def test_one_card_follows_an_incident(tmp_path: Path) -> None:
    """The card is posted once and edited in place until the end."""
    async with publisher_bench(tmp_path) as b:
        (result,) = await b.bench.post(alert("disk", "Disk full"))
        await b.publish()
        first = b.cards()
        await b.bench.act(result.ref, Action.ACKNOWLEDGE, SARA.id)
        await b.publish(CARD_SECONDS)
        await b.bench.act(result.ref, Action.RESOLVE, SARA.id)
        await b.publish(CARD_SECONDS)
        await b.publish(CARD_SECONDS)
        (last,) = b.cards()

        assert "Error: Disk full" in first[0]
        assert "Resolved by @sara" in last
        assert len(b.slack.calls(UPDATE)) == 2


async def test_a_receiver_may_have_its_own_channel(tmp_path: Path) -> None:
    """Cards of its incidents are posted there."""
    receivers = {"ops": {"to": ["noura"], "channel": OPS.id}}
    async with publisher_bench(tmp_path, receivers=receivers) as b:
        await b.bench.post(alert("disk"))
        await b.publish()

        assert b.cards() == []
        assert len(b.slack.visible(SARA, OPS)) == 1


async def test_a_card_is_edited_every_two_seconds_at_most(tmp_path: Path) -> None:
    """Changes in between are shown by the next edit."""
    async with publisher_bench(tmp_path) as b:
        (result,) = await b.bench.post(alert("disk"))
        await b.publish()
        await b.bench.act(result.ref, Action.ACKNOWLEDGE)
        delay = await b.publish(0.5)
        early = len(b.slack.calls(UPDATE))
        await b.bench.act(result.ref, Action.RESOLVE)
        await b.publish(delay)

        assert (delay, early) == (1.5, 0)
        assert len(b.slack.calls(UPDATE)) == 1


async def test_edits_share_a_budget_and_posts_do_not_wait(tmp_path: Path) -> None:
    """In any minute there are at most forty edits; new incidents are posted all the same."""
    async with publisher_bench(tmp_path, receivers={"ops": {"to": []}}) as b:
        results = await b.bench.post(*(alert(f"n{number}") for number in range(10)))
        for _ in results:
            await b.publish(POST_SECONDS)
        refs = [str(one.ref) for one in results]
        for second in range(60):
            action = Action.UNACKNOWLEDGE if second % 2 else Action.ACKNOWLEDGE
            await b.bench.actions.act(refs, action, Actor("U1"))
            await b.publish(1)
        edits = len(b.slack.calls(UPDATE))
        posted = len(b.slack.calls(POST))
        await b.bench.post(alert("new"))
        await b.publish()

        assert 30 <= edits <= 40
        assert len(b.slack.calls(POST)) == posted + 1


async def test_a_channel_that_refuses_is_reported_once(tmp_path: Path) -> None:
    """Admins get a direct message; once the bot is invited, the cards appear."""
    async with publisher_bench(tmp_path) as b:
        await b.bench.post(alert("one"), alert("two"))
        b.slack.fault(POST, Fault(error="not_in_channel"), times=1)
        await b.publish()
        refused = b.cards()
        (message,) = b.slack.visible(YOUSEF, b.slack.dm(YOUSEF))
        await b.publish(REFUSED_RETRY_SECONDS)
        await b.publish(POST_SECONDS)

        assert refused == []
        assert "Slack couldn't post this alert" in b.slack.plain(message)
        assert len(b.cards()) == 2
        assert len(b.slack.visible(YOUSEF, b.slack.dm(YOUSEF))) == 1


async def test_a_card_that_was_deleted_is_posted_again(tmp_path: Path) -> None:
    """An open incident can't be lost from the channel."""
    async with publisher_bench(tmp_path) as b:
        (result,) = await b.bench.post(alert("disk"))
        await b.publish()
        b.slack.fault(UPDATE, Fault(error="message_not_found"), times=1)
        await b.bench.act(result.ref, Action.ACKNOWLEDGE, SARA.id)
        await b.publish(CARD_SECONDS)

        assert len(b.slack.calls(POST)) == 2
        assert "Acknowledged by @sara" in b.cards()[-1]


async def test_a_card_is_shown_as_text_if_slack_rejects_its_blocks(tmp_path: Path) -> None:
    """Better one line than nothing."""
    async with publisher_bench(tmp_path) as b:
        await b.bench.post(alert("disk", "Disk full"))
        b.slack.fault(POST, Fault(error="invalid_blocks"), times=1)
        await b.publish()
        (card,) = b.cards()

        assert card.startswith("Error: Disk full · Nobody has acknowledged it")


async def test_an_outage_of_slack_loses_no_card(tmp_path: Path) -> None:
    """After an error of Slack's, the card is released and shown by the next pass."""
    async with publisher_bench(tmp_path) as b:
        await b.bench.post(alert("disk"))
        b.slack.fault(POST, Fault(error="internal_error"), times=1)
        with pytest.raises(SlackApiError, match="internal_error"):
            await b.publish()
        await b.publish(POST_SECONDS)

        assert len(b.cards()) == 1


async def test_new_cards_of_a_channel_are_a_second_apart(tmp_path: Path) -> None:
    """Slack takes one message a second; the worst comes first."""
    async with publisher_bench(tmp_path) as b:
        await b.bench.post(alert("low"), alert("high", severity=AlertSeverity.CRITICAL))
        delay = await b.publish()
        first = b.cards()
        await b.publish(delay)

        assert delay == POST_SECONDS
        assert ["Critical: high" in one for one in first] == [True]
        assert len(b.cards()) == 2


async def test_it_runs_until_it_is_stopped(tmp_path: Path) -> None:
    """A wake-up shows what is new at once; the stop shows what is left."""
    async with publisher_bench(tmp_path) as b:
        stop = asyncio.Event()
        running = asyncio.create_task(b.publisher.run(stop))
        await b.bench.post(alert("disk"))
        b.publisher.wake()
        await b.slack.until(b.cards)
        stop.set()
        await running

        assert len(b.cards()) == 1


async def test_without_a_channel_nothing_is_posted(tmp_path: Path) -> None:
    """A receiver that only texts has no card, and is not tried again."""
    async with publisher_bench(tmp_path, channel=None) as b:
        await b.bench.post(alert("disk"))
        await b.publish()
        outdated = await IncidentStores.at(b.bench.database).cards.outdated_cards(10)

        assert (b.slack.calls(POST), outdated) == ([], ())
