"""What is asked again at a yes: the rules of now hold, whatever held when it was written."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.commands.base import Invocation, Press
from kwtsms_bot.commands.deeds import do
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.language import ENGLISH
from kwtsms_bot.outbox.draft import Draft, DraftKind
from kwtsms_sandbox.slack import OPS, SARA, YOUSEF
from support.database import AT
from support.desk import at_desk

MANY = tuple(str(96590000000 + number) for number in range(20))
ADMINS = {"admin": {"users": [SARA.id, YOUSEF.id]}}
SENDERS = {"sender": {"users": [SARA.id]}, "bulk": {"users": [YOUSEF.id]}}
YES = (("send_confirm", DraftKind.CONFIRM, SARA.id), ("send_approve", DraftKind.APPROVE, YOUSEF.id))


def draft(kind: DraftKind, **changes: Any) -> Draft:
    """Something of Sara's that waits."""
    made = Draft(
        token="token",
        kind=kind,
        author=SARA.id,
        team="T1",
        channel=OPS.id,
        locale="en",
        text="hi",
        recipients=("96590000000",),
        sender_id="MY-APP",
        pages=1,
        test=False,
        created_at=AT,
        expires_at=AT + timedelta(minutes=10),
    )
    return replace(made, **changes)


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
