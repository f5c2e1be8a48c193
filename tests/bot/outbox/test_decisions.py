"""Decisions of people are durable, and in the audit log by the same transaction."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import text

from kwtsms_bot.database import DatabaseError
from kwtsms_bot.outbox.decision import Decision, DecisionKind
from kwtsms_bot.outbox.delivery.rules import DeliveryUpdate
from kwtsms_bot.outbox.intake.draft import Draft
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.quota.limits import UNLIMITED
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Actor, Audit, Cancelled, Outbox
from support.database import AT, NUMBER, OTHER, new_message, outbox_in
from support.leak_search import cells
from support.message_states import Secret, draft

LEASE = timedelta(seconds=30)
LATER = AT + timedelta(hours=25)
DAY = timedelta(days=1)
SARA = Actor("U2", "T1", "C1", "0123abcd")


async def lost(outbox: Outbox, *phones: str, lives: timedelta = DAY) -> Message:
    """A message of unknown outcome."""
    message = (await outbox.intake.accept(new_message(*phones, expires_at=AT + lives), AT)).message
    call = await outbox.claims.claim("one", LEASE, AT)
    assert call
    assert await outbox.settlements.put_in_flight(call, LEASE, AT)
    await outbox.settlements.settle(call, Settlement(State.UNKNOWN, AT), AT)
    return message


async def found(outbox: Outbox, message: Message) -> Message:
    """The message as it is now."""
    now = await outbox.messages.get(message.id)
    assert now
    return now


async def test_what_is_sent_again_has_its_time_anew(database_url: str) -> None:
    """A decision after the first expiry sets a new one, so that the message can be sent."""
    async with outbox_in(database_url) as outbox:
        message = await lost(outbox, NUMBER)
        await outbox.decisions.send_again(message.ref, LATER, SARA, expires_at=LATER + DAY)
        call = await outbox.claims.claim("two", LEASE, LATER)

        assert call
        assert call.expires_at == LATER + DAY
        assert (await found(outbox, message)).expires_at == LATER + DAY


async def test_a_message_treated_as_sent_keeps_its_time(database_url: str) -> None:
    """Marking a message as sent does not change its expiry."""
    async with outbox_in(database_url) as outbox:
        message = await lost(outbox, NUMBER)
        await outbox.decisions.treat_as_sent(message.ref, LATER, SARA)

        assert (await found(outbox, message)).expires_at == AT + DAY


async def test_who_decided_what_and_when_is_on_the_message(database_url: str) -> None:
    """The message lists its decisions in order, each with the number of recipients."""
    async with outbox_in(database_url) as outbox:
        message = await lost(outbox, NUMBER, OTHER)
        await outbox.decisions.send_again(message.ref, LATER, SARA, expires_at=LATER + DAY)
        await outbox.decisions.send_again(message.ref, LATER, SARA)
        await outbox.cancellation.cancel(message.ref, LATER, Actor("U3"))

        assert (await found(outbox, message)).decisions == (
            Decision(DecisionKind.SEND_AGAIN, "U2", LATER, 2),
            Decision(DecisionKind.CANCEL, "U3", LATER, 2),
        )


async def test_treated_as_sent_differs_from_accepted_by_kwtsms(database_url: str) -> None:
    """A message marked as sent has no confirmation, may have been charged, and is not polled."""
    async with outbox_in(database_url) as outbox:
        presumed, wanted = await lost(outbox, NUMBER), new_message(OTHER)
        await outbox.decisions.treat_as_sent(presumed.ref, LATER, SARA)
        sent = (await outbox.intake.accept(wanted, AT)).message
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        assert await outbox.settlements.put_in_flight(call, LEASE, AT)
        await outbox.settlements.settle(call, Settlement(State.SENT, AT, gateway_id="f4c8"), AT)
        tracked = await outbox.delivery.find_accepted_call("f4c8")
        assert tracked
        await outbox.delivery.record_answer(tracked, DeliveryUpdate(status="sent"), LATER)
        first, second = await found(outbox, presumed), await found(outbox, sent)

        assert (first.counts, first.presumed_sent, first.unsure) == ({State.SENT: 1}, 1, 1)
        assert (first.accepted_at, first.sent_in_kuwait) == (None, False)
        assert (second.counts, second.presumed_sent, second.unsure) == ({State.SENT: 1}, 0, 0)
        assert (second.accepted_at, second.sent_in_kuwait) == (AT, True)
        assert (first.lost_at, second.lost_at) == (AT, None)


@dataclass
class PendingDecisions:
    """An outbox with something to decide of each kind."""

    outbox: Outbox
    unknown: Message
    waiting: Message
    draft: Draft

    async def send_again(self) -> object:
        """Sends the unknown message again."""
        return await self.outbox.decisions.send_again(self.unknown.ref, LATER, SARA)

    async def treat_as_sent(self) -> object:
        """Marks the unknown message as sent."""
        return await self.outbox.decisions.treat_as_sent(self.unknown.ref, LATER, SARA)

    async def cancel(self) -> object:
        """Cancels the queued message."""
        return (await self.outbox.cancellation.cancel(self.waiting.ref, LATER, SARA)).count

    async def pause(self) -> object:
        """Pauses all sending."""
        return await self.outbox.kill_switch.pause("a mistake", LATER, SARA)

    async def resume(self) -> object:
        """Resumes sending."""
        return await self.outbox.kill_switch.resume(LATER, SARA)

    async def approve(self) -> object:
        """Approves the draft."""
        wanted = new_message(OTHER, text="approved")
        return await self.outbox.drafts.send_draft(
            self.draft.token, wanted, AT, UNLIMITED, approved=SARA
        )

    async def reject(self) -> object:
        """Rejects the draft."""
        return await self.outbox.drafts.discard_draft(self.draft.token, AT, refused=SARA)


@pytest.fixture
async def pending(database_url: str) -> AsyncIterator[PendingDecisions]:
    """An outbox with something to decide of each kind."""
    async with outbox_in(database_url) as outbox:
        unknown = await lost(outbox, NUMBER)
        waiting = (await outbox.intake.accept(new_message(OTHER), AT)).message
        asked = draft(Secret(NUMBER, "asked"))
        await outbox.drafts.save_draft(asked)
        yield PendingDecisions(outbox, unknown, waiting, asked)


@pytest.mark.parametrize(
    ("action", "line"),
    [
        ("send_again", ("send", "allowed", "{unknown}", "send again")),
        ("treat_as_sent", ("send", "allowed", "{unknown}", "treat as sent")),
        ("cancel", ("send", "allowed", "{waiting}", "cancelled 1")),
        ("pause", ("admin", "allowed", "pause", "")),
        ("resume", ("admin", "allowed", "resume", "")),
        ("approve", ("approve", "approved", "{newest}", "U1")),
        ("reject", ("approve", "turned down", "send", "U1")),
    ],
)
async def test_the_ledger_has_it_or_it_is_not_done(
    pending: PendingDecisions, action: str, line: tuple[str, str, str, str]
) -> None:
    """A decision whose audit entry cannot be written changes nothing."""
    outbox = pending.outbox
    if action == "resume":
        await outbox.kill_switch.pause("a mistake", AT, SARA)
    async with outbox.database.transaction() as connection:
        await connection.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
    before = await cells(outbox.database)
    with pytest.raises(DatabaseError):
        await getattr(pending, action)()
    after = await cells(outbox.database)
    async with outbox.database.transaction() as connection:
        await connection.execute(text("ALTER TABLE elsewhere RENAME TO audit"))

    assert after == before
    assert await getattr(pending, action)()
    newest = await outbox.messages.latest("U1")
    assert newest
    refs = {"unknown": pending.unknown.ref, "waiting": pending.waiting.ref, "newest": newest.ref}
    written = (await Audit(outbox.database).entries())[-1]
    recorded = (written.action, written.decision, written.subject, written.detail)
    assert recorded == (*line[:2], line[2].format(**refs), line[3])
    assert Actor(written.actor, written.team, written.channel, written.request) == SARA


async def test_what_is_decided_in_vain_leaves_no_line(pending: PendingDecisions) -> None:
    """A decision that comes too late, or has no message, writes no entry."""
    await pending.send_again()
    before = await Audit(pending.outbox.database).entries()
    assert not await pending.send_again()
    assert await pending.outbox.cancellation.cancel("M2345678", LATER, SARA) == Cancelled(0, 0)
    assert not await pending.resume()

    assert await Audit(pending.outbox.database).entries() == before
    now = await found(pending.outbox, pending.unknown)
    assert len(now.decisions) == 1
