"""`/sms history`: a line for each of the latest messages, read in one query."""

from pathlib import Path

import pytest

from kwtsms_bot.commands.base import Invocation, Reply
from kwtsms_bot.commands.history import first_words
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_sandbox.slack import NOURA, OPS, SARA
from support.command_testbed import CommandTestbed, command_testbed
from support.database import ACTOR, AT, NUMBER, OTHER, new_message, record_statements

ACCESS = {"sender": {"users": [SARA.id]}, "admin": {"users": [NOURA.id]}}


async def ask(testbed: CommandTestbed, user: str, text: str) -> Reply:
    """The reply to a command."""
    request = Invocation(person=Person(user, OPS.id), say=ENGLISH, key=text, text=text)
    return await handle(testbed.context, request)


async def test_a_line_has_the_time_the_recipients_and_the_states(tmp_path: Path) -> None:
    """Times are Kuwait's, numbers are masked, and only administrators see everybody's."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        outbox = testbed.context.outbox
        two = new_message(NUMBER, OTHER, author=SARA.id)
        first = (await outbox.intake.accept(two, AT)).message
        await outbox.cancellation.cancel(first.ref, AT, ACTOR)
        second = (await outbox.intake.accept(new_message(OTHER, author=NOURA.id), AT)).message
        own = await ask(testbed, SARA.id, "history")
        everybody = await ask(testbed, NOURA.id, "history all")
        refused = await ask(testbed, SARA.id, "history all")

    cancelled = "23 Nov, 15:00 · 965•••••432 and 1 more · Cancelled · “hello”"
    waiting = "23 Nov, 15:00 · 965•••••567 · Queued · “hello”"
    assert own.facts == ((first.ref, cancelled),)
    assert everybody.facts == (
        (second.ref, f"{waiting} · {NOURA.name}"),
        (first.ref, f"{cancelled} · {SARA.name}"),
    )
    assert refused.title == "You don't have permission to do this here."


async def test_ten_messages_are_read_in_one_query(tmp_path: Path) -> None:
    """No more than ten messages are listed, however many there are."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        outbox = testbed.context.outbox
        for count in range(12):
            await outbox.intake.accept(new_message(author=SARA.id, text=f"text {count}"), AT)
        with record_statements(outbox.database) as statements:
            reply = await ask(testbed, SARA.id, "history")

    assert len(reply.facts) == 10
    assert len([one for one, _ in statements if one != "BEGIN"]) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Backup failed", "Backup failed"),
        ("two\nlines  and\tblanks", "two lines and blanks"),
        ("x" * 40, "x" * 40),
        ("x" * 80, "x" * 40 + "…"),
        ("The disk of the database server is almost full", "The disk of the database server is…"),
        (
            "انقطعت الكهرباء عن مركز البيانات الرئيسي في الشويخ",
            "انقطعت الكهرباء عن مركز البيانات الرئيسي…",
        ),
    ],
)
def test_the_first_words_fit_on_a_line(text: str, shown: str) -> None:
    """A text ends between two words where that is possible."""
    assert first_words(text) == shown
