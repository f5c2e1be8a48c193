"""Contacts may acknowledge what they were texted about; others need the role sender."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.actions.table import dispatch
from kwtsms_bot.commands.base import ButtonPress, Severity
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.i18n.translator import ENGLISH, language
from kwtsms_bot.slack import blocks
from kwtsms_sandbox.slack import SARA, YOUSEF
from support.arabic import faults
from support.bridge_bench import BRIDGE, FAHAD, NOURA, alert
from support.incident_testbed import READER, IncidentTestbed, incident_testbed

TEXTED, GUEST = "UNOURA", "UGUEST"
PHONEBOOK = {
    "contacts": {
        "noura": {"number": f"+{NOURA}", "slack": TEXTED},
        "fahad": {"number": f"+{FAHAD}", "slack": "UFAHAD"},
    }
}
TWO: dict[str, Any] = BRIDGE | {
    "receivers": {"ops": {"to": ["noura"]}, "network": {"to": ["fahad"]}},
    "routes": [{"when": {"team": "network"}, "to": "network"}, {"to": "ops"}],
}


@asynccontextmanager
async def texted_testbed(folder: Path) -> AsyncIterator[tuple[IncidentTestbed, str, str]]:
    """Commands, and the references of noura's and of fahad's incident; both were texted."""
    async with incident_testbed(folder, TWO, PHONEBOOK) as bed:
        mine, theirs = await bed.bench.post(
            alert("disk"), alert("link", labels={"team": "network"})
        )
        await bed.bench.advance(6)
        yield bed, str(mine.ref), str(theirs.ref)


@pytest.mark.parametrize(
    "action",
    [
        action_ids.INCIDENT_ACKNOWLEDGE,
        action_ids.INCIDENT_RESOLVE,
        action_ids.INCIDENT_DETAILS,
    ],
)
async def test_a_button_is_for_those_who_were_texted(tmp_path: Path, action: str) -> None:
    """Without any role, the buttons work on that incident, and on no other."""
    async with texted_testbed(tmp_path) as (bed, mine, theirs):
        own = await bed.press(action, mine, TEXTED)
        other = await bed.press(action, theirs, TEXTED)

    assert "permission" not in own.title
    assert "permission" in other.title


async def test_mine_is_what_the_person_was_texted_about(tmp_path: Path) -> None:
    """The command works without a role; what is left is other people's."""
    async with texted_testbed(tmp_path) as (bed, mine, theirs):
        done = await bed.type("ack mine", TEXTED)
        again = await bed.type("ack mine", TEXTED)
        typed = await bed.type(f"ack {theirs}", TEXTED)
        everything = await bed.type("ack all", TEXTED)
        stranger = await bed.type("ack mine", READER)
        unknown = await bed.type("ack mine", SARA.id)

    assert done.title == f"Acknowledged: {mine}"
    assert again.title == "Nothing is left to acknowledge."
    assert "permission" in typed.title
    assert "permission" in everything.title
    assert "permission" in stranger.title
    assert unknown.title == "Your Slack ID isn't in the phone book."


@pytest.mark.parametrize(
    "person",
    [
        Person(GUEST, "D1", outsider=True),
        Person(READER, "D1"),
        Person(TEXTED, "D1", deactivated=True),
    ],
)
async def test_others_are_refused_and_recorded(tmp_path: Path, person: Person) -> None:
    """A guest, a reader or a deactivated account changes nothing, and the audit log has it."""
    async with texted_testbed(tmp_path) as (bed, mine, _):
        press = ButtonPress(person=person, say=ENGLISH, key="k", value=mine)
        reply = await dispatch(bed.context, action_ids.INCIDENT_ACKNOWLEDGE, press)
        entries = await bed.context.audit.entries()
        control = bed.context.incidents
        assert control
        incident = await control.find(mine)

    assert reply.severity is Severity.ERROR
    assert (person.user, "refused") in {(one.actor, one.decision) for one in entries}
    assert incident
    assert incident.acked_by is None


async def test_who_is_no_longer_in_the_phone_book_has_no_right(tmp_path: Path) -> None:
    """The phone book decides now, not when the SMS was sent."""
    async with texted_testbed(tmp_path) as (bed, mine, _):
        without = bed.context.config.model_copy(
            update={"phonebook": type(bed.context.config.phonebook)()}
        )
        bed.context = replace(bed.context, config=without)
        reply = await bed.press(action_ids.INCIDENT_ACKNOWLEDGE, mine, TEXTED)

    assert "permission" in reply.title


async def test_the_doctor_reports_the_bridge(tmp_path: Path) -> None:
    """Channels that refuse cards, and an endpoint that only this machine reaches."""
    async with incident_testbed(tmp_path, TWO, PHONEBOOK) as bed:
        without = await bed.type("doctor", YOUSEF.id)
        config = bed.context.config.model_copy(update={"bridge": bed.bench.bridge})
        bed.context = replace(bed.context, config=config)
        bed.refusing.append("C0123ALERT")
        found = await bed.type("doctor", YOUSEF.id)
        arabic = await bed.type("doctor", YOUSEF.id, language("ar"))

    lines = [value for name, value in found.facts if name.endswith("Alerts")]
    assert not any(name.endswith("Alerts") for name, _ in without.facts)
    assert any(line.startswith("Only this machine reaches 127.0.0.1:8090") for line in lines)
    assert any(line.startswith("Slack rejects the cards of alerts in C0123ALERT") for line in lines)
    assert found.severity is Severity.ERROR
    assert "Only this machine" not in str(arabic)


async def test_a_test_alert_texts_nobody(tmp_path: Path) -> None:
    """The incident is there, with a direct message; no SMS waits."""
    async with incident_testbed(tmp_path, TWO, PHONEBOOK) as bed:
        which = await bed.type("test-alert", YOUSEF.id)
        refused = await bed.type("test-alert ops")
        reply = await bed.type("test-alert OPS", YOUSEF.id)
        listed = await bed.type("alerts")
        mine = await bed.type("ack mine", TEXTED)
        texts = await bed.bench.advance(10)

    assert which.examples == ("/sms test-alert ops", "/sms test-alert network")
    assert "permission" in refused.title
    assert reply.severity is Severity.GOOD
    assert "Test · Test alert" in listed.facts[0][1]
    assert mine.title.startswith("Acknowledged")
    assert texts == []


async def test_a_test_alert_with_sms_asks_first(tmp_path: Path) -> None:
    """The question names the people, the text, its pages and the credits."""
    async with incident_testbed(tmp_path, TWO, PHONEBOOK) as bed:
        asked = await bed.type("test-alert ops —sms", YOUSEF.id)
        early = await bed.bench.advance(10)
        refused = await bed.press(action_ids.INCIDENT_TEST, "ops", READER)
        reply = await bed.press(action_ids.INCIDENT_TEST, "ops", YOUSEF.id)
        (text,) = await bed.bench.advance(10)

    facts = dict(asked.facts)
    assert (facts["People"], facts["Pages"], facts["Credits"]) == ("noura", "1", "1")
    assert asked.text_spans[0].text.startswith("TEST Test alert")
    assert asked.buttons[0].label == "Send for 1 credit"
    assert early == []
    assert "permission" in refused.title
    assert reply.replaces
    assert text.startswith("TEST Test alert")


async def test_a_test_of_nobody_is_refused(tmp_path: Path) -> None:
    """A receiver without contacts can only be tried in Slack."""
    quiet = BRIDGE | {"receivers": {"quiet": {"to": []}}}
    async with incident_testbed(tmp_path, quiet, PHONEBOOK) as bed:
        reply = await bed.type("test-alert --sms", YOUSEF.id)
        gone = await bed.press(action_ids.INCIDENT_TEST, "ops", YOUSEF.id)

    assert reply.title == "Nobody of quiet is texted."
    assert gone.severity is Severity.ERROR


async def test_replies_are_arabic(tmp_path: Path) -> None:
    """Each reply is Arabic and keeps the direction of what is not."""
    arabic = language("ar")
    async with incident_testbed(tmp_path, TWO, PHONEBOOK) as bed:
        typed = ("test-alert", "test-alert ops", "test-alert ops --sms", "ack mine")
        replies = [await bed.type(one, YOUSEF.id, arabic) for one in typed]
        (listed,) = (await bed.type("alerts")).facts

    replies[2] = replace(replies[2], text_spans=())  # In the bot's language.
    plain = json.dumps([blocks.reply(one, arabic)["blocks"] for one in replies])
    for name in (listed[0], "ops", "network", "noura", YOUSEF.id):
        plain = plain.replace(name, "M1")
    assert faults(json.loads(plain)) == []
