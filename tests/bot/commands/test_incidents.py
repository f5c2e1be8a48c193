"""Incidents are listed, acknowledged and resolved by command and by button; the first counts."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.bridge.activity import RequestOutcome
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.integrations.samples import SAMPLE_BODIES
from kwtsms_bot.bridge.integrations.table import PARSERS
from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import Invocation, Severity
from kwtsms_bot.commands.bridge import alerts
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.i18n.translator import ENGLISH, language
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_bot.slack import blocks
from kwtsms_sandbox.slack import SARA, YOUSEF
from support.arabic import faults
from support.bridge_bench import BRIDGE, LEASE, NOURA, BridgeBench, alert
from support.database import AT, set_clock
from support.incident_testbed import NOBODY, READER, incident_testbed, shown

TWO_TEAMS: dict[str, Any] = BRIDGE | {
    "receivers": {"ops": {"to": ["noura"]}, "network": {"to": ["fahad"]}},
    "routes": [{"when": {"team": "network"}, "to": "network"}, {"to": "ops"}],
}
HOSTILE = "<!here> <@U1> *bold* https://evil.example/x \u202eabc"


async def put_in_flight(bench: BridgeBench) -> ClaimedCall:
    """Bundles what is due six seconds later, and puts the call in flight."""
    bench.now += timedelta(seconds=6)
    set_clock(bench.database, bench.now)
    await bench.bundles.run_pass()
    call = await bench.outbox.claims.claim("bench", LEASE, bench.now)
    assert call
    await bench.outbox.settlements.put_in_flight(call, LEASE, bench.now)
    return call


async def test_open_alerts_are_listed_worst_first(tmp_path: Path) -> None:
    """A reader sees them; only those who may act are shown how."""
    async with incident_testbed(tmp_path) as bed:
        empty = await bed.type("alerts")
        low, high = await bed.bench.post(
            alert("low", "Fan is slow"), alert("high", "Disk full", severity=AlertSeverity.CRITICAL)
        )
        reader = await bed.type("alerts open", READER)
        sender = await bed.type("alerts")

    assert (empty.severity, empty.title) == (Severity.GOOD, "No incident is open.")
    assert reader.title == "2 open incidents"
    assert [name for name, _ in reader.facts] == [high.ref, low.ref]
    assert reader.facts[0][1].startswith("Critical · Disk full · since 23 Nov, 15:00")
    assert (reader.examples, sender.examples) == ((), (f"/sms ack {high.ref}",))


async def test_blocked_alerts_are_listed(tmp_path: Path) -> None:
    """While sending is paused, `held` shows what waits."""
    async with incident_testbed(tmp_path) as bed:
        (result,) = await bed.bench.post(alert("disk"))
        none = await bed.type("alerts held")
        await bed.type("pause", YOUSEF.id)
        await bed.bench.advance(6)
        reply = await bed.type("alerts held")
        wrong = await bed.type("alerts closed")

    assert none.title == "No SMS is held."
    assert [name for name, _ in reply.facts] == [result.ref]
    assert wrong.severity is Severity.ERROR
    assert "/sms alerts [held]" in wrong.title


async def test_an_alert_is_acknowledged_given_back_and_resolved(tmp_path: Path) -> None:
    """References may be typed in small letters, several at once."""
    async with incident_testbed(tmp_path) as bed:
        one, two = await bed.bench.post(alert("one"), alert("two"))
        acked = await bed.type(f"ack {str(one.ref).lower()}, {two.ref}")
        back = await bed.type(f"unack {one.ref}")
        resolved = await bed.type(f"resolve {one.ref}")
        texts = await bed.bench.advance(30)
        entries = await bed.context.audit.entries()

    assert (acked.severity, acked.title) == (
        Severity.GOOD,
        f"Acknowledged: {one.ref}, {two.ref}",
    )
    assert back.title == f"Acknowledgement withdrawn: {one.ref}"
    assert resolved.title == f"Resolved: {one.ref}"
    assert texts == []
    assert [entry.actor for entry in entries if entry.action == "incident"] == [SARA.id] * 4


async def test_what_ended_by_itself_was_ended_by_nobody(tmp_path: Path) -> None:
    """The history, and a reply that comes too late, give the reason in place of a name."""
    async with incident_testbed(tmp_path) as bed:
        results = await bed.bench.post(alert("a", has_end=False), alert("b", has_end=False))
        await bed.bench.advance(7_300, step=3_650)
        refs = [str(one.ref) for one in results]
        one = await bed.type(f"ack {refs[0]}")
        both = await bed.type(f"ack {' '.join(refs)}")
        details = await bed.press(action_ids.INCIDENT_DETAILS, refs[0])

    assert one.facts == (("Closed", "It ended by itself"),)
    assert {text for _, text in both.facts} == {"already resolved · It ended by itself"}
    assert "Resolved · It ended by itself" in shown(details)


async def test_the_second_person_learns_who_was_faster(tmp_path: Path) -> None:
    """By a command or a button, the first counts."""
    async with incident_testbed(tmp_path) as bed:
        (result,) = await bed.bench.post(alert("disk"))
        first = await bed.press(action_ids.INCIDENT_ACKNOWLEDGE, result.ref)
        second = await bed.press(action_ids.INCIDENT_ACKNOWLEDGE, result.ref, YOUSEF.id)
        await bed.press(action_ids.INCIDENT_RESOLVE, result.ref)
        third = await bed.type(f"ack {result.ref}", YOUSEF.id)
        nobody = await bed.type(f"unack {result.ref}")

    assert first.severity is Severity.GOOD
    assert second.title == f"{result.ref} is already acknowledged."
    assert second.facts == (("Acknowledged by", "sara"),)
    assert third.title == nobody.title == f"{result.ref} is already resolved."


async def test_an_unknown_reference_is_named(tmp_path: Path) -> None:
    """A reference that doesn't exist is an error; beside one that does, it is a remark."""
    async with incident_testbed(tmp_path) as bed:
        (result,) = await bed.bench.post(alert("disk"))
        wrong = await bed.type("ack ZZZZ9")
        mixed = await bed.type(f"ack {result.ref} ZZZZ9")
        bare = await bed.type("ack")

    assert (wrong.severity, wrong.title) == (Severity.ERROR, "No incident has the ID ZZZZ9.")
    assert mixed.severity is Severity.WARNING
    assert "No incident has the ID ZZZZ9." in mixed.details
    assert bare.title == "Type it as /sms ack ID…, mine or all."


async def test_a_message_that_had_left_is_mentioned(tmp_path: Path) -> None:
    """While a message is at kwtSMS, an acknowledgement can't stop it."""
    async with incident_testbed(tmp_path) as bed:
        (result,) = await bed.bench.post(alert("disk"))
        call = await put_in_flight(bed.bench)
        reply = await bed.type(f"ack {result.ref}")

    assert [one.phone for one in call.recipients] == [NOURA]
    assert reply.severity is Severity.WARNING
    assert "An SMS about it had already left." in reply.details


async def test_all_of_one_receiver_are_acknowledged_at_once(tmp_path: Path) -> None:
    """Nothing is asked if there is only one team."""
    async with incident_testbed(tmp_path) as bed:
        results = await bed.bench.post(alert("one"), alert("two"))
        reply = await bed.type("ack all")
        again = await bed.type("ack all")

    assert all(str(one.ref) in reply.title for one in results)
    assert again.title == "Nothing is left to acknowledge."


async def test_all_of_several_receivers_need_a_button(tmp_path: Path) -> None:
    """The button takes what was open when it was shown, and nothing newer."""
    async with incident_testbed(tmp_path, TWO_TEAMS) as bed:
        await bed.bench.post(alert("one"), alert("two", labels={"team": "network"}))
        reply = await bed.type("ack all")
        (button,) = reply.buttons
        (newer,) = await bed.bench.post(alert("newer"))
        pressed = await bed.press(button.action, button.value)
        left = await bed.type("alerts")

    assert dict(reply.facts) == {"Receivers": "network, ops"}
    assert button.label == "Acknowledge 2 incidents"
    assert pressed.replaces
    assert [name for name, value in left.facts if "acknowledged by" not in value] == [newer.ref]


async def test_details_show_what_the_tool_said_and_nothing_of_it_acts(tmp_path: Path) -> None:
    """Labels, text, link and events are there, as text that is not interpreted."""
    async with incident_testbed(tmp_path) as bed:
        (result,) = await bed.bench.post(
            alert(
                "disk", HOSTILE, text=HOSTILE, url="https://grafana.example/d/1",
                labels={"site": HOSTILE},
            )
        )  # fmt: skip
        await bed.press(action_ids.INCIDENT_ACKNOWLEDGE, result.ref)
        reply = await bed.press(action_ids.INCIDENT_DETAILS, result.ref, READER)
        payload = blocks.reply(reply)
        gone = await bed.press(action_ids.INCIDENT_DETAILS, "ZZZZ9")

    facts = dict(reply.facts)
    assert facts["Link"] == "grafana.example/d/1"
    assert facts["Acknowledged by"] == "sara"
    assert "\u202e" not in facts["site"]
    assert {one["type"] for one in payload["blocks"]} == {"section", "rich_text"}
    assert "<!here>" not in payload["text"]
    assert "https://" not in facts["Link"]
    assert gone.title == "That incident no longer exists."


async def test_long_texts_fit_into_a_message(tmp_path: Path) -> None:
    """Twenty alerts with the longest titles and labels stay below what Slack takes."""
    labels = {f"label{n}" * 20: "v" * 1_000 for n in range(40)}
    many = [
        alert(f"k{n}", "t" * 1_000, group="g", labels=labels, text="x" * 6_000) for n in range(30)
    ]
    async with incident_testbed(tmp_path) as bed:
        (result, *_) = await bed.bench.post(*many, *(alert(f"o{n}", "t" * 900) for n in range(30)))
        listed = blocks.reply(await bed.type("alerts"))
        details = blocks.reply(await bed.press(action_ids.INCIDENT_DETAILS, result.ref))

    assert max(len(json.dumps(one)) for one in (listed, details)) < 13_000


@pytest.mark.parametrize(
    ("typed", "allowed"),
    [
        ("alerts", {YOUSEF.id, SARA.id, READER}),
        ("ack all", {YOUSEF.id, SARA.id}),
        ("unack A7F3K", {YOUSEF.id, SARA.id}),
        ("resolve A7F3K", {YOUSEF.id, SARA.id}),
        ("integrations", {YOUSEF.id}),
    ],
)
async def test_roles(tmp_path: Path, typed: str, allowed: set[str]) -> None:
    """Readers list, senders act, admins see the integrations."""
    async with incident_testbed(tmp_path) as bed:
        titles = {
            who: (await bed.type(typed, who)).title for who in (YOUSEF.id, SARA.id, READER, NOBODY)
        }

    refused = {who for who, title in titles.items() if "permission" in title}
    assert titles.keys() - refused == allowed


@pytest.mark.parametrize(
    "action",
    [
        action_ids.INCIDENT_ACKNOWLEDGE,
        action_ids.INCIDENT_UNACKNOWLEDGE,
        action_ids.INCIDENT_RESOLVE,
        action_ids.INCIDENT_NOTIFY_AGAIN,
        action_ids.INCIDENT_ACKNOWLEDGE_ALL,
    ],
)
async def test_a_reader_presses_in_vain(tmp_path: Path, action: str) -> None:
    """A button checks the role again, and changes nothing."""
    async with incident_testbed(tmp_path) as bed:
        (result,) = await bed.bench.post(alert("disk"))
        reply = await bed.press(action, result.ref, READER)
        (listed,) = (await bed.type("alerts")).facts

    assert "permission" in reply.title
    assert "acknowledged" not in listed[1]


async def test_without_a_bridge_the_commands_are_not_listed(tmp_path: Path) -> None:
    """Help doesn't show them, and they say that alerts aren't set up."""
    async with incident_testbed(tmp_path) as bed:
        with_bridge = shown(await bed.type("help", YOUSEF.id))
        bed.context = replace(bed.context, incidents=None)
        without = shown(await bed.type("help", YOUSEF.id))
        replies = [
            await bed.type(one, YOUSEF.id)
            for one in ("alerts", "ack all", "ack A7F3K", "unack", "resolve", "integrations")
        ]
        pressed = await bed.press(action_ids.INCIDENT_DETAILS, "A7F3K")

    assert "/sms ack" in with_bridge
    assert "/sms ack" not in without
    assert "/sms integrations" not in without
    assert {one.title for one in (*replies, pressed)} == {"Alerts aren't set up."}


async def test_home_has_a_button_for_each_alert_that_nobody_has(tmp_path: Path) -> None:
    """At most ten are shown, the worst first; readers get no button."""
    async with incident_testbed(tmp_path) as bed:
        control = bed.context.incidents
        assert control
        await bed.bench.post(*(alert(f"n{number}") for number in range(10)))
        (worst,) = await bed.bench.post(alert("worst", severity=AlertSeverity.CRITICAL))
        request = Invocation(person=Person(SARA.id, ""), say=ENGLISH, key="k", text="")
        reader = replace(request, person=Person(READER, ""))
        mine = await alerts.home_reply(bed.context, control, request)
        theirs = await alerts.home_reply(bed.context, control, reader)

    assert len(mine.facts) == len(mine.buttons) == 10
    assert mine.facts[0][0] == mine.buttons[0].value == worst.ref
    assert "1 more isn't shown." in mine.details
    assert theirs.buttons == ()


async def test_integrations_show_the_address_and_the_last_requests(tmp_path: Path) -> None:
    """An admin sees a command to try it with, what was refused and why, and no token."""
    two = {
        "scripts": {"kind": "native", "token": "demo-native-token"},
        "kuma": {"kind": "uptime-kuma", "token": "demo-uptime-kuma-token"},
    }
    bridge = BRIDGE | {"integrations": two, "url": "https://alerts.example.com/"}
    async with incident_testbed(tmp_path, bridge) as bed:
        bed.webhooks.activity.record_token("kuma", "demo-uptime-kuma-token", AT)
        bed.receive(
            "kuma",
            RequestOutcome(AT, 2),
            RequestOutcome(AT + timedelta(minutes=1), 0, "the token of scripts"),
        )
        listed = await bed.type("integrations", YOUSEF.id)
        reply = await bed.type("integrations Kuma", YOUSEF.id)
        unknown = await bed.type("integrations nagios", YOUSEF.id)

    assert [name for name, _ in listed.facts] == ["scripts", "kuma"]
    assert dict(reply.facts)["Address"] == "https://alerts.example.com/hooks/kuma"
    assert [value.partition(": ")[2] for name, value in reply.facts if name == "Request"] == [
        "rejected: the token of scripts",
        "accepted: 2 alerts",
    ]
    assert dict(reply.facts)["Token"] == "…oken: last used 23 Nov, 15:00"
    assert dict(reply.facts)["Requests"] == "1 accepted, 1 rejected"
    (curl,) = reply.examples
    assert "Authorization: Bearer $TOKEN" in curl
    assert "demo-uptime" not in shown(reply)
    assert unknown.severity is Severity.ERROR


@pytest.mark.parametrize("kind", SAMPLE_BODIES)
def test_a_sample_is_understood(kind: str) -> None:
    """The body that `/sms integrations` prints is one alert, and fits between single quotes."""
    body = SAMPLE_BODIES[kind]  # type: ignore[index]
    batch = PARSERS[kind](
        WebhookRequest(body.encode(), {"Content-Type": "application/json"}), ParseOptions()
    )

    assert len(batch.alerts) == 1
    assert "'" not in body


async def test_replies_are_arabic(tmp_path: Path) -> None:
    """Each reply is Arabic and keeps the direction of what is not."""
    arabic = language("ar")
    async with incident_testbed(tmp_path, TWO_TEAMS) as bed:
        first, second = await bed.bench.post(
            alert("one", "القرص ممتلئ"), alert("two", "المروحة", labels={"team": "network"})
        )
        bed.receive("scripts", RequestOutcome(AT, 2))
        typed = (
            "alerts", "alerts held", "alerts x", "ack", "ack all", f"ack {first.ref}",
            f"ack {first.ref}", "ack ZZZZ9", f"unack {first.ref}", f"unack {first.ref}",
            f"resolve {first.ref}", f"resolve {first.ref}", "integrations", "integrations x",
        )  # fmt: skip
        replies = [await bed.type(one, YOUSEF.id, arabic) for one in typed]
        replies.append(await bed.press(action_ids.INCIDENT_DETAILS, first.ref, YOUSEF.id, arabic))

    plain = json.dumps([blocks.reply(one, arabic)["blocks"] for one in replies])
    names = ("network", "ops", "scripts", "native", "ZZZZ9", "yousef", "noura", "oken")
    for name in (first.ref, second.ref, *names):
        plain = plain.replace(str(name), "M1")
    assert faults(json.loads(plain)) == []
