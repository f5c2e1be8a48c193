"""An answer that comes after its call was given up is still told, and nothing is sent for it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kwtsms_bot.outbox import retry
from kwtsms_bot.outbox.evidence import NOT_SENT, Evidence, Verdict
from kwtsms_bot.outbox.message import ClaimedCall, Message, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store import Store
from kwtsms_bot.outbox.store.evidence import LostCall
from kwtsms_client import KwtSMSError, NotSent
from kwtsms_client.errors import rejection
from support.database import AT, BY, NUMBER, OTHER, new, store_in

LEASE = timedelta(seconds=30)
OVER = AT + timedelta(seconds=31)
LATE = AT + timedelta(seconds=40)
LATER = AT + timedelta(hours=1)
ACCEPTED = Plan(State.SENT, LATE, gateway_id="f4c8", points=Decimal(2), balance_after=Decimal(98))
NO_CONNECTION = retry.failed(NotSent("no route"), 1, LATE)
REFUSED = retry.failed(rejection("ERR031"), 1, LATE)


async def given_up(store: Store) -> tuple[ClaimedCall, Message]:
    """A call whose owner stood still past its lease: it is unknown."""
    message = (await store.accept(new(NUMBER, OTHER), AT)).message
    call = await store.claim("one", LEASE, AT)
    assert call
    assert await store.put_in_flight(call, LEASE, AT)
    assert await store.reap(OVER) == (0, 1)
    return call, message


async def found(store: Store, message: Message) -> Message:
    """As it stands now."""
    now = await store.get(message.id)
    assert now
    return now


@pytest.mark.parametrize("error", [NotSent("no route"), rejection("ERR013"), rejection("ERR003")])
async def test_that_nothing_was_sent_is_told_and_a_person_decides(
    database_url: str, error: KwtSMSError
) -> None:
    """The reason is kwtSMS's or ours, not that a process stopped; the balance is not asked."""
    plan = retry.failed(error, 1, LATE)
    async with store_in(database_url) as store:
        call, message = await given_up(store)
        await store.shown(message.id, (await found(store, message)).revision, None)
        await store.settle(call, plan, LATE)
        now = await found(store, message)

        assert now.counts == {State.UNKNOWN: 2}
        assert [(one.code, one.text) for one in now.reasons] == [(plan.code, plan.reason)]
        assert now.evidence == (NOT_SENT,)
        assert now.unsure == 0
        assert await store.unshown(10) == (message.id,)
        assert await store.lost_calls(LATER) == []
        assert await store.claim("two", LEASE, LATER) is None
        assert await store.send_again(message.ref, LATER, BY) == 2


async def test_that_it_was_refused_ends_it(database_url: str) -> None:
    """A text that kwtSMS does not take is not sent by anybody."""
    async with store_in(database_url) as store:
        call, message = await given_up(store)
        await store.settle(call, REFUSED, LATE)
        now = await found(store, message)

        assert now.counts == {State.REJECTED: 2}
        assert [one.code for one in now.reasons] == ["ERR031"]


async def test_an_answer_outweighs_what_the_balance_told(database_url: str) -> None:
    """The witness had looked before it came."""
    async with store_in(database_url) as store:
        call, message = await given_up(store)
        (lost,) = await store.lost_calls(LATER)
        assert lost == LostCall(call.attempt, message.id, AT, 2)
        unclear = Evidence(Verdict.UNCLEAR, Decimal(9), Decimal(8), Decimal(0))
        await store.note_evidence(lost, unclear, LATER)
        await store.settle(call, NO_CONNECTION, LATER)
        await store.note_evidence(lost, unclear, LATER)  # A second replica is slower still.

        assert (await found(store, message)).evidence == (NOT_SENT,)


@pytest.mark.parametrize("plan", [NO_CONNECTION, REFUSED])
async def test_who_took_it_as_sent_hears_that_it_was_not(database_url: str, plan: Plan) -> None:
    """The decision stands; its card can say that it was a mistake."""
    async with store_in(database_url) as store:
        call, message = await given_up(store)
        await store.treat_as_sent(message.ref, LATE, BY)
        before = await found(store, message)
        await store.settle(call, plan, LATER)
        now = await found(store, message)

        assert (before.presumed, before.evidence) == (2, ())
        assert (now.counts, now.presumed) == ({State.SENT: 2}, 2)
        assert now.evidence == (NOT_SENT,)


async def test_what_was_accepted_is_not_sent_again(database_url: str) -> None:
    """A person had pressed "Send again", and it had not left a second time yet."""
    async with store_in(database_url) as store:
        call, message = await given_up(store)
        await store.send_again(message.ref, LATE, BY)
        waiting = await found(store, message)
        await store.settle(call, ACCEPTED, LATE)
        now = await found(store, message)

        assert (waiting.counts, waiting.unsure) == ({State.QUEUED: 2}, 2)
        assert (now.counts, now.unsure) == ({State.SENT: 2}, 0)
        assert (now.gateway_ids, now.points, now.taken_at) == (("f4c8",), Decimal(2), LATE)
        assert await store.claim("two", LEASE, LATER) is None


async def test_what_is_on_its_way_again_stays_so(database_url: str) -> None:
    """It has a call of its own now; what the first one cost is on record all the same."""
    async with store_in(database_url) as store:
        call, message = await given_up(store)
        await store.send_again(message.ref, LATE, BY)
        again = await store.claim("two", LEASE, LATE)
        assert again
        await store.settle(call, ACCEPTED, LATE)
        now = await found(store, message)

        assert now.counts == {State.CLAIMED: 2}
        assert now.points == Decimal(2)
        assert await store.put_in_flight(again, LEASE, LATE)


async def test_a_late_refusal_does_not_touch_what_is_sent_again(database_url: str) -> None:
    """What a person has queued anew goes out; that the first one was not charged is known."""
    async with store_in(database_url) as store:
        call, message = await given_up(store)
        await store.send_again(message.ref, LATE, BY)
        await store.settle(call, NO_CONNECTION, LATE)
        now = await found(store, message)

        assert (now.counts, now.unsure) == ({State.QUEUED: 2}, 0)
        assert await store.claim("two", LEASE, LATER)
