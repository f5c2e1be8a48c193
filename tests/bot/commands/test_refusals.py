"""Refusals: each says what to do, and mentions the admins who can help."""

from pathlib import Path

import pytest

from kwtsms_bot.commands.actions.table import dispatch
from kwtsms_bot.commands.base import ButtonPress, Invocation, Reply, UserMention
from kwtsms_bot.commands.mentions import MAX_ADMINS
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.outbox.intake.draft import DraftKind
from kwtsms_sandbox.slack import NOURA, OPS, SARA, YOUSEF
from support.command_testbed import CommandTestbed, command_testbed, draft

ADMIN = {"users": [YOUSEF.id]}
READ_ONLY = "You have read-only access here. To send messages, ask an admin for the sender role."
NO_ACCESS = "You don't have access here yet. Ask an admin for the reader or sender role."


async def type_line(testbed: CommandTestbed, line: str, who: str) -> Reply:
    """The reply to a typed line."""
    person = Person(who, OPS.id)
    return await handle(
        testbed.context, Invocation(person=person, say=ENGLISH, key=line, text=line)
    )


def mentions(reply: Reply) -> list[tuple[str, str]]:
    """The people that a reply mentions: how it calls each, and the id."""
    return [(name, value.user) for name, value in reply.facts if isinstance(value, UserMention)]


@pytest.mark.parametrize(
    ("line", "title", "detail"),
    [
        (
            "pause",
            "You don't have permission to do this here.",
            "Ask an admin for the admin role.",
        ),
        (
            "send +96598765432, +96598765433 hi",
            "Message not sent: you can't send to 2 recipients at once.",
            "You need the bulk role to send to 2 recipients or more. Ask an admin.",
        ),
        (
            "send +971501234567 hi",
            "Message not sent: sending to +971 (UAE) isn't allowed.",
            "Ask an admin to enable this country (limits.countries).",
        ),
    ],
)
async def test_a_refusal_mentions_an_admin(
    tmp_path: Path, line: str, title: str, detail: str
) -> None:
    """The title says what happened, the detail says what to do, the mention says who can."""
    access = {"sender": {"users": [SARA.id]}, "admin": ADMIN, "bulk_from": 2}
    async with command_testbed(tmp_path, access=access) as testbed:
        reply = await type_line(testbed, line, SARA.id)

    assert (reply.title, reply.details) == (title, (detail,))
    assert mentions(reply) == [("Admin", YOUSEF.id)]


async def test_a_refusal_mentions_a_few_admins_only(tmp_path: Path) -> None:
    """A long list of admins does not make a long reply."""
    admins = [YOUSEF.id, *(f"U00000ADM{n}" for n in range(MAX_ADMINS))]
    access = {"admin": {"users": admins}}
    async with command_testbed(tmp_path, access=access) as testbed:
        reply = await type_line(testbed, "balance", SARA.id)

    assert [user for _, user in mentions(reply)] == admins[:MAX_ADMINS]


@pytest.mark.parametrize(("who", "access"), [(NOURA.id, READ_ONLY), (SARA.id, NO_ACCESS)])
async def test_help_says_which_role_is_missing(tmp_path: Path, who: str, access: str) -> None:
    """A reader may look; somebody without a role may do nothing yet."""
    roles = {"reader": {"users": [NOURA.id]}, "admin": ADMIN}
    async with command_testbed(tmp_path, access=roles) as testbed:
        reply = await type_line(testbed, "help", who)

    assert reply.details == (access, f"Your Slack ID is {who}.")
    assert mentions(reply) == [("Admin", YOUSEF.id)]


async def test_a_second_pause_says_that_the_first_one_is_in_force(tmp_path: Path) -> None:
    """Nothing was to be sent, so the reply speaks of no message."""
    async with command_testbed(tmp_path, access={"admin": ADMIN}) as testbed:
        await type_line(testbed, "pause", YOUSEF.id)
        reply = await type_line(testbed, "pause again", YOUSEF.id)

    assert reply.title == "Sending is already paused."
    assert mentions(reply) == [("Paused by", YOUSEF.id)]


async def test_the_author_gets_a_mention_of_the_person_who_rejected_the_message(
    tmp_path: Path,
) -> None:
    """A name alone can be anybody's."""
    async with command_testbed(tmp_path, access={"admin": ADMIN}) as testbed:
        await testbed.context.outbox.drafts.save_draft(draft(DraftKind.APPROVE))
        press = ButtonPress(person=Person(YOUSEF.id, OPS.id), say=ENGLISH, key="k", value="token")
        reply = await dispatch(testbed.context, "send_refuse", press)

    assert reply.direct_message is not None
    assert reply.direct_message.reply.title == "Your message was rejected."
    assert ("Rejected by", YOUSEF.id) in mentions(reply.direct_message.reply)
