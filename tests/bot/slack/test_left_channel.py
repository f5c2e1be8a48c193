"""A channel's role ends when the person leaves the channel, where Slack shows its members."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.commands.actions.table import dispatch
from kwtsms_bot.commands.base import ButtonPress
from kwtsms_bot.commands.policy import Permission, Person, allows
from kwtsms_bot.config import Access
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.outbox.intake.draft import DraftKind
from kwtsms_bot.slack.manifest import OPTIONAL_SCOPES, SCOPES
from kwtsms_bot.slack.users import SlackUserDirectory
from kwtsms_sandbox.slack import (
    NOURA,
    OPS,
    SARA,
    TEAM_ID,
    YOUSEF,
    Fault,
    Manifest,
    SlackSandbox,
)
from support.command_testbed import command_testbed, draft
from support.database import AT
from support.slack import no_proxy, web_client

GRANTED = {"sender": {"channels": [OPS.id]}, "admin": {"users": [YOUSEF.id]}}
ACCESS = Access.model_validate(GRANTED)


@asynccontextmanager
async def workspace(*scopes: str) -> AsyncIterator[tuple[SlackSandbox, SlackUserDirectory]]:
    """A local Slack that granted these scopes, and a directory that asks it about #ops."""
    slack = SlackSandbox(manifest=Manifest(scopes=frozenset(scopes)))
    with no_proxy():
        async with slack:
            tasks = BackgroundTasks()
            directory = SlackUserDirectory(web_client(slack), (), channels=[OPS.id], tasks=tasks)
            directory.team = TEAM_ID
            yield slack, directory


def may_send(person: Person) -> bool:
    """Whether the role of the channel lets the person send."""
    return allows(ACCESS, person, Permission.SEND)


async def test_a_member_keeps_the_role_and_who_left_loses_it() -> None:
    """Buttons and forms check the membership; a typed command is proof of it."""
    async with workspace(*SCOPES, *OPTIONAL_SCOPES) as (slack, directory):
        slack.directory.remove(NOURA, OPS)
        member = await directory.person(SARA.id, OPS.id, fresh=True)
        left = await directory.person(NOURA.id, OPS.id, fresh=True)
        typed = await directory.person(NOURA.id, OPS.id)

    assert (may_send(member), may_send(left), may_send(typed)) == (True, False, True)


async def test_without_the_optional_scopes_the_channel_decides() -> None:
    """A role holds as long as Slack shows no members."""
    async with workspace(*SCOPES) as (_, directory):
        person = await directory.person(SARA.id, OPS.id, fresh=True)

    assert may_send(person)


async def test_no_answer_grants_nothing() -> None:
    """If Slack does not say who is in the channel, its role does not hold."""
    async with workspace(*SCOPES, *OPTIONAL_SCOPES) as (slack, directory):
        slack.fault("conversations.members", Fault(error="internal_error"))
        person = await directory.person(SARA.id, OPS.id, fresh=True)

    assert not may_send(person)


@pytest.mark.parametrize("has_left", [True, False])
async def test_a_pending_request_of_an_author_who_left(tmp_path: Path, *, has_left: bool) -> None:
    """The approval is refused, and that of a member's request is not."""
    async with (
        command_testbed(tmp_path, access=GRANTED) as testbed,
        workspace(*SCOPES, *OPTIONAL_SCOPES) as (slack, directory),
    ):
        context = replace(testbed.context, users=directory)
        pending = draft(DraftKind.APPROVE, author=SARA.id)
        await context.outbox.drafts.save_draft(pending)
        if has_left:
            slack.directory.remove(SARA, OPS)
        approver = await directory.person(YOUSEF.id, OPS.id, fresh=True)
        press = ButtonPress(person=approver, say=ENGLISH, key="press", value=pending.token)
        reply = await dispatch(context, "send_approve", press)
        still_pending = await context.outbox.drafts.get_draft(pending.token, AT)

    assert reply.title.startswith("Approved") is not has_left
    assert (still_pending is not None) is has_left
