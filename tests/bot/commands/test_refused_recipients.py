"""Recipients that get no message: who they are, what the reply says, and what `validate` says."""

from dataclasses import replace
from pathlib import Path

import pytest

from kwtsms_bot.commands.base import Reply, Severity
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.commands.send import preview_reply
from kwtsms_bot.commands.send.preview import Preview
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.slack import payloads
from kwtsms_client import Phone, inspect_message
from kwtsms_sandbox.slack import NOURA, OPS, SARA, YOUSEF, Fault
from kwtsms_sandbox.slack.demo_workspace import ON_CALL
from support.command_testbed import CommandTestbed, command_testbed

ACCESS = {"bulk": {"users": [SARA.id]}, "reader": {"users": [NOURA.id]}}
ABROAD = "+971501234567"


async def type_line(testbed: CommandTestbed, raw: str, who: str = SARA.id) -> Reply:
    """The reply to the text of a slash command as Slack delivers it."""
    body = {"text": raw, "trigger_id": raw}
    return await handle(testbed.context, payloads.invocation(body, Person(who, OPS.id), ENGLISH))


@pytest.mark.parametrize("raw", [f"<@{NOURA.id}|noura>", f"<!subteam^{ON_CALL.id}|@oncall>"])
async def test_a_deactivated_colleague_gets_nothing(tmp_path: Path, raw: str) -> None:
    """The reply names the colleague, whether mentioned alone or in a group."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        testbed.slack.space.directory.put_user(replace(NOURA, deleted=True))
        reply = await type_line(testbed, f"send {raw} hi")

    assert reply.title == "Message not sent: check 1 recipient."
    assert reply.details == (f"{NOURA.name}'s Slack account is deactivated.",)
    assert reply.buttons == ()


async def test_a_colleague_without_a_profile_gets_nothing(tmp_path: Path) -> None:
    """Without a profile nobody knows whether the account is in use."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        testbed.slack.fault("users.info", Fault(error="fatal_error"), times=float("inf"))
        reply = await type_line(testbed, f"send <@{YOUSEF.id}|yousef> hi")

    assert reply.details[0].startswith("Can't look up")


@pytest.mark.parametrize(
    ("line", "title", "detail", "examples"),
    [
        (
            "send @nobody hi",
            "Message not sent: check 1 recipient.",
            "@nobody isn't a contact or group.",
            0,
        ),
        ("send 1234 hi", "Message not sent: check 1 recipient.", "“1234” isn't a valid phone", 1),
        ("send 123, 124 hi", "Message not sent: check 2 recipients.", "“123” isn't a valid", 1),
        ("send <#C0000000OP|ops> hi", "Message not sent: check 1 recipient.", "“#ops” isn't", 1),
        (
            f"send {ABROAD} hi",
            "Message not sent: sending to +971 (UAE) isn't allowed.",
            "Ask an admin to enable this country",
            0,
        ),
        ("send 98765432", "Your message is empty.", "Add the text after the number.", 1),
    ],
)
async def test_a_refusal_says_what_is_wrong(
    tmp_path: Path, line: str, title: str, detail: str, examples: int
) -> None:
    """The title fits the mistake, and only a mistake of form has an example."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        reply = await type_line(testbed, line)

    assert (reply.title, len(reply.examples)) == (title, examples)
    assert reply.details[0].startswith(detail)


@pytest.mark.parametrize(
    ("who", "typed", "proposed"),
    [
        (SARA.id, "snd 98765432 hi", "Did you mean send?"),
        (SARA.id, "balanse", "Did you mean balance?"),
        (NOURA.id, "snd 98765432 hi", "Did you mean senders?"),  # She may not send.
        (NOURA.id, "histroy", "Did you mean history?"),
        (SARA.id, "pauze", None),  # Only an admin may.
        (SARA.id, "xyz", None),
    ],
)
async def test_an_unknown_command_proposes_one_that_is_allowed(
    tmp_path: Path, who: str, typed: str, proposed: str | None
) -> None:
    """No other command is listed."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        reply = await type_line(testbed, typed, who)

    assert reply.title == f"Unknown command: /sms {typed.split(maxsplit=1)[0]}"
    assert reply.details[-1] == "To see all commands, type /sms help."
    assert reply.details[:-1] == ((proposed,) if proposed else ())


async def test_validate_and_send_agree(tmp_path: Path) -> None:
    """A number that this bot may not send to is not called reachable."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        both = await type_line(testbed, f"validate {ABROAD}, 98765432")
        refused = await type_line(testbed, f"send {ABROAD} hi")
    async with command_testbed(tmp_path, access=ACCESS, limits={"countries": ["all"]}) as testbed:
        allowed = await type_line(testbed, f"validate {ABROAD}, 98765432")

    assert both.severity is Severity.WARNING
    assert both.facts == (
        ("Can receive SMS", "965•••••432"),
        ("Not allowed by this bot", "971••••••567"),
    )
    assert refused.severity is Severity.ERROR
    assert "+971" in both.details[0]
    assert allowed.severity is Severity.GOOD


def test_the_button_says_how_many_of_the_recipients_are_left() -> None:
    """A preview without some of the recipients is not sent by mistake."""
    numbers = Phone("96598765432"), Phone("96590000001")
    complete = Preview(report=inspect_message("hi"), recipients=numbers)
    part = replace(complete, uncovered=(Phone("971501234567"),))

    assert preview_reply.confirm_label(complete, ENGLISH) == "Send for 2 credits"
    assert preview_reply.confirm_label(part, ENGLISH) == "Send to 2 of 3"
