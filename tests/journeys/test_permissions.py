"""Permissions for every role, action and entry point; anything not granted is refused.

The tables are complete, so that the code is compared with them and not with itself.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.commands.actions.table import HANDLERS, dispatch
from kwtsms_bot.commands.base import ButtonPress, CommandContext
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.outbox.intake.draft import DraftKind, new_token
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.slack.ids import FORM_SHORTCUT, MESSAGE_SHORTCUT, PREVIEW_FORM, SEND_FORM
from kwtsms_sandbox.slack import GUEST, OPS, SARA, STRANGER, User, UserGroup, View
from kwtsms_sandbox.slack.workflow_steps import StepState
from support.bot import local_env, wait_for_text
from support.command_testbed import command_testbed, draft
from support.database import AT, new_message

NOBODY = User("U000NOBODY", "nobody", "Nobody")
READER = User("U000READER", "reader", "Reader")
SENDER = User("U000SENDER", "sender", "Sender")
BULK = User("U00000BULK", "bulk", "Bulk")
ADMIN = User("U0000ADMIN", "admin", "Admin")
INSIDE = {"nobody": NOBODY, "reader": READER, "sender": SENDER, "bulk": BULK, "admin": ADMIN}
EVERYBODY = {**INSIDE, "guest": GUEST, "stranger": STRANGER}
ACCESS: dict[str, Any] = {
    "reader": {"users": [READER.id]},
    "sender": {"users": [SENDER.id, SARA.id]},
    "bulk": {"users": [BULK.id]},
    "admin": {"users": [ADMIN.id]},
    "workflows": True,
}
ANYBODY = frozenset(EVERYBODY)
READS = frozenset({"reader", "sender", "bulk", "admin"})
SENDS = frozenset({"sender", "bulk", "admin"})
APPROVES = frozenset({"bulk", "admin"})
ADMINISTERS = frozenset({"admin"})
NONE = frozenset[str]()
LEASE = timedelta(seconds=30)
numbers = count(96590000000)

# The typed command, and the roles that may use it.
TYPED = {
    "send": ("send 96590000001 hello from {who}", SENDS),
    "balance": ("balance", READS),
    "status": ("status", READS),
    "dlr": ("dlr", READS),
    "history": ("history", READS),
    "history all": ("history all", ADMINISTERS),
    "cancel": ("cancel {ref}", ADMINISTERS),  # A message of another user.
    "validate": ("validate 98765432", READS),
    "senders": ("senders", READS),
    "coverage": ("coverage", READS),
    "whoami": ("whoami", ANYBODY),
    "doctor": ("doctor", ADMINISTERS),
    "pause": ("pause", ADMINISTERS),
    "resume": ("resume", ADMINISTERS),
    "help": ("help", ANYBODY),
    "alerts": ("alerts", READS),  # The section `bridge` is absent here.
    "ack": ("ack all", SENDS),
    "unack": ("unack A7F3K", SENDS),
    "resolve": ("resolve A7F3K", SENDS),
    "integrations": ("integrations", ADMINISTERS),
    "silence": ("silence site=a 1h", SENDS),
    "silences": ("silences", READS),
    "unsilence": ("unsilence S2K4M", SENDS),
    "test-alert": ("test-alert", ADMINISTERS),
    "oncall": ("oncall", READS),
    "drill": ("drill", ADMINISTERS),
}
# The buttons on another user's card and request, with the roles that may press each.
PRESSED = {
    "message_cancel": ADMINISTERS,
    "message_check": READS,
    "message_details": READS,
    "message_support": APPROVES,  # Shows complete numbers.
    "message_failures": APPROVES,
    "unknown_send_again": SENDS,
    "unknown_treat_as_sent": SENDS,
    "send_approve": APPROVES,
    "send_refuse": APPROVES,
    "send_confirm": NONE,  # Only for the author.
    "send_discard": NONE,
    "send_plainer": NONE,
    "incident_acknowledge": SENDS,
    "incident_unacknowledge": SENDS,
    "incident_resolve": SENDS,
    "incident_notify_again": SENDS,
    "incident_acknowledge_all": SENDS,
    "incident_details": READS,
    "incident_silence": SENDS,
    "incident_unsilence": SENDS,
    "incident_test": ADMINISTERS,
    "drill_start": ADMINISTERS,
}
OWN = {
    "send_confirm": SENDS,
    "send_discard": ANYBODY,
    "send_plainer": ANYBODY,  # Shows the author another preview.
    "message_support": SENDS,
    "message_failures": SENDS,
    "send_approve": NONE,
    "send_refuse": ANYBODY,  # Withdraws the request.
}
QUOTED = "It’s " + "x" * 70  # Shorter with plain quotes.


@asynccontextmanager
async def workspace(folder: Path, **changes: Any) -> AsyncIterator[LocalEnvironment]:
    """A workspace whose users are all in #ops, including a guest and a stranger."""
    async with local_env(folder, **({"access": ACCESS} | changes)) as env:
        for person in INSIDE.values():
            env.slack.directory.put_user(person)
        for person in EVERYBODY.values():
            env.slack.directory.invite(person, OPS)
        yield env


def test_the_tables_are_complete() -> None:
    """The tables list every command and every button in the code."""
    assert {name.split()[0] for name in TYPED} == set(COMMANDS)
    assert set(PRESSED) == set(HANDLERS)


async def test_commands(tmp_path: Path) -> None:
    """Each command is available to exactly the roles in the table."""
    async with workspace(tmp_path, limits={"per_number_per_hour": 100}) as env:
        await env.slack.command(SARA, OPS, "/sms", "send 96590000099 whose")
        await wait_for_text(env, "sent to 965")
        (entry,) = env.gateway.ledger
        allowed: dict[str, set[str]] = {name: set() for name in TYPED}
        for name, (line, _) in TYPED.items():
            for role, person in EVERYBODY.items():
                typed = line.format(who=role, ref=entry.message_id)
                done = await env.slack.command(person, OPS, "/sms", typed)
                if "You don't have permission" not in str((done.ack or {}).get("text", "")):
                    allowed[name].add(role)

    assert allowed == {name: set(roles) for name, (_, roles) in TYPED.items()}


@pytest.mark.parametrize("action", PRESSED)
async def test_buttons_of_somebody_else(tmp_path: Path, action: str) -> None:
    """Each button works for exactly the roles in the table; others are refused and logged."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        allowed = {
            role
            for role, person in EVERYBODY.items()
            if await press_has_effect(
                testbed.context, action, person_in_ops(role, person), author=SARA.id
            )
        }
        refusals = [
            one for one in await testbed.context.audit.entries() if one.decision == "refused"
        ]

    assert allowed == PRESSED[action]
    assert {one.actor for one in refusals} == {
        person.id for role, person in EVERYBODY.items() if role not in allowed
    }


@pytest.mark.parametrize("action", OWN)
async def test_buttons_of_ones_own(tmp_path: Path, action: str) -> None:
    """An author without the role cannot confirm, and no author can approve their own request."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        allowed = {
            role
            for role, person in EVERYBODY.items()
            if await press_has_effect(
                testbed.context, action, person_in_ops(role, person), author=person.id
            )
        }

    assert allowed == OWN[action]


def person_in_ops(role: str, person: User) -> Person:
    """The user in #ops, as the policy sees them."""
    return Person(person.id, OPS.id, outsider=role in ("guest", "stranger"))


async def press_has_effect(
    context: CommandContext, action: str, person: Person, *, author: str
) -> bool:
    """Whether a press on a new message or draft of `author`'s had its effect."""
    value = await prepare_target(context, action, author)
    press = ButtonPress(person=person, say=ENGLISH, key=new_token(), value=value)
    before = await snapshot(context, value)
    reply = await dispatch(context, action, press)
    refused = "You don't have permission" in reply.title or "You can't approve" in reply.title
    changed = await snapshot(context, value) != before
    assert not (refused and changed), "refused, and done nevertheless"
    return not refused


async def snapshot(context: CommandContext, value: str) -> object:
    """The state that a press may change."""
    message = await context.outbox.messages.find(value.partition(".")[0])
    return message and message.counts, await context.outbox.drafts.get_draft(value, AT)


async def prepare_target(context: CommandContext, action: str, author: str) -> str:
    """Creates the message or draft for the action; returns the value of its button."""
    if action.startswith("send_"):
        return await save_draft(context, action, author)
    accepted = await context.outbox.intake.accept(
        new_message(str(next(numbers)), author=author), AT
    )
    message = accepted.message
    if action == "message_cancel":
        return message.ref
    call = await context.outbox.claims.claim("worker", LEASE, AT)
    assert call
    await context.outbox.settlements.put_in_flight(call, LEASE, AT)
    await context.outbox.settlements.settle(call, Settlement(State.UNKNOWN, AT), AT)
    return f"{message.ref}.{message.revision}" if action.startswith("unknown") else message.ref


async def save_draft(context: CommandContext, action: str, author: str) -> str:
    """Saves a draft for confirmation or approval; returns its token."""
    decided = action in ("send_approve", "send_refuse")
    kind = DraftKind.APPROVE if decided else DraftKind.CONFIRM
    kept = draft(kind, token=new_token(), author=author, text=QUOTED, pages=2)
    await context.outbox.drafts.save_draft(kept)
    return kept.token


def is_answered(env: LocalEnvironment, person: User, before: int) -> bool:
    """Whether a form or a reply has arrived."""
    has_form = env.slack.modal(person) is not None
    return has_form or len(env.slack.visible(person, OPS)) > before


async def wait_for_form(env: LocalEnvironment, person: User) -> View:
    """Waits for the user's form."""
    return await env.slack.until(lambda: env.slack.modal(person))


@pytest.mark.parametrize("entry_point", ["command", "shortcut", "message shortcut", "home"])
async def test_forms(tmp_path: Path, entry_point: str) -> None:
    """For each way to open the form, only roles that may send get its fields."""
    async with workspace(tmp_path) as env:
        said = env.slack.say(SARA, OPS, "hello")
        allowed = set()
        for role, person in EVERYBODY.items():
            if entry_point == "command":
                before = len(env.slack.visible(person, OPS))
                await env.slack.command(person, OPS, "/sms", "send")
                await env.slack.until(partial(is_answered, env, person, before))
            elif entry_point == "shortcut":
                await env.slack.shortcut(person, FORM_SHORTCUT)
            elif entry_point == "message shortcut":
                await env.slack.shortcut(person, MESSAGE_SHORTCUT, said)
            elif not await from_home(env, person):
                continue
            if entry_point == "command" and env.slack.modal(person) is None:
                continue
            if (await wait_for_form(env, person)).callback_id == SEND_FORM:
                allowed.add(role)

    assert allowed == SENDS


async def from_home(env: LocalEnvironment, person: User) -> bool:
    """Presses Send SMS on Home; returns False if there is no such button."""
    await env.slack.open_home(person)
    home = await env.slack.until(lambda: env.slack.home(person))
    if "Send SMS" not in env.slack.plain(home):
        return False
    await env.slack.press(person, home, "home_send")
    return True


@pytest.mark.parametrize("step", ["filled in", "confirmed"])
async def test_a_form_that_was_opened_with_a_role(tmp_path: Path, step: str) -> None:
    """The role is checked at each step, so that a form that is still open sends nothing."""
    everybody = {"sender": {"users": [person.id for person in EVERYBODY.values()]}}
    async with workspace(tmp_path, access=everybody) as env:
        for role, person in EVERYBODY.items():
            await env.slack.shortcut(person, FORM_SHORTCUT)
            if step == "confirmed":
                await fill_in(env, person, role)
        await env.stop_bot()
        await env.start_bot(access=ACCESS)
        allowed = set()
        for role, person in EVERYBODY.items():
            if step == "filled in":
                await fill_in(env, person, role)
                if (await wait_for_form(env, person)).callback_id == PREVIEW_FORM:
                    allowed.add(role)
            else:
                await env.slack.submit(person, await wait_for_form(env, person))
                if env.slack.modal(person) is None:
                    allowed.add(role)

    assert allowed == SENDS


async def fill_in(env: LocalEnvironment, person: User, role: str) -> None:
    """Fills in the form and submits it for the preview."""
    values = {"numbers": "98765432", "text": f"from {role}"}
    await env.slack.submit(person, await wait_for_form(env, person), values)


async def test_workflows(tmp_path: Path) -> None:
    """The user named by the workflow must have the role; a channel's role does not count."""
    async with workspace(tmp_path) as env:
        allowed = set()
        for role, person in EVERYBODY.items():
            inputs = {"numbers": "98765432", "text": f"from {role}", "user": person.id}
            step, _ = await env.slack.run_step("send_sms", inputs)
            if (await env.slack.wait_for_end(step)).state is StepState.COMPLETED:
                allowed.add(role)

    assert allowed == SENDS


async def test_home(tmp_path: Path) -> None:
    """Only roles that may read see the balance."""
    async with workspace(tmp_path) as env:
        allowed = set()
        for role, person in EVERYBODY.items():
            await env.slack.open_home(person)
            home = await env.slack.until(lambda person=person: env.slack.home(person))  # type: ignore[misc]
            if "credits" in env.slack.plain(home):
                allowed.add(role)

    assert allowed == READS


@pytest.mark.parametrize("grant", ["channels", "groups"])
async def test_what_is_given_to_a_channel_or_a_group(tmp_path: Path, grant: str) -> None:
    """A role for a channel or group applies to members, but not to guests and strangers."""
    given = {"channels": [OPS.id], "groups": ["S0EVERYONE"]}
    access = {"sender": {grant: given[grant]}}
    async with workspace(tmp_path, access=access) as env:
        people = tuple(person.id for person in EVERYBODY.values())
        env.slack.directory.put_group(UserGroup("S0EVERYONE", "everyone", "Everyone", people))
        allowed = set()
        for role, person in EVERYBODY.items():
            done = await env.slack.command(person, OPS, "/sms", "balance")
            if "You don't have permission" not in str((done.ack or {}).get("text", "")):
                allowed.add(role)

    assert allowed == set(INSIDE)
