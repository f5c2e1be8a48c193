"""`/sms silence`, `silences`, `unsilence`: who may silence what, and what the replies say."""

import re
from pathlib import Path

import pytest

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import CommandRequest, Severity, SilenceForm
from kwtsms_bot.commands.bridge.alerts import home_reply
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.i18n.translator import ENGLISH, language
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.cards import incident_card
from kwtsms_sandbox.slack import SARA, YOUSEF
from support.arabic import english, said, torn
from support.bridge_bench import alert
from support.incident_testbed import READER, IncidentTestbed, incident_testbed, shown

LABELS = {"site": "shuwaikh"}
ARABIC = language("ar")
REF = re.compile(r"\b[A-Z0-9]{5}\b")
CRITICAL = AlertSeverity.CRITICAL
# What people type, as the examples have it.
EXAMPLE_WORDS = {*("until", "fri", "from", "new", "cable")}
TYPED = {
    "site",
    "shuwaikh",
    "severity",
    "error",
    "warning",
    "info",
    "none",
    "a",
    "b",
    "d",
    "h",
    "m",
}


async def buttons(bed: IncidentTestbed, ref: str | None) -> dict[str, str]:
    """The values of the buttons on an incident's card, by their labels."""
    control = bed.context.incidents
    assert control is not None
    found = await control.find(ref or "")
    assert found is not None
    return {one.label: one.value for one in incident_card.card_buttons(found, language("en"))}


async def test_a_sender_silences_by_labels(tmp_path: Path) -> None:
    """Open incidents that match tell nothing more; what is critical is still texted."""
    async with incident_testbed(tmp_path) as bed:
        (result,) = await bed.bench.post(alert("a", labels=LABELS))
        reply = await bed.type("silence site=shuwaikh 2h new cable")
        (more, worst) = await bed.bench.post(
            alert("b", labels=LABELS), alert("c", labels=LABELS, severity=CRITICAL)
        )
        texts = await bed.bench.advance(60, step=5)
        listed = await bed.type("silences", READER)

    assert reply.severity is Severity.GOOD
    assert "1 open incident is silenced." in reply.details
    assert "Critical alerts are still texted. Silencing them needs the bulk role." in reply.details
    assert dict(reply.facts)["Silenced"] == "site=shuwaikh · except critical alerts"
    assert dict(reply.facts)["Reason"] == "new cable"
    assert (more.why, worst.sms) == ("silenced", "due")
    assert [((worst.ref or "-") in text, (result.ref or "") in text) for text in texts] == [
        (True, False)
    ]
    assert listed.title == "1 silence"
    assert "site=shuwaikh" in shown(listed)
    assert "new cable" in shown(listed)


async def test_an_admin_silences_what_is_critical(tmp_path: Path) -> None:
    """The role bulk or admin is enough."""
    async with incident_testbed(tmp_path) as bed:
        reply = await bed.type("silence site=shuwaikh 2h", YOUSEF.id)
        (result,) = await bed.bench.post(alert("a", labels=LABELS, severity=CRITICAL))

    assert "Critical" not in shown(reply)
    assert result.why == "silenced"


@pytest.mark.parametrize("target", ["severity=critical", "severity=crit*", "REF"])
async def test_a_sender_may_not_silence_only_what_is_critical(tmp_path: Path, target: str) -> None:
    """Such a silence is refused as a whole, with the role that it takes."""
    async with incident_testbed(tmp_path) as bed:
        (result,) = await bed.bench.post(alert("a", severity=CRITICAL))
        reply = await bed.type(f"silence {target.replace('REF', result.ref or '')} 1h")
        listed = await bed.type("silences")

    assert reply.severity is Severity.ERROR
    assert "Ask an admin for the bulk role." in reply.details
    assert listed.title == "Nothing is silenced."


async def test_an_incident_that_gets_critical_is_texted(tmp_path: Path) -> None:
    """A sender's silence of an incident holds for what it was."""
    async with incident_testbed(tmp_path) as bed:
        (first,) = await bed.bench.post(alert("a"))
        await bed.type(f"silence {(first.ref or '').lower()} 4h")
        silent = await bed.bench.advance(60, step=5)
        (worse,) = await bed.bench.post(alert("a", severity=CRITICAL))
        texts = await bed.bench.advance(60, step=5)

    assert silent == []
    assert worse.sms == "due"
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("ABCDE 2h", "Name the incident's ID, or what to silence, such as site=shuwaikh."),
        ("A7F3K 2h", "No incident has the ID A7F3K."),
        ("site=a", "Say for how long, such as 2h or until 08:00."),
        ("site=a 8d", "A silence lasts 7 days at most."),
        ("site=a every day 08:00 for 1h", "Expected a day of the week, such as fri."),
    ],
)
async def test_what_is_wrong_is_said(tmp_path: Path, text: str, title: str) -> None:
    """An error comes with an example, or says what to type."""
    async with incident_testbed(tmp_path) as bed:
        reply = await bed.type(f"silence {text}")

    assert (reply.severity, reply.title) == (Severity.ERROR, title)
    assert reply.examples or reply.details


async def test_quotes_as_phones_write_them(tmp_path: Path) -> None:
    """A value with spaces is quoted in any way."""
    async with incident_testbed(tmp_path) as bed:
        reply = await bed.type("silence alertname=“Link down” 2h", YOUSEF.id)

    assert dict(reply.facts)["Silenced"] == 'alertname="Link down"'


async def test_a_reader_silences_nothing(tmp_path: Path) -> None:
    """Neither by a command nor by a button."""
    async with incident_testbed(tmp_path) as bed:
        (result,) = await bed.bench.post(alert("a"))
        replies = [
            await bed.type("silence site=a 2h", READER),
            await bed.type("unsilence S2K4M", READER),
            await bed.press(action_ids.INCIDENT_SILENCE, result.ref, READER),
            await bed.press(action_ids.INCIDENT_UNSILENCE, "S2K4M", READER),
        ]

    assert {one.title for one in replies} == {"You don't have permission to do this here."}


async def test_the_form_opens_from_the_card_and_without_words(tmp_path: Path) -> None:
    """From a card it is about its incident."""
    async with incident_testbed(tmp_path) as bed:
        (result,) = await bed.bench.post(alert("a", "Link down"))
        found = await buttons(bed, result.ref)
        pressed = await bed.press(action_ids.INCIDENT_SILENCE, found["Silence"])
        typed = await bed.type("silence")

    assert pressed.silence_form == SilenceForm(result.ref or "", "Link down")
    assert typed.silence_form == SilenceForm()


async def test_it_ends_from_the_card(tmp_path: Path) -> None:
    """A silenced card offers that only; what still fires is texted."""
    async with incident_testbed(tmp_path) as bed:
        (result,) = await bed.bench.post(alert("a", labels=LABELS))
        await bed.type(f"silence {result.ref} 2h")
        silenced = await buttons(bed, result.ref)
        listed = await bed.type("alerts")
        nothing = await bed.type("ack all")
        reply = await bed.press(action_ids.INCIDENT_UNSILENCE, silenced["End silence"])
        again = await bed.press(action_ids.INCIDENT_UNSILENCE, silenced["End silence"])
        texts = await bed.bench.advance(10)
        after = await buttons(bed, result.ref)

    assert list(silenced) == ["End silence", "Resolve", "Show details"]
    assert "silenced until" in shown(listed)
    assert "1 is silenced: see /sms silences." in listed.details
    assert nothing.title == "Nothing is left to acknowledge."
    assert reply.severity is Severity.GOOD
    assert again.severity is Severity.ERROR
    assert len(texts) == 1
    assert list(after)[:2] == ["Acknowledge", "Silence"]


async def test_app_home_shows_silenced_incidents_last(tmp_path: Path) -> None:
    """Without a button to acknowledge them, and worse than the others or not."""
    async with incident_testbed(tmp_path) as bed:
        (quiet, loud) = await bed.bench.post(
            alert("a", labels=LABELS, severity=CRITICAL), alert("b")
        )
        await bed.type(f"silence {quiet.ref} 2h", YOUSEF.id)
        control = bed.context.incidents
        assert control is not None
        request = CommandRequest(person=Person(SARA.id, ""), say=ENGLISH, key="k")
        reply = await home_reply(bed.context, control, request)

    assert [name for name, _ in reply.facts] == [loud.ref, quiet.ref]
    assert [one.value for one in reply.buttons] == [loud.ref]
    assert "silenced until" in reply.facts[1][1]


async def test_the_command_ends_it(tmp_path: Path) -> None:
    """The reference may be typed in either case of letters."""
    async with incident_testbed(tmp_path) as bed:
        created = await bed.type("silence site=a every fri 22:00 for 8h backup")
        (listed,) = (await bed.type("silences")).facts
        ended = await bed.type(f"unsilence {listed[0].lower()}")
        left = await bed.type("unsilence")

    assert "each week" in dict(created.facts)["When"]
    assert "It repeats each week until you type" in shown(created)
    assert ended.title == f"Silence {listed[0]} has ended."
    assert left.title == "Nothing is silenced."


async def test_the_same_delivery_silences_once(tmp_path: Path) -> None:
    """Slack delivers a command twice if it waits too long."""
    async with incident_testbed(tmp_path) as bed:
        bed.keys = iter([7, 7, 8])
        await bed.type("silence site=a 2h")
        again = await bed.type("silence site=a 2h")
        listed = await bed.type("silences")

        audited = [one for one in await bed.context.audit.entries() if one.action == "silence"]

    assert again.title == "Duplicate request ignored."
    assert [(one.actor, one.decision) for one in audited] == [(SARA.id, "created")]
    assert "shuwaikh" not in audited[0].detail
    assert listed.title == "1 silence"


async def test_times_are_kuwaits(tmp_path: Path) -> None:
    """`until 08:00` is the next one there."""
    async with incident_testbed(tmp_path) as bed:
        reply = await bed.type("silence site=a until 08:00")
        control = bed.context.incidents
        assert control is not None
        (found,) = await control.silences()

    local = found.window.ends_at.astimezone(KUWAIT_TZ)
    assert (local.hour, local.minute) == (8, 0)
    assert "08:00" in dict(reply.facts)["When"]


async def test_replies_are_in_arabic(tmp_path: Path) -> None:
    """No English word, and nothing torn apart by the direction of the text."""
    async with incident_testbed(tmp_path) as bed:
        replies = [
            await bed.type("silence site=a حتى 08:00", say=ARABIC),
            await bed.type("silence site=b كل الجمعة 22:00 لمدة 8h", say=ARABIC),
            await bed.type("silence", say=ARABIC),
            await bed.type("silence x", say=ARABIC),
            await bed.type("silences", say=ARABIC),
            await bed.type("unsilence S2K4M", say=ARABIC),
        ]

    texts = [text for one in replies for text in said(blocks.reply(one, ARABIC))]
    words = {word.casefold() for text in texts for word in english(REF.sub("", text))}
    assert words <= {*TYPED, *EXAMPLE_WORDS, "sara"}
    assert [part for text in texts for part in torn(text)] == []
