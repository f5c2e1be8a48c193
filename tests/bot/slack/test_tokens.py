"""Recipients of a typed line that come from Slack's tokens: by id, whatever a label says."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.commands import tokens
from kwtsms_bot.commands.base import Reply
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.commands.send.recipients import ParsedLine, parse_line
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.slack import payloads
from kwtsms_bot.slack.markup import split_markup
from kwtsms_sandbox.slack import NOURA, OPS, SARA
from kwtsms_sandbox.slack.demo_workspace import ON_CALL
from support.command_testbed import CommandTestbed, command_testbed

ACCESS = {"bulk": {"users": [SARA.id]}}
CONTACTS = {"sara": "+96566550000", "here": "+96566550001", "oncall": "+96566550002"}
PHONEBOOK = {"contacts": CONTACTS}


def parse(raw: str) -> ParsedLine:
    """A line as Slack delivers it, parsed."""
    line, found = tokens.join(split_markup(raw))
    return parse_line(line, default_country="965", tokens=found)


async def type_line(testbed: CommandTestbed, raw: str) -> Reply:
    """The reply to the text of a slash command as Slack delivers it."""
    body = {"text": raw, "trigger_id": raw}
    person = Person(SARA.id, OPS.id)
    return await handle(testbed.context, payloads.invocation(body, person, ENGLISH))


def fact(reply: Reply, name: str) -> str:
    """The value of a fact of a reply."""
    return dict(reply.facts)[name]


@pytest.mark.parametrize("label", ["Sara Ahmad", "sara", "98765433", "+965 9876 5433, @sara", ""])
async def test_a_mention_is_its_user_and_never_its_label(tmp_path: Path, label: str) -> None:
    """The number is in the mentioned user's profile, and no part of the label is text."""
    async with command_testbed(tmp_path, access=ACCESS, phonebook=PHONEBOOK) as testbed:
        reply = await type_line(testbed, f"send <@{NOURA.id}|{label}> hi")

    assert fact(reply, "To") == f"{NOURA.name} (965•••••100)"
    assert [one.text for one in reply.text_spans] == ["hi"]


async def test_a_contact_of_the_same_name_is_mentioned(tmp_path: Path) -> None:
    """The preview says that the phone book has another number."""
    async with command_testbed(tmp_path, access=ACCESS, phonebook=PHONEBOOK) as testbed:
        reply = await type_line(testbed, f"send <@{SARA.id}|sara> hi")

    assert fact(reply, "To") == f"{SARA.name} (965•••••432)"
    assert any("contact" in one for one in reply.details)


async def test_a_user_group_is_its_members(tmp_path: Path) -> None:
    """A contact with the group's handle is not meant."""
    async with command_testbed(tmp_path, access=ACCESS, phonebook=PHONEBOOK) as testbed:
        reply = await type_line(testbed, f"send <!subteam^{ON_CALL.id}|@oncall> hi")
        unknown = await type_line(testbed, "send <!subteam^S0NOBODY|@oncall> hi")
        crowd = replace(ON_CALL, users=tuple(f"U{number}" for number in range(51)), id="S0CROWD")
        testbed.slack.space.directory.put_group(crowd)
        many = await type_line(testbed, f"send <!subteam^{crowd.id}|@all> hi")

    assert fact(reply, "To") == f"{SARA.name} (965•••••432), {NOURA.name} (965•••••100)"
    assert unknown.details == ("Can't get the members of @oncall from Slack.",)
    assert "51 members" in many.details[0]


@pytest.mark.parametrize(
    "raw",
    [
        "<https://example.com|98765433> hi",
        "<mailto:a@example.com|98765433> hi",
        "<#C0000000OP|98765433> hi",
        "<!here|@sara> hi",
        "<!date^1^{date}|98765433> hi",
        "<!subteam^|@sara> hi",
        "<@|sara> hi",
        "<tel:|98765433> hi",
        "<tel:1,98765433|98765433> hi",
        ":100: hi",
        ":98765433: hi",
        "<98765433> hi",
        "<|98765433> hi",
        "\U000f0000 hi",
    ],
)
def test_what_is_neither_person_nor_number_receives_nothing(raw: str) -> None:
    """A label that looks like a number or a name is still a label."""
    found = parse(raw)

    assert (found.recipients, found.names, found.tokens) == ((), (), ())
    assert found.invalid


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("<tel:+96598765432|+965 9876 5432> hi", "96598765432"),
        ("<tel:+96598765432> hi", "96598765432"),
        ("<tel:+96598765432|98765433> hi", "96598765432"),
        ("<tel:+96598765432|Sara> hi", "96598765432"),
    ],
)
def test_a_phone_link_is_its_number(raw: str, number: str) -> None:
    """The address counts, as Slack made it."""
    assert parse(raw).recipients == (number,)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("see <https://example.com/a|the runbook>", "see the runbook https://example.com/a"),
        ("see <https://example.com/a>", "see https://example.com/a"),
        ("see <http://example.com|example.com>", "see example.com"),
        ("write to <mailto:a@example.com|Sara>", "write to Sara a@example.com"),
        ("call <tel:+96598765433|Sara>", "call Sara +96598765433"),
        ("ask <@U1|Sara Ahmad> in <#C1|ops>", "ask @Sara Ahmad in #ops"),
        ("wake <!subteam^S1|@oncall> <!here>", "wake @oncall @here"),
        ("it is :fire: :thumbsup::skin-tone-2:", "it is :fire: :thumbsup::skin-tone-2:"),
        ("at 10:100:30 http://x:80: ::", "at 10:100:30 http://x:80: ::"),
        ("box \U000f0005", "box \U000f0005"),
    ],
)
def test_tokens_of_the_text_are_shown(raw: str, text: str) -> None:
    """A link keeps its address, and everything else reads as it was typed."""
    assert parse(f"98765432 {raw}").text == text


async def test_no_label_is_a_command(tmp_path: Path) -> None:
    """The command is what was typed, and not what a link is called."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        reply = await type_line(testbed, "<https://example.com|send> 98765432 hi")

    assert not reply.accepted


IDS = st.sampled_from(
    ["@U1", "@U2", "!subteam^S1", "#C1", "!here", "https://x.com", "tel:+96598765432"]
)


@given(target=IDS, label=st.text(), other=st.text())
def test_no_label_changes_who_receives(target: str, label: str, other: str) -> None:
    """The recipients of a line are the same under any two labels."""
    found = []
    for one in (label, other):
        escaped = one.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        line = parse(f"<{target}|{escaped}>, +96598765433 hi")
        found.append(
            (line.recipients, line.names, [(token.kind, token.id) for token in line.tokens])
        )

    assert found[0] == found[1]


@given(st.text() | st.text(st.sampled_from("<>|@#!:US1^tel+965 9876,\U000f0000\n&;")))
def test_any_text_of_slack_is_read(raw: str) -> None:
    """No line raises, and no placeholder of ours is left in the text."""
    line, found = tokens.join(split_markup(raw))

    parse(raw)
    assert tokens.show(line, found) == payloads.unescape_text(raw)


async def test_an_emoji_in_the_text_is_removed(tmp_path: Path) -> None:
    """Slack delivers it as a shortcode; the preview shows the text without it."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        reply = await type_line(testbed, "send 98765401 :fire: Disk full")

    assert "".join(one.text for one in reply.text_spans if not one.removed).strip() == "Disk full"
    assert reply.buttons
