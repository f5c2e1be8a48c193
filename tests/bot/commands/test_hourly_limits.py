"""Limits count what one person does within an hour, not one message."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.commands.actions.table import dispatch
from kwtsms_bot.commands.base import ButtonPress, Invocation, Reply
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.commands.send.submit import allowance
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.outbox.intake.draft import DraftKind
from kwtsms_bot.outbox.message import Priority
from kwtsms_bot.outbox.quota.limits import Allowance, ApprovalNeeded, Limit, QuotaExceededError
from kwtsms_bot.outbox.store import Accepted, open_outbox
from kwtsms_sandbox.slack import OPS, SARA, YOUSEF
from support.command_testbed import CommandTestbed, command_testbed, draft
from support.database import AT, new_message, opened

ACCESS = {"sender": {"users": [SARA.id]}, "admin": {"users": [YOUSEF.id]}, "bulk_from": 4}
HOUR = timedelta(hours=1)


async def send(testbed: CommandTestbed, number: int, text: str, who: str = SARA.id) -> Reply:
    """Types a command that sends a text to one number."""
    return await handle(
        testbed.context,
        Invocation(
            person=Person(who, OPS.id),
            say=ENGLISH,
            key=f"{who}{number}{text}",
            text=f"send {96590000000 + number} {text}",
        ),
    )


async def press(testbed: CommandTestbed, reply: Reply, button: int = 0) -> Reply:
    """Presses a button of a reply, as Sara."""
    pressed = reply.buttons[button]
    request = ButtonPress(
        person=Person(SARA.id, OPS.id), say=ENGLISH, key=pressed.value, value=pressed.value
    )
    return await dispatch(testbed.context, pressed.action, request)


@pytest.mark.parametrize(
    ("texts", "accepted"),
    [
        (["a", "b", "c", "d"], 2),
        (["a" * 161, "b"], 1),
        (["same"] * 4, 2),
    ],
)
async def test_approval_adds_up_within_an_hour(
    tmp_path: Path, texts: list[str], accepted: int
) -> None:
    """Small messages that together reach `approve_credits` need a second person."""
    limits = {"approve_credits": 3}
    async with command_testbed(tmp_path, access=ACCESS, limits=limits) as testbed:
        replies = [await send(testbed, n, text) for n, text in enumerate(texts)]
        asked = await press(testbed, replies[-1])

    assert [bool(one.accepted) for one in replies].count(True) == accepted
    assert "second person's approval" in " ".join(replies[-1].details)
    assert asked.channel_post is not None


async def test_what_was_approved_does_not_count(tmp_path: Path) -> None:
    """After an approved message, a small one goes without a second person."""
    limits = {"approve_credits": 3}
    async with command_testbed(tmp_path, access=ACCESS, limits=limits) as testbed:
        numbers = tuple(str(96590000000 + n) for n in range(3))
        await testbed.context.outbox.drafts.save_draft(
            draft(DraftKind.APPROVE, recipients=numbers, text="campaign")
        )
        await dispatch(
            testbed.context,
            "send_approve",
            ButtonPress(person=Person(YOUSEF.id, OPS.id), say=ENGLISH, key="k", value="token"),
        )
        after = await send(testbed, 5, "a")
        sent = await testbed.context.outbox.messages.recent(None, 5)

    assert after.accepted is not None
    assert len(sent) == 2


@pytest.mark.parametrize(
    ("limits", "allowed"), [({"credits_per_hour": 2}, 2), ({"credits_per_day": 5}, 3)]
)
async def test_one_person_spends_no_more_in_an_hour(
    tmp_path: Path, limits: dict[str, Any], allowed: int
) -> None:
    """`credits_per_hour` holds for each person alone; by default it is half of the day's."""
    async with command_testbed(tmp_path, access=ACCESS, limits=limits) as testbed:
        replies = [await send(testbed, n, f"text {n}") for n in range(4)]
        other = await send(testbed, 9, "other", YOUSEF.id)

    assert [bool(one.accepted) for one in replies] == [n < allowed for n in range(4)]
    assert "an hour; you have 0 left" in replies[3].details[0]
    assert other.accepted is not None


@pytest.mark.parametrize(
    ("texts", "who", "allowed"),
    [
        (["same"] * 5, SARA.id, 3),
        (["same"] * 5, YOUSEF.id, 5),
        (["1", "2", "3", "4", "5"], SARA.id, 5),
        (["same", "same", "other", "same", "same"], SARA.id, 4),
    ],
)
async def test_one_text_in_many_messages_is_bulk(
    tmp_path: Path, texts: list[str], who: str, allowed: int
) -> None:
    """All numbers that get one text within the hour count together towards `bulk_from`."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        replies = [await send(testbed, n, text, who) for n, text in enumerate(texts)]

    assert [bool(one.accepted) for one in replies].count(True) == allowed


async def test_a_share_of_the_day_is_kept_for_urgent_messages(tmp_path: Path) -> None:
    """When senders have used up the rest, workflows and an admin's small message still go."""
    limits = {"credits_per_day": 4, "credits_per_hour": 9, "urgent_percent": 50}
    async with command_testbed(tmp_path, access=ACCESS, limits=limits) as testbed:
        replies = [await send(testbed, n, f"text {n}") for n in range(3)]
        admin = await send(testbed, 9, "urgent", YOUSEF.id)
        sara = Person(SARA.id, OPS.id)
        kept = [allowance(testbed.context, sara, one).urgent_credits for one in Priority]

    assert [bool(one.accepted) for one in replies] == [True, True, False]
    assert "2 credits are reserved for urgent messages." in replies[2].details[0]
    assert admin.accepted is not None
    assert kept == [0, 2, 2]


async def test_simultaneous_messages_add_up(database_url: str) -> None:
    """Of messages at once, as many are accepted as one after another; an hour later all count 0."""
    rules = [
        Allowance(credits_per_hour=3),
        Allowance(approve_credits=4),
        Allowance(numbers_per_text=3),
    ]
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        found = [
            await asyncio.gather(
                *(
                    outbox.intake.accept(
                        new_message(str(96590000000 + n), author=f"U{which}{hour}"),
                        AT + hour * HOUR,
                        rule,
                    )
                    for n in range(6)
                ),
                return_exceptions=True,
            )
            for which, rule in enumerate(rules)
            for hour in (0, 1)
        ]
        later = [
            await outbox.intake.accept(
                new_message("96590000009", author=f"U{which}0"), AT + HOUR, rule
            )
            for which, rule in enumerate(rules)
        ]

    kinds = [{type(one) for one in results} for results in found]
    assert [sum(isinstance(one, Accepted) for one in results) for results in found] == [3] * 6
    assert kinds[0] == kinds[4] == {Accepted, QuotaExceededError}
    assert kinds[2] == {Accepted, ApprovalNeeded}
    assert {one.exceeded.limit for one in found[0] if isinstance(one, QuotaExceededError)} == {
        Limit.SPENDING
    }
    assert {one.exceeded.limit for one in found[4] if isinstance(one, QuotaExceededError)} == {
        Limit.TEXT
    }
    assert len(later) == 3


async def test_a_large_message_counts_too(database_url: str) -> None:
    """A message to more than 200 numbers is checked by the same limits."""
    numbers = tuple(str(96590000000 + n) for n in range(201))
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        await outbox.intake.accept(new_message("96598000000"), AT, Allowance(credits_per_hour=201))
        with pytest.raises(QuotaExceededError):
            await outbox.intake.accept(new_message(*numbers), AT, Allowance(credits_per_hour=201))
        with pytest.raises(ApprovalNeeded):
            await outbox.intake.accept(new_message(*numbers), AT, Allowance(approve_credits=202))
