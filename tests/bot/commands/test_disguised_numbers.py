"""A number that may look like another one is shown as it is read, and confirmed."""

from pathlib import Path

import pytest

from kwtsms_bot.commands.base import Invocation
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.commands.send.recipients import parse_line, parse_list
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_sandbox.slack import OPS, SARA
from kwtsms_sandbox.slack.workflow_steps import StepState
from support.bot import local_env
from support.command_testbed import command_testbed

OVERRIDES = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]


@pytest.mark.parametrize("mark", OVERRIDES, ids=ascii)
@pytest.mark.parametrize(
    "typed", ["{}98765432", "9876{}5432", "98765432{}", "98765431, {}98765432"]
)
def test_a_direction_override_disguises_a_number(mark: str, typed: str) -> None:
    """An override anywhere among the recipients of a line or a field is noticed."""
    written = typed.format(mark)

    assert parse_line(f"{written} hi", default_country="965").disguised
    assert parse_list(written, default_country="965").disguised


@pytest.mark.parametrize("line", ["98765432 hi \u202ethere", "\u200e98765432 hi", "98765432 hi"])
def test_other_lines_are_not_disguised(line: str) -> None:
    """An override in the text, or another invisible character, disguises no number."""
    assert not parse_line(line, default_country="965").disguised


@pytest.mark.parametrize(
    "typed", ["\u202e98765432", "\u202a98765432\u202c", "\u20669876 5432\u2069"]
)
async def test_it_is_shown_and_confirmed(tmp_path: Path, typed: str) -> None:
    """The preview shows the number as it is read; nothing is accepted yet."""
    async with command_testbed(tmp_path) as testbed:
        request = Invocation(
            person=Person(SARA.id, OPS.id), say=ENGLISH, key="k", text=f"send {typed} hi"
        )
        reply = await handle(testbed.context, request)

    assert reply.accepted is None
    assert "hidden characters" in " ".join(reply.details)
    assert "+96598765432" in dict(reply.facts)["To"]


async def test_a_workflow_refuses_it(tmp_path: Path) -> None:
    """A workflow's step fails, because nobody sees a preview of its message."""
    access = {"sender": {"users": [SARA.id]}, "workflows": True}
    async with local_env(tmp_path, access=access) as env:
        inputs = {"numbers": "\u202e98765432", "text": "hi", "user": SARA.id}
        step, _ = await env.slack.run_step("send_sms", inputs)
        ended = await env.slack.wait_for_end(step)

        assert env.gateway.ledger == []

    assert ended.state is StepState.FAILED
    assert "hidden characters" in str(ended.error)
