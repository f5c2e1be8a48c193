"""Follow-up buttons: the status check and the support text."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from kwtsms_bot.commands.action_ids import MESSAGE_CHECK, MESSAGE_SUPPORT
from kwtsms_bot.commands.actions.table import dispatch
from kwtsms_bot.commands.base import ButtonPress, Reply
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.outbox.delivery.rules import DeliveryUpdate
from kwtsms_bot.outbox.message import ClaimedCall, Message
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_sandbox.slack import OPS, SARA
from support.command_testbed import CommandTestbed, command_testbed
from support.database import AT, NUMBER, OTHER, new_message

LEASE = timedelta(seconds=30)
HOUR = timedelta(hours=1)
THIRD = "96566112233"
ABROAD = "966512345678"
ACCESS = {"sender": {"users": [SARA.id]}}


@dataclass
class Case:
    """A message of Sara's and its testbed."""

    testbed: CommandTestbed
    message: Message

    async def press(self, action: str, at: datetime = AT) -> Reply:
        """Presses one of the message's buttons as Sara."""
        press = ButtonPress(
            person=Person(SARA.id, OPS.id), say=ENGLISH, key="k", value=self.message.ref
        )
        return await dispatch(replace(self.testbed.context, now=lambda: at), action, press)

    async def now(self) -> Message:
        """The current message."""
        found = await self.testbed.context.outbox.messages.get(self.message.id)
        assert found
        return found


async def accepted(testbed: CommandTestbed, *phones: str) -> Case:
    """A message that is accepted into the outbox."""
    asked = new_message(*phones, author=SARA.id)
    return Case(testbed, (await testbed.context.outbox.intake.accept(asked, AT)).message)


async def in_flight(testbed: CommandTestbed, at: datetime) -> ClaimedCall:
    """Claims the queued call and puts it in flight."""
    outbox = testbed.context.outbox
    call = await outbox.claims.claim("one", LEASE, at)
    assert call
    assert await outbox.settlements.put_in_flight(call, LEASE, at)
    return call


async def sent(testbed: CommandTestbed, *phones: str) -> Case:
    """A message that the gateway has accepted."""
    case = await accepted(testbed, *phones)
    call = await in_flight(testbed, AT)
    answer = await testbed.context.gateway.send(list(phones), call.text, sender="MY-APP")
    settlement = Settlement(State.SENT, AT, gateway_id=answer.message_ids[0])
    await testbed.context.outbox.settlements.settle(call, settlement, AT)
    return case


async def test_what_is_asked_now_is_on_the_card(tmp_path: Path) -> None:
    """The status is stored and outdates the card, and no further check is scheduled."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        case, outbox = await sent(testbed, NUMBER), testbed.context.outbox
        await outbox.cards.record_shown(case.message.id, (await case.now()).revision, None)
        reply = await case.press(MESSAGE_CHECK, AT + HOUR)
        now = await case.now()

        assert ("kwtSMS status", "sent: Message successfully sent to gateway") in reply.facts
        assert (now.status, now.passed_at, now.sent_in_kuwait) == ("sent", AT + HOUR, True)
        assert reply.details == ()
        assert await outbox.cards.outdated_cards(10) == (case.message.id,)
        assert await outbox.delivery.next_check() is None


async def test_what_is_stuck_is_learned_by_asking(tmp_path: Path) -> None:
    """A check can find a stuck message, and the scheduled check remains."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        case, outbox = await sent(testbed, NUMBER), testbed.context.outbox
        before = await outbox.delivery.next_check()
        testbed.gateway.set_status(testbed.gateway.ledger[0].message_id, "ERR030")
        reply = await case.press(MESSAGE_CHECK)

        assert ("Status", "Stuck in kwtSMS's queue") in reply.facts
        assert (await case.now()).counts == {State.STUCK: 1}
        assert await outbox.delivery.next_check() == before is not None


async def test_a_report_from_abroad_is_learned_by_asking(tmp_path: Path) -> None:
    """A check asks for a delivery report once one can exist."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        owner = testbed.gateway.account
        account = replace(owner, coverage=("965", "966"))
        testbed.gateway.records.account_balance(owner.username).account = account
        case = await sent(testbed, ABROAD)
        testbed.gateway.set_dlr(
            testbed.gateway.ledger[0].message_id, {ABROAD: "Received by recipient"}
        )
        early = await case.press(MESSAGE_CHECK)
        reply = await case.press(MESSAGE_CHECK, AT + HOUR)

        assert ("Status", "Sent") in early.facts
        assert ("Status", "Delivered") in reply.facts
        assert (await case.now()).counts == {State.DELIVERED: 1}


async def answered_late(testbed: CommandTestbed) -> Case:
    """A message to three numbers whose acceptance became known an hour after the call."""
    case, outbox = await accepted(testbed, NUMBER, OTHER, THIRD), testbed.context.outbox
    call = await in_flight(testbed, AT)
    await outbox.settlements.settle(call, Settlement(State.UNKNOWN, AT), AT)
    settlement = Settlement(State.SENT, AT, gateway_id="f4c8")
    await outbox.settlements.settle(call, settlement, AT + HOUR)
    return case


async def test_a_complaint_names_each_call_with_its_own_numbers(tmp_path: Path) -> None:
    """The text has the account, the time, the deadline, and only the undelivered numbers."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        case, outbox = await answered_late(testbed), testbed.context.outbox
        everything = await case.press(MESSAGE_SUPPORT, AT + 2 * HOUR)
        tracked = await outbox.delivery.find_accepted_call("f4c8")
        assert tracked
        stuck = DeliveryUpdate({OTHER: State.STUCK, THIRD: State.DELIVERED})
        await outbox.delivery.record_answer(tracked, stuck, AT + 2 * HOUR)
        reply = await case.press(MESSAGE_SUPPORT, AT + 2 * HOUR)

        username = testbed.context.config.kwtsms.username
        assert f"Numbers: {NUMBER}, {OTHER}, {THIRD}\n" in everything.examples[0]
        for part in (
            f"Account: {username}\n",
            "Message ID: f4c8\nSent: 23 Nov 2026, 16:00 (Kuwait)\n",
            f"Numbers: {OTHER}\n",
        ):
            assert part in reply.examples[0]
        assert "Send it by 24 Nov 2026, 16:00 (Kuwait)." in reply.details


async def test_what_kwtsms_never_had_is_no_complaint(tmp_path: Path) -> None:
    """A number without kwtSMS's message ID cannot be part of a complaint."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        case, outbox = await accepted(testbed, NUMBER), testbed.context.outbox
        await outbox.settlements.settle(
            await in_flight(testbed, AT), Settlement(State.UNKNOWN, AT), AT
        )
        reply = await case.press(MESSAGE_SUPPORT)

        assert reply.examples == ()
        assert "No messages to report" in reply.title


async def test_after_a_day_it_is_too_late(tmp_path: Path) -> None:
    """The day begins when kwtSMS accepted the message, not when it was requested."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        case = await answered_late(testbed)
        last = await case.press(MESSAGE_SUPPORT, AT + 25 * HOUR)
        late = await case.press(MESSAGE_SUPPORT, AT + 25 * HOUR + timedelta(seconds=1))

        assert "Send it by" in " ".join(last.details)
        assert "has passed" in " ".join(late.details)
