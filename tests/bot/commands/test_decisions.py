"""Time-dependent decisions: expired drafts, quiet hours, and expired unknown messages."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from kwtsms_bot.commands.action_ids import UNKNOWN_SEND_AGAIN, UNKNOWN_TREAT_AS_SENT
from kwtsms_bot.commands.actions.approve import pop_expired
from kwtsms_bot.commands.actions.table import dispatch
from kwtsms_bot.commands.base import ButtonPress, Invocation
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.config import Limits
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.outbox.decision import Decision, DecisionKind
from kwtsms_bot.outbox.intake.draft import DraftKind
from kwtsms_bot.outbox.message import CardLocation, Priority
from kwtsms_sandbox.slack import OPS, SARA, YOUSEF
from support.command_testbed import command_testbed, draft
from support.database import AT, new_message

LEASE = timedelta(seconds=30)
MANY = ", ".join(str(96590000000 + number) for number in range(20))


@pytest.mark.parametrize(
    ("action", "kind", "who"),
    [
        ("send_confirm", DraftKind.CONFIRM, SARA.id),
        ("send_approve", DraftKind.APPROVE, YOUSEF.id),
        ("send_refuse", DraftKind.APPROVE, YOUSEF.id),
    ],
)
async def test_a_yes_that_comes_too_late(
    tmp_path: Path, action: str, kind: DraftKind, who: str
) -> None:
    """After it expires, a draft can be neither confirmed nor approved nor rejected."""
    async with command_testbed(tmp_path) as testbed:
        await testbed.context.outbox.drafts.save_draft(draft(kind))
        late = replace(testbed.context, now=lambda: AT + timedelta(minutes=10))
        press = ButtonPress(person=Person(who, OPS.id), say=ENGLISH, key="k", value="token")
        reply = await dispatch(late, action, press)
        sent = await testbed.context.outbox.messages.recent(None, 5)

    assert "no longer open" in reply.title
    assert sent == ()


async def test_priority_and_expiry_are_set_at_acceptance(tmp_path: Path) -> None:
    """A confirmed draft lives as long as a new message, with the priority of today's rules."""
    now = AT + timedelta(minutes=5)
    access = {"sender": {"users": [SARA.id]}, "bulk": {"users": [SARA.id]}, "bulk_from": 2}
    async with command_testbed(tmp_path, access=access) as testbed:
        context = replace(testbed.context, now=lambda: now)
        two = ("96590000000", "96590000001")
        await context.outbox.drafts.save_draft(draft(DraftKind.CONFIRM, recipients=two))
        press = ButtonPress(person=Person(SARA.id, OPS.id), say=ENGLISH, key="k", value="token")
        accepted = (await dispatch(context, "send_confirm", press)).accepted

    assert accepted
    assert accepted.expires_at == now + context.config.outbox.expires_after
    assert accepted.priority is Priority.BULK
    assert accepted.card_location == CardLocation(OPS.id, None)


async def test_an_expired_request_is_notified_once(tmp_path: Path) -> None:
    """The author is notified once, and not before the draft expires."""
    async with command_testbed(tmp_path) as testbed:
        await testbed.context.outbox.drafts.save_draft(draft(DraftKind.APPROVE))
        late = replace(testbed.context, now=lambda: AT + timedelta(minutes=10))
        before = await pop_expired(testbed.context)
        first, again = await pop_expired(late), await pop_expired(late)

    assert before == again == ()
    assert [one.user for one in first] == [SARA.id]
    assert "request expired" in first[0].reply.title


async def test_who_may_not_send_any_more_is_not_sent_for(tmp_path: Path) -> None:
    """If the author has lost the role, the approver's reply says so."""
    access = {"admin": {"users": [YOUSEF.id]}}
    async with command_testbed(tmp_path, access=access) as testbed:
        await testbed.context.outbox.drafts.save_draft(draft(DraftKind.APPROVE))
        press = ButtonPress(person=Person(YOUSEF.id, OPS.id), say=ENGLISH, key="k", value="token")
        reply = await dispatch(testbed.context, "send_approve", press)
        (line,) = await testbed.context.audit.entries()

    assert "author can no longer send" in reply.title
    assert (line.actor, line.decision) == (YOUSEF.id, "refused")


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("send_confirm", DraftKind.APPROVE),
        ("send_approve", DraftKind.CONFIRM),
        ("send_refuse", DraftKind.CONFIRM),
        ("send_plainer", DraftKind.APPROVE),
    ],
)
async def test_a_token_is_good_for_its_own_button_only(
    tmp_path: Path, action: str, kind: DraftKind
) -> None:
    """A confirmation token cannot approve, and an approval token cannot confirm."""
    access = {"admin": {"users": [YOUSEF.id, SARA.id]}}
    async with command_testbed(tmp_path, access=access) as testbed:
        await testbed.context.outbox.drafts.save_draft(draft(kind))
        who = SARA.id if action in ("send_confirm", "send_plainer") else YOUSEF.id
        press = ButtonPress(person=Person(who, OPS.id), say=ENGLISH, key="k", value="token")
        reply = await dispatch(testbed.context, action, press)
        left = await testbed.context.outbox.drafts.get_draft("token", AT)

    assert "no longer open" in reply.title
    assert left is not None


@pytest.mark.parametrize(
    ("hour", "quiet"), [(20, False), (21, True), (23, True), (0, True), (8, True), (9, False)]
)
def test_quiet_hours_span_midnight(hour: int, *, quiet: bool) -> None:
    """Quiet hours include the first time, exclude the second, and may span midnight."""
    limits = Limits.model_validate({"quiet_hours": "21:00-09:00"})

    assert limits.is_quiet(time(hour, 0)) is quiet
    assert not Limits().is_quiet(time(hour, 0))


@pytest.mark.parametrize(("hours", "refused"), [("14:00-16:00", True), ("16:00-18:00", False)])
async def test_messages_to_many_are_refused_in_quiet_hours(
    tmp_path: Path, hours: str, *, refused: bool
) -> None:
    """Noon in UTC is 15:00 in Kuwait; a message to one number is allowed at any hour."""
    access = {"admin": {"users": [YOUSEF.id]}}
    limits = {"quiet_hours": hours}
    async with command_testbed(tmp_path, access=access, limits=limits) as testbed:
        person = Person(YOUSEF.id, OPS.id)
        many = Invocation(person=person, say=ENGLISH, key="1", text=f"send {MANY} hi")
        one = Invocation(person=person, say=ENGLISH, key="2", text="send 98765432 hi")
        to_many, to_one = await handle(testbed.context, many), await handle(testbed.context, one)

    assert ("bulk sending is off" in to_many.title) is refused
    assert to_one.accepted is not None


@pytest.mark.parametrize(
    ("action", "kind", "lives_until"),
    [
        (UNKNOWN_SEND_AGAIN, DecisionKind.SEND_AGAIN, AT + timedelta(hours=24)),
        (UNKNOWN_TREAT_AS_SENT, DecisionKind.TREAT_AS_SENT, AT),
    ],
)
async def test_who_decides_about_what_is_unknown_is_on_the_message(
    tmp_path: Path, action: str, kind: DecisionKind, lives_until: datetime
) -> None:
    """A decision is recorded once; sending again gives an expired message its full lifetime."""
    access = {"sender": {"users": [SARA.id]}}
    async with command_testbed(tmp_path, access=access) as testbed:
        outbox = testbed.context.outbox
        message = (
            await outbox.intake.accept(new_message(expires_at=AT), AT - timedelta(days=1))
        ).message
        call = await outbox.claims.claim("one", LEASE, AT - timedelta(days=1))
        assert call
        assert await outbox.settlements.put_in_flight(call, LEASE, AT - timedelta(days=1))
        await outbox.leases.reap_expired(AT)
        person = Person(SARA.id, OPS.id)
        press = ButtonPress(person=person, say=ENGLISH, key="k", value=f"{message.ref}.3")
        replies = [await dispatch(testbed.context, action, press) for _ in range(2)]
        found = await outbox.messages.get(message.id)

    assert found
    assert found.decisions == (Decision(kind, SARA.id, AT, 1),)
    assert found.expires_at == lives_until
    assert ["Done." in reply.title for reply in replies] == [True, False]


async def test_a_message_without_a_card_is_decided_after_its_status(tmp_path: Path) -> None:
    """An application's message may have no card: then `/sms status` has the two buttons."""
    access = {"admin": {"users": [SARA.id]}}
    async with command_testbed(tmp_path, access=access) as testbed:
        outbox = testbed.context.outbox
        new = new_message(author="api:shop", card_location=None, has_card=False)
        message = (await outbox.intake.accept(new, AT - timedelta(days=1))).message
        call = await outbox.claims.claim("one", LEASE, AT - timedelta(days=1))
        assert call
        assert await outbox.settlements.put_in_flight(call, LEASE, AT - timedelta(days=1))
        await outbox.leases.reap_expired(AT)
        person = Person(SARA.id, OPS.id)
        asked = Invocation(person=person, say=ENGLISH, key="1", text=f"status {message.ref}")
        shown = await handle(testbed.context, asked)
        press = ButtonPress(person=person, say=ENGLISH, key="k", value=shown.buttons[1].value)
        reply = await dispatch(testbed.context, shown.buttons[1].action, press)

    assert [one.label for one in shown.buttons] == ["Send again", "Mark as sent"]
    assert reply.title == "Done."
