"""What waits for a yes, and when messages to many have to wait: decided by the clock."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from kwtsms_bot.commands.approvals import expired
from kwtsms_bot.commands.base import Invocation, Press
from kwtsms_bot.commands.deeds import do
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.commands.unknown import SEND_AGAIN, TREAT_AS_SENT
from kwtsms_bot.config import Limits
from kwtsms_bot.language import ENGLISH
from kwtsms_bot.outbox.decision import Decided, Decision
from kwtsms_bot.outbox.draft import DraftKind
from kwtsms_sandbox.slack import OPS, SARA, YOUSEF
from support.database import AT, new
from support.desk import at_desk, draft

LEASE = timedelta(seconds=30)
MANY = ", ".join(str(96590000000 + number) for number in range(20))


@pytest.mark.parametrize(
    ("deed", "kind", "who"),
    [
        ("send_confirm", DraftKind.CONFIRM, SARA.id),
        ("send_approve", DraftKind.APPROVE, YOUSEF.id),
        ("send_refuse", DraftKind.APPROVE, YOUSEF.id),
    ],
)
async def test_a_yes_that_comes_too_late(
    tmp_path: Path, deed: str, kind: DraftKind, who: str
) -> None:
    """After its time a request can be neither confirmed nor approved; nothing is accepted."""
    async with at_desk(tmp_path) as place:
        await place.desk.store.keep(draft(kind))
        late = replace(place.desk, now=lambda: AT + timedelta(minutes=10))
        press = Press(person=Person(who, OPS.id), say=ENGLISH, key="k", value="token")
        reply = await do(late, deed, press)
        sent = await place.desk.store.recent(None, 5)

    assert "too old" in reply.title
    assert sent == ()


async def test_a_request_that_runs_out_is_told_once(tmp_path: Path) -> None:
    """Whoever looks first tells its author; before its time nobody does."""
    async with at_desk(tmp_path) as place:
        await place.desk.store.keep(draft(DraftKind.APPROVE))
        late = replace(place.desk, now=lambda: AT + timedelta(minutes=10))
        before = await expired(place.desk)
        told, again = await expired(late), await expired(late)

    assert before == again == ()
    assert [one.user for one in told] == [SARA.id]
    assert "in time" in told[0].reply.title


async def test_who_may_not_send_any_more_is_not_sent_for(tmp_path: Path) -> None:
    """The author lost the role meanwhile: the approver is told so, in words about them."""
    access = {"admin": {"users": [YOUSEF.id]}}
    async with at_desk(tmp_path, access=access) as place:
        await place.desk.store.keep(draft(DraftKind.APPROVE))
        press = Press(person=Person(YOUSEF.id, OPS.id), say=ENGLISH, key="k", value="token")
        reply = await do(place.desk, "send_approve", press)
        (line,) = await place.desk.audit.entries()

    assert "may not send any more" in reply.title
    assert (line.actor, line.decision) == (YOUSEF.id, "refused")


@pytest.mark.parametrize(
    ("deed", "kind"),
    [
        ("send_confirm", DraftKind.APPROVE),
        ("send_approve", DraftKind.CONFIRM),
        ("send_refuse", DraftKind.CONFIRM),
        ("send_plainer", DraftKind.APPROVE),
    ],
)
async def test_a_token_is_good_for_its_own_button_only(
    tmp_path: Path, deed: str, kind: DraftKind
) -> None:
    """Nobody confirms what waits for a second person, or approves what its author is shown."""
    access = {"admin": {"users": [YOUSEF.id, SARA.id]}}
    async with at_desk(tmp_path, access=access) as place:
        await place.desk.store.keep(draft(kind))
        who = SARA.id if deed in ("send_confirm", "send_plainer") else YOUSEF.id
        press = Press(person=Person(who, OPS.id), say=ENGLISH, key="k", value="token")
        reply = await do(place.desk, deed, press)
        left = await place.desk.store.draft("token", AT)

    assert "decided already" in reply.title
    assert left is not None


@pytest.mark.parametrize(
    ("hour", "quiet"), [(20, False), (21, True), (23, True), (0, True), (8, True), (9, False)]
)
def test_quiet_hours_span_midnight(hour: int, *, quiet: bool) -> None:
    """From the first time up to the second, across midnight."""
    limits = Limits.model_validate({"quiet_hours": "21:00-09:00"})

    assert limits.is_quiet(time(hour, 0)) is quiet
    assert not Limits().is_quiet(time(hour, 0))


@pytest.mark.parametrize(("hours", "refused"), [("14:00-16:00", True), ("16:00-18:00", False)])
async def test_messages_to_many_rest_in_quiet_hours(
    tmp_path: Path, hours: str, *, refused: bool
) -> None:
    """Noon in UTC is three in Kuwait; a single number may be sent to at any hour."""
    access = {"admin": {"users": [YOUSEF.id]}}
    limits = {"quiet_hours": hours}
    async with at_desk(tmp_path, access=access, limits=limits) as place:
        person = Person(YOUSEF.id, OPS.id)
        many = Invocation(person=person, say=ENGLISH, key="1", text=f"send {MANY} hi")
        one = Invocation(person=person, say=ENGLISH, key="2", text="send 98765432 hi")
        to_many, to_one = await handle(place.desk, many), await handle(place.desk, one)

    assert ("No bulk messages now" in to_many.title) is refused
    assert to_one.accepted is not None


@pytest.mark.parametrize(
    ("deed", "what", "lives_until"),
    [
        (SEND_AGAIN, Decided.SEND_AGAIN, AT + timedelta(hours=24)),
        (TREAT_AS_SENT, Decided.TREAT_AS_SENT, AT),
    ],
)
async def test_who_decides_about_what_is_unknown_is_on_the_message(
    tmp_path: Path, deed: str, what: Decided, lives_until: datetime
) -> None:
    """It was too old when they decided; what is sent again has its whole time once more."""
    access = {"sender": {"users": [SARA.id]}}
    async with at_desk(tmp_path, access=access) as place:
        store = place.desk.store
        message = (await store.accept(new(expires_at=AT), AT - timedelta(days=1))).message
        call = await store.claim("one", LEASE, AT - timedelta(days=1))
        assert call
        assert await store.put_in_flight(call, LEASE, AT - timedelta(days=1))
        await store.reap(AT)
        person = Person(SARA.id, OPS.id)
        press = Press(person=person, say=ENGLISH, key="k", value=f"{message.ref}.3")
        replies = [await do(place.desk, deed, press) for _ in range(2)]
        found = await store.get(message.id)

    assert found
    assert found.decisions == (Decision(what, SARA.id, AT, 1),)
    assert found.expires_at == lives_until
    assert ["Done." in reply.title for reply in replies] == [True, False]
