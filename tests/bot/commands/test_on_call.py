"""`/sms oncall`: who is on call, and who is put on call by hand."""

from datetime import timedelta
from pathlib import Path

import pytest

from kwtsms_bot.commands.base import Severity, UserMention
from kwtsms_bot.commands.tokens import Token, TokenKind, join
from kwtsms_bot.i18n.translator import language
from kwtsms_bot.slack import blocks
from kwtsms_sandbox.slack import SARA, YOUSEF
from support.arabic import english, said, torn
from support.on_call import HOUR, NAMES, local
from support.on_call_bench import READER, on_call_bench

NOW = local("2026-11-29 10:00")
ARABIC = language("ar")


async def test_a_schedule_says_who_until_when_and_who_is_next(tmp_path: Path) -> None:
    """A reader may see it; people with a Slack user are mentioned."""
    async with on_call_bench(tmp_path, NOW) as bed:
        reply = await bed.type("oncall", READER)

    facts = dict(reply.facts)
    assert reply.title == "On call for ops: sara"
    assert facts == {"On call": "sara", "Until": "6 Dec 2026, 08:00 (Kuwait)", "Next": "noura"}
    assert isinstance(facts["On call"], UserMention)


async def test_several_schedules_are_listed(tmp_path: Path) -> None:
    """One line each; one of them by its name, also as receivers write it."""
    async with on_call_bench(tmp_path, NOW, ops={}, net={"calendar": "none.ics"}) as bed:
        found = await bed.type("oncall")
        one = await bed.type("oncall oncall.OPS")

    assert dict(found.facts) == {
        "ops": "sara · until 6 Dec 2026, 08:00 (Kuwait) · then noura",
        "net": "nobody · 1 gap ahead",
    }
    assert one.title == "On call for ops: sara"


async def test_a_person_is_put_on_call_for_a_time(tmp_path: Path) -> None:
    """The channel is notified, the schedule says until when, and then it counts again."""
    async with on_call_bench(tmp_path, NOW) as bed:
        reply = await bed.type("oncall ops @noura for 4h")
        await bed.pass_time(timedelta(seconds=5))
        during = bed.roster.people("ops", bed.now)
        posts = bed.posts()
        after = bed.roster.people("ops", NOW + 4 * HOUR)

    assert reply.title == "On call for ops until 29 Nov 2026, 14:00 (Kuwait): noura"
    assert (during, after) == (("noura",), ("sara",))
    assert len(posts) == 1
    assert "On call for ops: noura" in posts[0]
    assert "Changed by" in posts[0]


async def test_a_mention_means_the_contact_of_that_slack_user(tmp_path: Path) -> None:
    """One without a contact can't be put on call: there is no number."""
    line, tokens = join(["oncall ops ", Token(TokenKind.USER, "@sara", SARA.id), " 30m"])
    other, others = join(["oncall ops ", Token(TokenKind.USER, "@yousef", YOUSEF.id), " for 1h"])
    async with on_call_bench(tmp_path, local("2026-12-07 10:00")) as bed:
        reply = await bed.type(line, tokens=tokens)
        refused = await bed.type(other, tokens=others)
        people = bed.roster.people("ops", bed.now)

    assert reply.severity is Severity.GOOD
    assert people == ("sara",)
    assert refused.title == "This person isn't in the phone book."


async def test_a_mention_in_a_message_means_the_same_number(tmp_path: Path) -> None:
    """The contact's number is used, not the one in the Slack profile, and nothing is to confirm."""
    line, tokens = join(["send ", Token(TokenKind.USER, "@sara", SARA.id), " The disk is full"])
    async with on_call_bench(tmp_path, NOW) as bed:
        reply = await bed.type(line, YOUSEF.id, tokens=tokens)
        assert reply.accepted
        found = await bed.context.outbox.messages.recipients(reply.accepted.id)
        number = bed.context.config.phonebook.contacts["sara"].number

    assert [one.phone for one in found] == [number]


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("4 hours", 4),
        ("for 90 min", 1.5),
        ("for 2 days", 48),
        ("لمدة ٤ ساعات", 4),
        ("3H", 3),
    ],
)
async def test_a_time_is_typed_as_people_do(tmp_path: Path, words: str, hours: float) -> None:
    """With its unit as a letter or a word."""
    async with on_call_bench(tmp_path, NOW) as bed:
        await bed.type(f"oncall ops noura {words}")
        (override,) = await bed.store.overrides(NOW)

    assert override.ends_at == NOW + hours * HOUR


async def test_what_was_changed_by_hand_is_ended(tmp_path: Path) -> None:
    """The schedule itself counts again."""
    async with on_call_bench(tmp_path, NOW) as bed:
        await bed.type("oncall ops noura for 4h")
        bed.now += HOUR
        ended = await bed.type("oncall ops off")
        again = await bed.type("oncall ops off", key="again")
        entries = await bed.context.audit.entries()

    assert ended.title == "On call for ops: sara"
    assert again.title == "Nobody was put on call by hand."
    assert [one.action for one in entries] == ["oncall override", "oncall override ended"]


async def test_the_same_request_twice_counts_once(tmp_path: Path) -> None:
    """Slack delivers a command again if the answer is late."""
    async with on_call_bench(tmp_path, NOW) as bed:
        await bed.type("oncall ops noura for 4h", key="k")
        again = await bed.type("oncall ops noura for 4h", key="k")
        overrides = await bed.store.overrides(NOW)

    assert again.title == "Duplicate request ignored."
    assert len(overrides) == 1


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("oncall nope", "There is no schedule of that name."),
        ("oncall ops bob for 4h", "There is no contact bob in the phone book."),
        ("oncall ops noura", "Type it as /sms oncall ops @noura for 4h."),
        ("oncall ops noura for ever", "Type it as /sms oncall ops @noura for 4h."),
        ("oncall ops noura for 60s", "Expected a time between 5 minutes and 31 days."),
        ("oncall ops noura for 32d", "Expected a time between 5 minutes and 31 days."),
    ],
)
async def test_what_is_wrong_is_said(tmp_path: Path, line: str, title: str) -> None:
    """A mistyped line puts nobody on call."""
    async with on_call_bench(tmp_path, NOW) as bed:
        reply = await bed.type(line)
        overrides = await bed.store.overrides(NOW)

    assert (reply.title, overrides) == (title, ())


async def test_a_reader_puts_nobody_on_call(tmp_path: Path) -> None:
    """Changing a schedule needs the role sender."""
    async with on_call_bench(tmp_path, NOW) as bed:
        reply = await bed.type("oncall ops noura for 4h", READER)
        overrides = await bed.store.overrides(NOW)

    assert reply.severity is Severity.ERROR
    assert overrides == ()


async def test_the_doctor_names_people_who_were_never_texted(tmp_path: Path) -> None:
    """And schedules by which nobody is on call."""
    async with on_call_bench(tmp_path, NOW, ops={}, net={"calendar": "none.ics"}) as bed:
        reply = await bed.type("doctor", YOUSEF.id)

    assert (
        "Send a test SMS to sara: they're on call, and none was sent to them yet." in reply.details
    )
    assert "Nobody is on call for net." in reply.details


async def test_replies_are_arabic(tmp_path: Path) -> None:
    """Nothing in them is English or torn apart."""
    async with on_call_bench(
        tmp_path, NOW, ops={"fallback": "lead"}, net={"calendar": "no"}
    ) as bed:
        lines = ("oncall", "oncall ops", "oncall net", "oncall ops mona for 4h", "oncall nope")
        replies = [await bed.type(line, SARA.id, ARABIC) for line in lines]

    texts = [text for reply in replies for text in said(blocks.reply(reply, ARABIC))]
    assert {word for text in texts for word in english(text)} <= {"ops", "net", "off", *NAMES}
    assert [part for text in texts for part in torn(text)] == []
