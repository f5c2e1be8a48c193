"""Confirmation and approval check the current rules, not those at the time of writing."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.commands.actions.table import dispatch
from kwtsms_bot.commands.base import ButtonPress, Invocation, Reply
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.outbox.intake.draft import DraftKind
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_sandbox.slack import OPS, SARA, YOUSEF
from support.command_testbed import CommandTestbed, command_testbed, draft
from support.database import ACTOR, AT, new_message

LEASE = timedelta(seconds=30)

MANY = tuple(str(96590000000 + number) for number in range(20))
ADMINS = {"admin": {"users": [SARA.id, YOUSEF.id]}}
SENDERS = {"sender": {"users": [SARA.id]}, "bulk": {"users": [YOUSEF.id]}}
YES = (("send_confirm", DraftKind.CONFIRM, SARA.id), ("send_approve", DraftKind.APPROVE, YOUSEF.id))


@pytest.mark.parametrize(("action", "kind", "who"), YES)
@pytest.mark.parametrize(
    ("changes", "rules", "expected"),
    [
        ({"recipients": MANY}, {"access": SENDERS}, "can't send to 20 recipients"),
        ({"recipients": ("966512345678",)}, {"access": ADMINS}, "isn't allowed"),
        (
            {"recipients": MANY},
            {"access": ADMINS, "limits": {"quiet_hours": "14:00-16:00"}},
            "bulk sending is off",
        ),
        ({"sender_id": "OLD-NAME"}, {"access": ADMINS}, "settings changed"),
        ({"test": True}, {"access": ADMINS}, "settings changed"),
        (
            {"recipients": MANY[:3]},
            {"access": ADMINS, "limits": {"credits_per_day": 2}},
            "limit reached",
        ),
    ],
)
async def test_a_confirmation_rechecks_the_current_rules(
    tmp_path: Path,
    action: str,
    kind: DraftKind,
    who: str,
    changes: dict[str, Any],
    rules: dict[str, Any],
    expected: str,
) -> None:
    """A draft that the current rules do not allow is not sent, neither confirmed nor approved."""
    async with command_testbed(tmp_path, **rules) as testbed:
        await testbed.context.outbox.drafts.save_draft(draft(kind, **changes))
        press = ButtonPress(person=Person(who, OPS.id), say=ENGLISH, key="k", value="token")
        reply = await dispatch(testbed.context, action, press)
        sent = await testbed.context.outbox.messages.recent(None, 5)

    assert expected in reply.title
    assert sent == ()


@pytest.mark.parametrize(("action", "kind", "who"), YES)
async def test_a_confirmation_without_obstacles_sends(
    tmp_path: Path, action: str, kind: DraftKind, who: str
) -> None:
    """A draft that is still allowed is sent, confirmed or approved."""
    async with command_testbed(tmp_path, access=ADMINS) as testbed:
        await testbed.context.outbox.drafts.save_draft(draft(kind))
        press = ButtonPress(person=Person(who, OPS.id), say=ENGLISH, key="k", value="token")
        await dispatch(testbed.context, action, press)
        sent = await testbed.context.outbox.messages.recent(None, 5)

    assert len(sent) == 1


@pytest.mark.parametrize(
    ("first", "then", "last"),
    [("pause", "resume", False), ("resume", "pause", True)],
)
async def test_a_command_that_slack_delivers_twice_undoes_nothing(
    tmp_path: Path, first: str, then: str, *, last: bool
) -> None:
    """A repeated delivery does not undo a later command, even after a restart."""
    async with command_testbed(tmp_path, access=ADMINS) as testbed:

        async def typed(text: str, key: str) -> str:
            person = Person(SARA.id, OPS.id)
            request = Invocation(person=person, say=ENGLISH, key=key, text=text)
            return (await handle(testbed.context, request)).title

        await typed(first, "1")
        await typed(then, "2")
        again = await typed(first, "1")
        paused = await testbed.context.outbox.kill_switch.current_pause()

    assert "Duplicate request" in again
    assert (paused is not None) is last


async def unknown(testbed: CommandTestbed, *phones: str) -> str:
    """Creates a message of Sara's with an unknown outcome; returns its ref."""
    outbox = testbed.context.outbox
    wanted = new_message(*phones, author=SARA.id)
    message = (await outbox.intake.accept(wanted, AT)).message
    call = await outbox.claims.claim("one", LEASE, AT)
    assert call
    assert await outbox.settlements.put_in_flight(call, LEASE, AT)
    await outbox.settlements.settle(call, Settlement(State.UNKNOWN, AT), AT)
    return message.ref


async def press_again(testbed: CommandTestbed, ref: str, who: str) -> str:
    """Presses Send again; returns the reply's title."""
    press = ButtonPress(person=Person(who, OPS.id), say=ENGLISH, key="k", value=f"{ref}.1")
    return (await dispatch(testbed.context, "unknown_send_again", press)).title


@pytest.mark.parametrize(
    ("phones", "rules", "who", "expected"),
    [
        (MANY, {"access": SENDERS}, SARA.id, "can't send to 20 recipients"),
        (("966512345678",), {"access": ADMINS}, SARA.id, "isn't allowed"),
        (
            MANY,
            {"access": ADMINS, "limits": {"quiet_hours": "14:00-16:00"}},
            SARA.id,
            "bulk sending is off",
        ),
        (
            MANY[:3],
            {"access": ADMINS, "limits": {"credits_per_day": 5}},
            SARA.id,
            "limit reached",
        ),
        (
            MANY[:3],
            {"access": ADMINS, "limits": {"approve_credits": 3}},
            SARA.id,
            "You can't approve",
        ),
        (
            MANY[:3],
            {"access": SENDERS, "limits": {"approve_credits": 3}},
            SARA.id,
            "You don't have permission",
        ),
        (
            MANY[:3],
            {"access": {"reader": {"users": [SARA.id]}}},
            SARA.id,
            "You don't have permission",
        ),
    ],
)
async def test_sending_again_is_sending(
    tmp_path: Path, phones: tuple[str, ...], rules: dict[str, Any], who: str, expected: str
) -> None:
    """The rules for sending also apply to sending again."""
    async with command_testbed(tmp_path, **rules) as testbed:
        ref = await unknown(testbed, *phones)
        title = await press_again(testbed, ref, who)
        found = await testbed.context.outbox.messages.find(ref)

    assert expected in title
    assert found
    assert found.counts == {State.UNKNOWN: len(phones)}


async def test_nothing_is_sent_again_while_sending_is_paused(tmp_path: Path) -> None:
    """A pause also blocks sending again."""
    async with command_testbed(tmp_path, access=ADMINS) as testbed:
        ref = await unknown(testbed, MANY[0])
        await testbed.context.outbox.kill_switch.pause("", AT, ACTOR)
        title = await press_again(testbed, ref, SARA.id)

    assert "paused" in title


@pytest.mark.parametrize("who", [SARA.id, YOUSEF.id])
async def test_what_costs_much_is_sent_again_by_a_second_person(tmp_path: Path, who: str) -> None:
    """An approver other than the author may send an expensive message again."""
    async with command_testbed(tmp_path, access=ADMINS, limits={"approve_credits": 3}) as testbed:
        ref = await unknown(testbed, *MANY[:3])
        title = await press_again(testbed, ref, who)

    assert (title == "Done.") is (who == YOUSEF.id)


async def test_two_who_press_enter_at_once_send_once(tmp_path: Path) -> None:
    """Two simultaneous commands of one user cause one send and one question."""
    async with command_testbed(tmp_path, access=ADMINS) as testbed:

        async def typed(key: str) -> Reply:
            person = Person(SARA.id, OPS.id)
            request = Invocation(person=person, say=ENGLISH, key=key, text="send 98765432 hi")
            return await handle(testbed.context, request)

        replies = await asyncio.gather(typed("1"), typed("2"))
        sent = await testbed.context.outbox.messages.recent(None, 5)

    assert len(sent) == 1
    assert sorted(bool(reply.buttons) for reply in replies) == [False, True]
