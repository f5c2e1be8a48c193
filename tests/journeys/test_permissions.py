"""Who may do what: every role, every deed, every way in. What is not granted is refused.

The tables stand here in full: what the code allows is held against them, not against itself.
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
from kwtsms_bot.outbox.dispatch.retry import Settlement
from kwtsms_bot.outbox.intake.draft import DraftKind, new_token
from kwtsms_bot.outbox.message import State
from kwtsms_bot.slack.modals.send_modal import MESSAGE_SHORTCUT, SHORTCUT
from kwtsms_bot.slack.modals.views import PREVIEW_FORM, SEND_FORM
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

# What is typed, and who may.
TYPED = {
    "send": ("send 96590000001 hello from {who}", SENDS),
    "balance": ("balance", READS),
    "status": ("status", READS),
    "dlr": ("dlr", READS),
    "history": ("history", READS),
    "history all": ("history all", ADMINISTERS),
    "cancel": ("cancel {ref}", ADMINISTERS),  # Somebody else's.
    "validate": ("validate 98765432", READS),
    "senders": ("senders", READS),
    "coverage": ("coverage", READS),
    "whoami": ("whoami", ANYBODY),
    "doctor": ("doctor", ADMINISTERS),
    "pause": ("pause", ADMINISTERS),
    "resume": ("resume", ADMINISTERS),
    "help": ("help", ANYBODY),
}
# The buttons of somebody else's card and request, and the role that each may be pressed with.
PRESSED = {
    "message_cancel": ADMINISTERS,
    "message_check": READS,
    "message_support": APPROVES,  # They show whole numbers.
    "message_failures": APPROVES,
    "unknown_send_again": SENDS,
    "unknown_treat_as_sent": SENDS,
    "send_approve": APPROVES,
    "send_refuse": APPROVES,
    "send_confirm": NONE,  # Its author's alone.
    "send_discard": NONE,
    "send_plainer": NONE,
}
OWN = {
    "send_confirm": SENDS,
    "send_discard": ANYBODY,
    "send_plainer": ANYBODY,  # Shows another preview, to its author.
    "message_support": SENDS,
    "message_failures": SENDS,
    "send_approve": NONE,
    "send_refuse": ANYBODY,  # Takes it back.
}
QUOTED = "It’s " + "x" * 70  # Shorter with plain quotes.


@asynccontextmanager
async def workspace(folder: Path, **changes: Any) -> AsyncIterator[LocalEnvironment]:
    """A workspace in which everybody is in #ops, also a guest and a stranger."""
    async with local_env(folder, **({"access": ACCESS} | changes)) as env:
        for person in INSIDE.values():
            env.slack.directory.put_user(person)
        for person in EVERYBODY.values():
            env.slack.directory.invite(person, OPS)
        yield env


def test_the_tables_are_complete() -> None:
    """Every command and every button of the code stands in the tables here."""
    assert {name.split()[0] for name in TYPED} == set(COMMANDS)
    assert set(PRESSED) == set(HANDLERS)


async def test_commands(tmp_path: Path) -> None:
    """Roles times commands."""
    async with workspace(tmp_path, limits={"per_number_per_hour": 100}) as env:
        await env.slack.command(SARA, OPS, "/sms", "send 96590000099 whose")
        await wait_for_text(env, "accepted by kwtSMS")
        (entry,) = env.gateway.ledger
        allowed: dict[str, set[str]] = {name: set() for name in TYPED}
        for name, (line, _) in TYPED.items():
            for role, person in EVERYBODY.items():
                typed = line.format(who=role, ref=entry.message_id)
                done = await env.slack.command(person, OPS, "/sms", typed)
                if "You may not do that" not in str((done.ack or {}).get("text", "")):
                    allowed[name].add(role)

    assert allowed == {name: set(roles) for name, (_, roles) in TYPED.items()}


@pytest.mark.parametrize("action", PRESSED)
async def test_buttons_of_somebody_else(tmp_path: Path, action: str) -> None:
    """Roles times buttons: who may, does; who may not, changes nothing and is on record."""
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
    """Who has lost the role confirms nothing; nobody approves or refuses their own request."""
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
    """Somebody in #ops, as the permissions know them."""
    return Person(person.id, OPS.id, outsider=role in ("guest", "stranger"))


async def press_has_effect(
    context: CommandContext, action: str, person: Person, *, author: str
) -> bool:
    """Whether a press on something new of `author`'s did what it says."""
    value = await prepare_target(context, action, author)
    press = ButtonPress(person=person, say=ENGLISH, key=new_token(), value=value)
    before = await snapshot(context, value)
    reply = await dispatch(context, action, press)
    refused = "You may not do that" in reply.title or "Nobody approves" in reply.title
    changed = await snapshot(context, value) != before
    assert not (refused and changed), "refused, and done nevertheless"
    return not refused


async def snapshot(context: CommandContext, value: str) -> object:
    """All that a press may change."""
    message = await context.store.find(value.partition(".")[0])
    return message and message.counts, await context.store.get_draft(value, AT)


async def prepare_target(context: CommandContext, action: str, author: str) -> str:
    """Something that the deed can be done to; the value of its button."""
    if action.startswith("send_"):
        return await save_draft(context, action, author)
    accepted = await context.store.accept(new_message(str(next(numbers)), author=author), AT)
    message = accepted.message
    if action == "message_cancel":
        return message.ref
    call = await context.store.claim("worker", LEASE, AT)
    assert call
    await context.store.put_in_flight(call, LEASE, AT)
    await context.store.settle(call, Settlement(State.UNKNOWN, AT), AT)
    return f"{message.ref}.{message.revision}" if action.startswith("unknown") else message.ref


async def save_draft(context: CommandContext, action: str, author: str) -> str:
    """A draft that waits for a yes."""
    decided = action in ("send_approve", "send_refuse")
    kind = DraftKind.APPROVE if decided else DraftKind.CONFIRM
    kept = draft(kind, token=new_token(), author=author, text=QUOTED, pages=2)
    await context.store.save_draft(kept)
    return kept.token


def is_answered(env: LocalEnvironment, person: User, before: int) -> bool:
    """Whether a form or a sentence has come."""
    has_form = env.slack.modal(person) is not None
    return has_form or len(env.slack.visible(person, OPS)) > before


async def wait_for_form(env: LocalEnvironment, person: User) -> View:
    """The form that somebody has before them."""
    return await env.slack.until(lambda: env.slack.modal(person))


@pytest.mark.parametrize("entry_point", ["command", "shortcut", "message shortcut", "home"])
async def test_forms(tmp_path: Path, entry_point: str) -> None:
    """Roles times ways into the form: who may not send gets no fields."""
    async with workspace(tmp_path) as env:
        said = env.slack.say(SARA, OPS, "hello")
        allowed = set()
        for role, person in EVERYBODY.items():
            if entry_point == "command":
                before = len(env.slack.visible(person, OPS))
                await env.slack.command(person, OPS, "/sms", "send")
                await env.slack.until(partial(is_answered, env, person, before))
            elif entry_point == "shortcut":
                await env.slack.shortcut(person, SHORTCUT)
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
    """Presses Send SMS on Home, where it stands there."""
    await env.slack.open_home(person)
    home = await env.slack.until(lambda: env.slack.home(person))
    if "Send SMS" not in env.slack.plain(home):
        return False
    await env.slack.press(person, home, "home_send")
    return True


@pytest.mark.parametrize("step", ["filled in", "confirmed"])
async def test_a_form_that_was_opened_with_a_role(tmp_path: Path, step: str) -> None:
    """The role is asked for at each step: what was open when it was withdrawn sends nothing."""
    everybody = {"sender": {"users": [person.id for person in EVERYBODY.values()]}}
    async with workspace(tmp_path, access=everybody) as env:
        for role, person in EVERYBODY.items():
            await env.slack.shortcut(person, SHORTCUT)
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
    """Fills the form in and asks for the preview."""
    values = {"numbers": "98765432", "text": f"from {role}"}
    await env.slack.submit(person, await wait_for_form(env, person), values)


async def test_workflows(tmp_path: Path) -> None:
    """The person whom the workflow names has to be allowed to send; a channel's role is none."""
    async with workspace(tmp_path) as env:
        allowed = set()
        for role, person in EVERYBODY.items():
            inputs = {"numbers": "98765432", "text": f"from {role}", "user": person.id}
            step, _ = await env.slack.run_step("send_sms", inputs)
            if (await env.slack.wait_for_end(step)).state is StepState.COMPLETED:
                allowed.add(role)

    assert allowed == SENDS


async def test_home(tmp_path: Path) -> None:
    """The balance is for those who may read."""
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
    """It is everybody's there, but no guest's and no stranger's."""
    given = {"channels": [OPS.id], "groups": ["S0EVERYONE"]}
    access = {"sender": {grant: given[grant]}}
    async with workspace(tmp_path, access=access) as env:
        people = tuple(person.id for person in EVERYBODY.values())
        env.slack.directory.put_group(UserGroup("S0EVERYONE", "everyone", "Everyone", people))
        allowed = set()
        for role, person in EVERYBODY.items():
            done = await env.slack.command(person, OPS, "/sms", "balance")
            if "You may not do that" not in str((done.ack or {}).get("text", "")):
                allowed.add(role)

    assert allowed == set(INSIDE)
