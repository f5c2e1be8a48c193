"""What is asked again at a yes: the rules of now hold, whatever held when it was written."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.commands.base import Invocation, Press, Reply
from kwtsms_bot.commands.deeds import do
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.language import ENGLISH
from kwtsms_bot.outbox.draft import DraftKind
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_sandbox.slack import OPS, SARA, YOUSEF
from support.database import AT, BY, new
from support.desk import Set, at_desk, draft

LEASE = timedelta(seconds=30)

MANY = tuple(str(96590000000 + number) for number in range(20))
ADMINS = {"admin": {"users": [SARA.id, YOUSEF.id]}}
SENDERS = {"sender": {"users": [SARA.id]}, "bulk": {"users": [YOUSEF.id]}}
YES = (("send_confirm", DraftKind.CONFIRM, SARA.id), ("send_approve", DraftKind.APPROVE, YOUSEF.id))


@pytest.mark.parametrize(("deed", "kind", "who"), YES)
@pytest.mark.parametrize(
    ("changes", "rules", "told"),
    [
        ({"recipients": MANY}, {"access": SENDERS}, "may not send to 20 numbers"),
        ({"recipients": ("966512345678",)}, {"access": ADMINS}, "may not be sent to"),
        (
            {"recipients": MANY},
            {"access": ADMINS, "limits": {"quiet_hours": "14:00-16:00"}},
            "No bulk messages now",
        ),
        ({"sender_id": "OLD-NAME"}, {"access": ADMINS}, "was changed since"),
        ({"test": True}, {"access": ADMINS}, "was changed since"),
        (
            {"recipients": MANY[:3]},
            {"access": ADMINS, "limits": {"credits_per_day": 2}},
            "that would be too much",
        ),
    ],
)
async def test_the_rules_of_now_hold(
    tmp_path: Path,
    deed: str,
    kind: DraftKind,
    who: str,
    changes: dict[str, Any],
    rules: dict[str, Any],
    told: str,
) -> None:
    """Whoever says yes, and whatever was allowed when it was written: nothing is sent."""
    async with at_desk(tmp_path, **rules) as place:
        await place.desk.store.keep(draft(kind, **changes))
        press = Press(person=Person(who, OPS.id), say=ENGLISH, key="k", value="token")
        reply = await do(place.desk, deed, press)
        sent = await place.desk.store.recent(None, 5)

    assert told in reply.title
    assert sent == ()


@pytest.mark.parametrize(("deed", "kind", "who"), YES)
async def test_a_yes_that_nothing_stands_against_sends(
    tmp_path: Path, deed: str, kind: DraftKind, who: str
) -> None:
    """The same draft, the same people, and nothing changed."""
    async with at_desk(tmp_path, access=ADMINS) as place:
        await place.desk.store.keep(draft(kind))
        press = Press(person=Person(who, OPS.id), say=ENGLISH, key="k", value="token")
        await do(place.desk, deed, press)
        sent = await place.desk.store.recent(None, 5)

    assert len(sent) == 1


@pytest.mark.parametrize(
    ("first", "then", "last"),
    [("pause", "resume", False), ("resume", "pause", True)],
)
async def test_a_command_that_slack_brings_twice_undoes_nothing(
    tmp_path: Path, first: str, then: str, *, last: bool
) -> None:
    """What was typed after it holds, also where the bot was started anew in between."""
    async with at_desk(tmp_path, access=ADMINS) as place:

        async def typed(text: str, key: str) -> str:
            person = Person(SARA.id, OPS.id)
            told = Invocation(person=person, say=ENGLISH, key=key, text=text)
            return (await handle(place.desk, told)).title

        await typed(first, "1")
        await typed(then, "2")
        again = await typed(first, "1")
        paused = await place.desk.store.paused()

    assert "twice" in again
    assert (paused is not None) is last


async def unknown(place: Set, *phones: str) -> str:
    """A message of Sara's whose answer nobody has heard; its ref."""
    store = place.desk.store
    wanted = new(*phones, author=SARA.id)
    message = (await store.accept(wanted, AT)).message
    call = await store.claim("one", LEASE, AT)
    assert call
    assert await store.put_in_flight(call, LEASE, AT)
    await store.settle(call, Plan(State.UNKNOWN, AT), AT)
    return message.ref


async def press_again(place: Set, ref: str, who: str) -> str:
    """What somebody is told who wants it sent again."""
    press = Press(person=Person(who, OPS.id), say=ENGLISH, key="k", value=f"{ref}.1")
    return (await do(place.desk, "unknown_send_again", press)).title


@pytest.mark.parametrize(
    ("phones", "rules", "who", "told"),
    [
        (MANY, {"access": SENDERS}, SARA.id, "may not send to 20 numbers"),
        (("966512345678",), {"access": ADMINS}, SARA.id, "may not be sent to"),
        (
            MANY,
            {"access": ADMINS, "limits": {"quiet_hours": "14:00-16:00"}},
            SARA.id,
            "No bulk messages now",
        ),
        (
            MANY[:3],
            {"access": ADMINS, "limits": {"credits_per_day": 5}},
            SARA.id,
            "that would be too much",
        ),
        (
            MANY[:3],
            {"access": ADMINS, "limits": {"approve_credits": 3}},
            SARA.id,
            "Nobody approves",
        ),
        (
            MANY[:3],
            {"access": SENDERS, "limits": {"approve_credits": 3}},
            SARA.id,
            "You may not do that here",
        ),
        (MANY[:3], {"access": {"reader": {"users": [SARA.id]}}}, SARA.id, "You may not do that"),
    ],
)
async def test_sending_again_is_sending(
    tmp_path: Path, phones: tuple[str, ...], rules: dict[str, Any], who: str, told: str
) -> None:
    """What may not be sent may not be sent a second time either."""
    async with at_desk(tmp_path, **rules) as place:
        ref = await unknown(place, *phones)
        title = await press_again(place, ref, who)
        found = await place.desk.store.find(ref)

    assert told in title
    assert found
    assert found.counts == {State.UNKNOWN: len(phones)}


async def test_nothing_is_sent_again_while_sending_is_paused(tmp_path: Path) -> None:
    """The kill switch holds for this as well."""
    async with at_desk(tmp_path, access=ADMINS) as place:
        ref = await unknown(place, MANY[0])
        await place.desk.store.pause("", AT, BY)
        title = await press_again(place, ref, SARA.id)

    assert "paused" in title


@pytest.mark.parametrize("who", [SARA.id, YOUSEF.id])
async def test_what_costs_much_is_sent_again_by_a_second_person(tmp_path: Path, who: str) -> None:
    """Whoever may approve, and has not asked for it, has the second person's yes."""
    async with at_desk(tmp_path, access=ADMINS, limits={"approve_credits": 3}) as place:
        ref = await unknown(place, *MANY[:3])
        title = await press_again(place, ref, who)

    assert (title == "Done.") is (who == YOUSEF.id)


async def test_two_who_press_enter_at_once_send_once(tmp_path: Path) -> None:
    """A person's two clients: neither command could know of the other, and one of them is asked."""
    async with at_desk(tmp_path, access=ADMINS) as place:

        async def typed(key: str) -> Reply:
            person = Person(SARA.id, OPS.id)
            told = Invocation(person=person, say=ENGLISH, key=key, text="send 98765432 hi")
            return await handle(place.desk, told)

        replies = await asyncio.gather(typed("1"), typed("2"))
        sent = await place.desk.store.recent(None, 5)

    assert len(sent) == 1
    assert sorted(bool(reply.choices) for reply in replies) == [False, True]
