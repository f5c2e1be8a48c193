"""An answer that comes after its call was given up is recorded, and causes no send."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from kwtsms_bot.database.tables import evidence
from kwtsms_bot.outbox.dispatch import retry
from kwtsms_bot.outbox.evidence import NOT_SENT, Evidence, Verdict
from kwtsms_bot.outbox.message import ClaimedCall, Message
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from kwtsms_bot.outbox.unknown.evidence_store import UnansweredCall
from kwtsms_client import KwtSMSError, NotSent
from kwtsms_client.errors import rejection
from support.database import ACTOR, AT, NUMBER, OTHER, new_message, outbox_in

LEASE = timedelta(seconds=30)
EXPIRED = AT + timedelta(seconds=31)
LATE = AT + timedelta(seconds=40)
LATER = AT + timedelta(hours=1)
ACCEPTED = Settlement(
    State.SENT, LATE, gateway_id="f4c8", points=Decimal(2), balance_after=Decimal(98)
)
NO_CONNECTION = retry.failed(NotSent("no route"), 1, LATE)
REFUSED = retry.failed(rejection("ERR031"), 1, LATE)


async def reclaimed_call(outbox: Outbox) -> tuple[ClaimedCall, Message]:
    """A call whose owner stalled past its lease, so that it is unknown."""
    message = (await outbox.intake.accept(new_message(NUMBER, OTHER), AT)).message
    call = await outbox.claims.claim("one", LEASE, AT)
    assert call
    assert await outbox.settlements.put_in_flight(call, LEASE, AT)
    assert await outbox.leases.reap_expired(EXPIRED) == (0, 1)
    return call, message


async def found(outbox: Outbox, message: Message) -> Message:
    """The message as it is now."""
    now = await outbox.messages.get(message.id)
    assert now
    return now


@pytest.mark.parametrize("error", [NotSent("no route"), rejection("ERR013"), rejection("ERR003")])
async def test_a_late_not_sent_is_shown_and_a_person_decides(
    database_url: str, error: KwtSMSError
) -> None:
    """The late reason replaces the stopped process; no balance is needed, a person decides."""
    settlement = retry.failed(error, 1, LATE)
    async with outbox_in(database_url) as outbox:
        call, message = await reclaimed_call(outbox)
        await outbox.cards.record_shown(message.id, (await found(outbox, message)).revision, None)
        await outbox.settlements.settle(call, settlement, LATE)
        now = await found(outbox, message)

        assert now.counts == {State.UNKNOWN: 2}
        assert [(one.code, one.text) for one in now.reasons] == [
            (settlement.code, settlement.reason)
        ]
        assert now.evidence == (NOT_SENT,)
        assert now.unsure == 0
        assert await outbox.cards.outdated_cards(10) == (message.id,)
        assert await outbox.evidence.unanswered_calls(LATER) == []
        assert await outbox.claims.claim("two", LEASE, LATER) is None
        assert await outbox.decisions.send_again(message.ref, LATER, ACTOR) == 2


async def test_that_it_was_refused_ends_it(database_url: str) -> None:
    """A late refusal rejects the unknown message."""
    async with outbox_in(database_url) as outbox:
        call, message = await reclaimed_call(outbox)
        await outbox.settlements.settle(call, REFUSED, LATE)
        now = await found(outbox, message)

        assert now.counts == {State.REJECTED: 2}
        assert [one.code for one in now.reasons] == ["ERR031"]


async def test_a_late_answer_outweighs_the_balance_evidence(database_url: str) -> None:
    """A late answer replaces evidence, whether that comes before or after it."""
    async with outbox_in(database_url) as outbox:
        call, message = await reclaimed_call(outbox)
        (lost,) = await outbox.evidence.unanswered_calls(LATER)
        assert lost == UnansweredCall(call.attempt, message.id, AT, 2)
        unclear = Evidence(Verdict.UNCLEAR, Decimal(9), Decimal(8), Decimal(0))
        await outbox.evidence.record_evidence(lost, unclear, LATER)
        await outbox.settlements.settle(call, NO_CONNECTION, LATER)
        # A second replica is slower still.
        await outbox.evidence.record_evidence(lost, unclear, LATER)

        assert (await found(outbox, message)).evidence == (NOT_SENT,)


@pytest.mark.parametrize("settlement", [NO_CONNECTION, REFUSED])
async def test_a_message_treated_as_sent_shows_that_it_was_not(
    database_url: str, settlement: Settlement
) -> None:
    """The decision is kept, and the evidence for the card says that it was a mistake."""
    async with outbox_in(database_url) as outbox:
        call, message = await reclaimed_call(outbox)
        await outbox.decisions.treat_as_sent(message.ref, LATE, ACTOR)
        before = await found(outbox, message)
        await outbox.settlements.settle(call, settlement, LATER)
        now = await found(outbox, message)

        assert (before.presumed_sent, before.evidence) == (2, ())
        assert (now.counts, now.presumed_sent) == ({State.SENT: 2}, 2)
        assert now.evidence == (NOT_SENT,)


async def test_what_was_accepted_is_not_sent_again(database_url: str) -> None:
    """A late acceptance stops a second send that has not left yet."""
    async with outbox_in(database_url) as outbox:
        call, message = await reclaimed_call(outbox)
        await outbox.decisions.send_again(message.ref, LATE, ACTOR)
        waiting = await found(outbox, message)
        await outbox.settlements.settle(call, ACCEPTED, LATE)
        now = await found(outbox, message)

        assert (waiting.counts, waiting.unsure) == ({State.QUEUED: 2}, 2)
        assert (now.counts, now.unsure) == ({State.SENT: 2}, 0)
        assert (now.gateway_ids, now.points, now.accepted_at) == (("f4c8",), Decimal(2), LATE)
        assert await outbox.claims.claim("two", LEASE, LATER) is None


async def test_a_message_in_flight_again_stays_in_flight(database_url: str) -> None:
    """A late acceptance does not stop a second call under way; its cost is recorded."""
    async with outbox_in(database_url) as outbox:
        call, message = await reclaimed_call(outbox)
        await outbox.decisions.send_again(message.ref, LATE, ACTOR)
        again = await outbox.claims.claim("two", LEASE, LATE)
        assert again
        await outbox.settlements.settle(call, ACCEPTED, LATE)
        now = await found(outbox, message)

        assert now.counts == {State.CLAIMED: 2}
        assert now.points == Decimal(2)
        assert await outbox.settlements.put_in_flight(again, LEASE, LATE)


async def test_a_late_refusal_does_not_touch_what_is_sent_again(database_url: str) -> None:
    """A message queued again is still sent; the first call counts as not charged."""
    async with outbox_in(database_url) as outbox:
        call, message = await reclaimed_call(outbox)
        await outbox.decisions.send_again(message.ref, LATE, ACTOR)
        await outbox.settlements.settle(call, NO_CONNECTION, LATE)
        now = await found(outbox, message)

        assert (now.counts, now.unsure) == ({State.QUEUED: 2}, 0)
        assert await outbox.claims.claim("two", LEASE, LATER)


async def test_what_was_given_back_needs_no_evidence(database_url: str) -> None:
    """A call that was released, and never unknown, gets no evidence when it is settled."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        assert await outbox.leases.release_owned("one", AT) == 1
        await outbox.settlements.settle(call, retry.not_sent_after_stall(AT), AT)
        async with outbox.database.reading() as connection:
            rows = (await connection.execute(select(evidence))).all()
        again = await found(outbox, message)

    assert rows == []
    assert again.counts == {State.QUEUED: 1}


async def test_a_reclaimed_call_that_was_never_sent_is_shown_as_such(database_url: str) -> None:
    """A process that stalled past its lease before the first byte records that nothing left."""
    async with outbox_in(database_url) as outbox:
        call, message = await reclaimed_call(outbox)
        await outbox.settlements.settle(call, retry.not_sent_after_stall(LATE), LATE)
        known = await found(outbox, message)

    assert known.counts == {State.UNKNOWN: 2}
    assert [one.verdict for one in known.evidence] == [Verdict.NOT_SENT]
    assert [one.text for one in known.reasons] == [retry.STALLED_REASON]
