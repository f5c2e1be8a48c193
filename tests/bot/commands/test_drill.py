"""`/sms drill`: who may start one, what it costs, and what Slack says of how it ended."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from kwtsms_bot.bridge.drills.control import Postponement
from kwtsms_bot.bridge.drills.drill import Drill, DrillOutcome
from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import Severity
from kwtsms_bot.commands.bridge.drill_text import format_elapsed, outcome_reply, postponed_reply
from kwtsms_bot.commands.bridge.on_call_text import Presentation
from kwtsms_bot.i18n.translator import ENGLISH, language
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_sandbox.slack import SARA, YOUSEF
from support.arabic import english, said
from support.bridge_bench import BRIDGE, alert
from support.database import AT
from support.incident_testbed import READER, IncidentTestbed, incident_testbed, shown
from support.on_call import PHONEBOOK

WEEKLY = BRIDGE | {"drill": {"at": "Sun 10:00", "receiver": "ops"}}
MINUTE = timedelta(minutes=1)
ARABIC = language("ar")
ADMIN = YOUSEF.id
TEXT = re.compile(r"TEST Press Acknowledge in Slack by \d\d:\d\d\. \w{5}")


async def pass_time(bed: IncidentTestbed, seconds: int, step: int = 5) -> None:
    """Lets time pass for the bundler and for the drills."""
    assert bed.context.incidents is not None
    for _ in range(0, seconds, step):
        await bed.bench.advance(step, step=step)
        await bed.context.incidents.drills.advance()


async def test_an_admin_starts_one_after_seeing_its_cost(tmp_path: Path) -> None:
    """The question has the SMS and its credits; the answer names the incident to acknowledge."""
    async with incident_testbed(tmp_path, WEEKLY) as bed:
        question = await bed.type("drill now", ADMIN)
        (button,) = question.buttons
        before = await bed.bench.messages()
        answer = await bed.press(button.action, button.value, ADMIN)
        again = await bed.press(button.action, button.value, ADMIN)
        await pass_time(bed, 30)
        ref = bed.bench.sent[0][2][-5:]
        await bed.bench.act(ref, Action.ACKNOWLEDGE, SARA.id)
        await pass_time(bed, 5)
        status = await bed.type("drill", ADMIN)

    assert TEXT.match(question.text_spans[0].text)
    assert (button.action, button.label) == (action_ids.DRILL_START, "Send for 1 credit")
    assert before == []
    assert (answer.severity, answer.title) == (Severity.GOOD, f"Drill {ref} has started.")
    assert again.title == "Drill not started: another one is running."
    assert len(bed.bench.sent) == 1
    assert re.search(rf"passed after \d+ seconds, {ref}", shown(status))
    assert "Next drill" in shown(status)


@pytest.mark.parametrize("who", [SARA.id, READER])
async def test_others_may_not(tmp_path: Path, who: str) -> None:
    """The command and its button are for admins."""
    async with incident_testbed(tmp_path, WEEKLY) as bed:
        replies = [
            await bed.type("drill now", who),
            await bed.press(action_ids.DRILL_START, "ops", who),
        ]
        states = await bed.bench.states()

    assert [one.severity for one in replies] == [Severity.ERROR] * 2
    assert states == []


async def test_off_and_on(tmp_path: Path) -> None:
    """The status says who turned the weekly drills off, and how to turn them on."""
    async with incident_testbed(tmp_path, WEEKLY) as bed:
        await bed.type("drill off", ADMIN)
        off = await bed.type("drill status", ADMIN)
        await bed.type("drill on", ADMIN)
        on = await bed.type("drill", ADMIN)

    assert "Weekly drills are off. /sms drill on turns them on." in off.details
    assert ("Turned off by", ADMIN) in off.facts
    assert "Next drill" in dict(on.facts)


async def test_not_while_something_critical_fires(tmp_path: Path) -> None:
    """People have better to do."""
    async with incident_testbed(tmp_path) as bed:
        await bed.bench.post(alert("core", severity=AlertSeverity.CRITICAL))
        answer = await bed.press(action_ids.DRILL_START, "ops", ADMIN)
        status = await bed.type("drill", ADMIN)

    assert answer.title == "Drill not started: a critical incident is firing."
    assert "No weekly drill is configured. It is bridge.drill in config.yaml." in status.details


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("drill tomorrow", "Write one of these words."),
        ("drill now nobody", "Name one of the receivers."),
    ],
)
async def test_a_wrong_word(tmp_path: Path, typed: str, title: str) -> None:
    """The reply has what could be typed."""
    async with incident_testbed(tmp_path, WEEKLY) as bed:
        reply = await bed.type(typed, ADMIN)

    assert (reply.severity, reply.title) == (Severity.ERROR, title)
    assert all(one.startswith("/sms drill ") for one in reply.examples)


PASSED = Drill(
    1,
    "D9X2P",
    "ops",
    "",
    AT,
    AT + 10 * MINUTE,
    accepted_at=AT + timedelta(seconds=7),
    acknowledged_at=AT + timedelta(seconds=72),
    acknowledged_by=SARA.id,
    outcome=DrillOutcome.PASSED,
    people=("noura",),
)
SILENT = Drill(
    2,
    "D9X2Q",
    "ops",
    "",
    AT,
    AT + 10 * MINUTE,
    accepted_at=AT + timedelta(seconds=7),
    outcome=DrillOutcome.FAILED,
    people=("noura",),
)
DEFERRED = Drill(
    3,
    "D9X2R",
    "ops",
    "",
    AT,
    AT + 10 * MINUTE,
    outcome=DrillOutcome.FAILED,
    people=("noura",),
    deferral="paused",
)
SHOWN = Presentation(PHONEBOOK, KUWAIT_TZ, ENGLISH)


def test_a_report_has_the_times() -> None:
    """Green, with how long each part took, and who acknowledged."""
    reply = outcome_reply(PASSED, ("lead",), SHOWN)
    facts = dict(reply.facts)

    assert (reply.severity, reply.title) == (
        Severity.GOOD,
        "Drill passed: acknowledged after 72 seconds.",
    )
    assert facts["Accepted by kwtSMS"] == "after 7 seconds"
    assert facts["Acknowledged"] == "after 72 seconds"
    assert facts["Acknowledged by"] == SARA.id
    assert facts["Texted"] == "noura"


@pytest.mark.parametrize(
    ("drill", "title", "detail"),
    [
        (SILENT, "nobody acknowledged within 10 min.", "Check the phone and its coverage"),
        (DEFERRED, "kwtSMS did not accept its SMS.", "Held, because sending is paused"),
    ],
)
def test_a_failure_says_where_the_chain_broke(drill: Drill, title: str, detail: str) -> None:
    """Red, with the part that failed, and the step that an alert would have taken next."""
    reply = outcome_reply(drill, ("lead", "sara"), SHOWN)

    assert (reply.severity, reply.title) == (Severity.ERROR, f"Drill failed: {title}")
    assert reply.details[0].startswith(detail)
    assert reply.details[-1] == "An alert would be texted to lead, sara next. This drill wasn't."


def test_without_steps_nothing_is_announced() -> None:
    """A receiver without `escalate` has nobody after its first people."""
    reply = outcome_reply(SILENT, (), SHOWN)

    assert reply.details[-1] == "An alert would have no further step."


@pytest.mark.parametrize("drill", [PASSED, SILENT, DEFERRED])
def test_reports_in_arabic(drill: Drill) -> None:
    """Nothing of ours is left in English."""
    reply = outcome_reply(drill, ("lead",), Presentation(PHONEBOOK, KUWAIT_TZ, ARABIC))
    words = {"kwtSMS", "Slack", "lead", "noura", "ops", drill.ref, SARA.id}

    assert {word for text in said(reply) for word in english(text)} - words == set()


def test_a_postponed_drill_says_until_when() -> None:
    """The channel knows why the weekly drill did not begin."""
    reply = postponed_reply(Postponement(AT, AT + 120 * MINUTE), SHOWN)

    assert reply.title == "The drill waits: a critical incident is firing."
    assert "17:00 (Kuwait)" in reply.details[0]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 seconds"), (1, "1 second"), (119, "119 seconds"), (130, "2 min")]
)
def test_elapsed_times(seconds: int, words: str) -> None:
    """Seconds, and minutes from two on."""
    assert format_elapsed(timedelta(seconds=seconds), ENGLISH) == words
