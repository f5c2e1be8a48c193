"""The outbox in a real database: nothing is lost or doubled, and no step is illegal."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from kwtsms_bot.outbox.message import CardLocation, ClaimedCall, DedupeKey, Message, Priority
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Cancelled, IdempotencyConflict, Outbox
from support.database import ACTOR, AT, NUMBER, OTHER, new_message, outbox_in

LEASE = timedelta(seconds=30)
LATER = AT + timedelta(seconds=31)
KEY = DedupeKey("slack.command", "trigger-1")
SENT = Settlement(State.SENT, AT, gateway_id="f4c8", points=Decimal(1), balance_after=Decimal(99))


async def claimed(outbox: Outbox, owner: str = "one") -> ClaimedCall:
    """Claims a call for `owner`."""
    call = await outbox.claims.claim(owner, LEASE, AT)
    assert call
    return call


async def in_flight(outbox: Outbox, owner: str = "one") -> ClaimedCall:
    """Claims a call for `owner` and puts it in flight."""
    call = await claimed(outbox, owner)
    assert await outbox.settlements.put_in_flight(call, LEASE, AT)
    return call


async def states(outbox: Outbox, message: Message) -> list[State]:
    """The states of its recipients."""
    return [one.state for one in await outbox.messages.recipients(message.id)]


async def test_what_is_accepted_is_there_after_a_restart(database_url: str) -> None:
    """An accepted message is in the database when accept returns."""
    async with outbox_in(database_url) as outbox:
        accepted = await outbox.intake.accept(new_message(NUMBER, OTHER), AT)
    async with outbox_in(database_url) as outbox:
        found = await outbox.messages.find(accepted.message.ref)

        assert found == accepted.message
        assert found.first_phones == (NUMBER, OTHER)


async def test_the_same_key_is_the_same_message(database_url: str) -> None:
    """A request that comes twice is accepted once."""
    async with outbox_in(database_url) as outbox:
        first = await outbox.intake.accept(new_message(key=KEY), AT)
        again = await outbox.intake.accept(new_message(key=KEY), AT)

        assert (first.fresh, again.fresh) == (True, False)
        assert again.message.id == first.message.id


async def test_the_same_key_at_the_same_moment_is_accepted_once(database_url: str) -> None:
    """Simultaneous deliveries of a request make one message."""
    async with outbox_in(database_url) as outbox:
        both = await asyncio.gather(
            *(outbox.intake.accept(new_message(key=KEY), AT) for _ in range(8))
        )

        assert [one.fresh for one in both].count(True) == 1
        assert len({one.message.id for one in both}) == 1


async def test_the_same_key_with_another_content_is_refused(database_url: str) -> None:
    """A key that was used for one message is refused for another."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(key=KEY), AT)

        with pytest.raises(IdempotencyConflict):
            await outbox.intake.accept(new_message(key=KEY, text="another"), AT)


async def test_a_one_time_key_is_consumed_once(database_url: str) -> None:
    """Of several simultaneous uses of a one-time key, one succeeds."""
    async with outbox_in(database_url) as outbox:
        won = await asyncio.gather(*(outbox.intake.use_key_once(KEY, AT) for _ in range(8)))

        assert won.count(True) == 1


async def test_two_workers_never_claim_the_same_recipient(database_url: str) -> None:
    """Each recipient is claimed once, however many workers claim at once."""
    async with outbox_in(database_url) as outbox:
        for n in range(5):
            await outbox.intake.accept(new_message(f"9659876543{n}"), AT)
        calls = await asyncio.gather(
            *(outbox.claims.claim(f"owner {n}", LEASE, AT) for n in range(8))
        )

        claimed_ids = [one.id for call in calls if call for one in call.recipients]
        assert len(claimed_ids) == len(set(claimed_ids)) == 5


async def test_urgent_goes_before_bulk(database_url: str) -> None:
    """An alert never waits behind a campaign that came earlier."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(
            new_message(NUMBER, priority=Priority.BULK), AT - timedelta(hours=1)
        )
        urgent = await outbox.intake.accept(new_message(OTHER, priority=Priority.URGENT), AT)

        assert (await claimed(outbox)).message_id == urgent.message.id


async def test_a_call_has_at_most_200_recipients(database_url: str) -> None:
    """More than 200 recipients are split into several calls (ERR007)."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(*(f"965{90000000 + n}" for n in range(450))), AT)
        sizes = [len((await claimed(outbox)).recipients) for _ in range(3)]

        assert sizes == [200, 200, 50]
        assert await outbox.claims.claim("one", LEASE, AT) is None


async def test_an_accepted_call_settles_its_message(database_url: str) -> None:
    """The message has the gateway's ID, points and balance."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        await outbox.settlements.settle(await in_flight(outbox), SENT, AT)
        found = await outbox.messages.find("f4c8")

        assert found
        assert found.id == message.id
        assert found.counts == {State.SENT: 1}
        assert (found.points, found.balance_after) == (Decimal(1), Decimal(99))


async def test_a_claim_whose_lease_ran_out_goes_back(database_url: str) -> None:
    """A claimed call whose lease expired is requeued, as nothing had left."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        await claimed(outbox)

        assert await outbox.leases.reap_expired(LATER) == (1, 0)
        assert await states(outbox, message) == [State.QUEUED]


async def test_what_was_in_flight_becomes_unknown(database_url: str) -> None:
    """A call in flight whose lease expired may have been sent, and is never sent again."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        await in_flight(outbox)

        assert await outbox.leases.reap_expired(LATER) == (0, 1)
        assert await states(outbox, message) == [State.UNKNOWN]
        assert await outbox.claims.claim("two", LEASE, LATER + timedelta(days=1)) is None


async def test_a_lease_that_is_renewed_does_not_run_out(database_url: str) -> None:
    """A call whose lease is renewed is not reclaimed."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(), AT)
        call = await in_flight(outbox)

        assert await outbox.settlements.renew(call, LEASE, AT + timedelta(seconds=20))
        assert await outbox.leases.reap_expired(LATER) == (0, 0)


async def test_a_process_that_stalled_past_its_lease_may_not_send(database_url: str) -> None:
    """A call whose lease expired cannot be put in flight, reaped or not."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(), AT)
        call = await claimed(outbox)

        assert not await outbox.settlements.put_in_flight(call, LEASE, LATER)
        await outbox.leases.reap_expired(LATER)
        assert not await outbox.settlements.put_in_flight(call, LEASE, AT)


async def test_a_late_answer_makes_unknown_known(database_url: str) -> None:
    """An acceptance that comes after the call was reclaimed makes it sent."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        call = await in_flight(outbox)
        await outbox.leases.reap_expired(LATER)
        await outbox.settlements.settle(call, SENT, LATER)

        assert await states(outbox, message) == [State.SENT]


async def test_a_late_failure_does_not_queue_what_is_unknown(database_url: str) -> None:
    """A late failure does not requeue an unknown message; only a person does."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        call = await in_flight(outbox)
        await outbox.leases.reap_expired(LATER)
        await outbox.settlements.settle(call, Settlement(State.QUEUED, LATER), LATER)

        assert await states(outbox, message) == [State.UNKNOWN]


async def test_a_person_brings_an_unknown_message_back_once(database_url: str) -> None:
    """Of two decisions about an unknown message, the second has no effect."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        await in_flight(outbox)
        await outbox.leases.reap_expired(LATER)

        assert await outbox.decisions.send_again(message.ref, LATER, ACTOR) == 1
        assert await outbox.decisions.send_again(message.ref, LATER, ACTOR) == 0
        assert await outbox.decisions.treat_as_sent(message.ref, LATER, ACTOR) == 0
        assert await states(outbox, message) == [State.QUEUED]


async def test_a_decision_under_one_key_counts_once(database_url: str) -> None:
    """A repeated press decides nothing, even if the message is unknown once more."""
    once = DedupeKey("button", "M1.7")
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        for minute, decided in ((1, 1), (2, 0)):
            at = AT + timedelta(minutes=minute)
            call = await outbox.claims.claim("a", LEASE, at)
            assert call
            assert await outbox.settlements.put_in_flight(call, LEASE, at)
            await outbox.settlements.settle(call, Settlement(State.UNKNOWN, at), at)
            assert await outbox.decisions.send_again(message.ref, at, ACTOR, once=once) == decided


async def test_what_is_sent_cannot_be_cancelled(database_url: str) -> None:
    """Only queued messages are cancelled."""
    async with outbox_in(database_url) as outbox:
        sent = (await outbox.intake.accept(new_message(), AT)).message
        await outbox.settlements.settle(await in_flight(outbox), SENT, AT)
        queued = (await outbox.intake.accept(new_message(OTHER), AT)).message

        assert await outbox.cancellation.cancel(sent.ref, AT, ACTOR) == Cancelled(0, 0)
        assert await outbox.cancellation.cancel(queued.ref, AT, ACTOR) == Cancelled(1, 0)
        assert await states(outbox, sent) == [State.SENT]
        assert await states(outbox, queued) == [State.CANCELLED]


async def test_a_number_sent_to_waits_15_seconds_alone(database_url: str) -> None:
    """The second message to a number waits; a message to another number does not wait for it."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(NUMBER), AT)
        await outbox.settlements.settle(await in_flight(outbox), SENT, AT)
        both = (await outbox.intake.accept(new_message(NUMBER, OTHER, text="second"), AT)).message

        assert [one.phone for one in (await claimed(outbox)).recipients] == [OTHER]
        assert await outbox.claims.claim("one", LEASE, AT + timedelta(seconds=15)) is None
        last = await outbox.claims.claim("one", LEASE, AT + timedelta(seconds=17))
        assert last
        assert [one.phone for one in last.recipients] == [NUMBER]
        assert last.message_id == both.id


async def test_two_claims_of_one_number_are_not_sent_at_once(database_url: str) -> None:
    """A number whose cooldown began after the claim is not sent to."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(NUMBER), AT)
        await outbox.intake.accept(new_message(NUMBER, text="second"), AT)
        first, second = await claimed(outbox, "one"), await claimed(outbox, "two")

        assert await outbox.settlements.put_in_flight(first, LEASE, AT)
        assert not await outbox.settlements.put_in_flight(second, LEASE, AT)
        assert await outbox.claims.claim("two", LEASE, AT) is None


async def test_a_number_that_nothing_reached_has_no_cooldown(database_url: str) -> None:
    """After a send that proved to have failed, the number has no cooldown."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(), AT)
        await outbox.settlements.settle(await in_flight(outbox), Settlement(State.QUEUED, AT), AT)

        assert await outbox.claims.claim("one", LEASE, AT)


async def test_what_is_too_old_is_given_up(database_url: str) -> None:
    """An overdue message expires, and its card is updated."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(expires_at=LATER), AT)).message
        assert await outbox.claims.claim("one", LEASE, LATER) is None
        assert await states(outbox, message) == [State.EXPIRED]
        assert await outbox.cards.outdated_cards(10) == (message.id,)


async def test_what_is_put_off_is_given_up_at_its_time(database_url: str) -> None:
    """A retry that would come after the expiry is due at the expiry."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(expires_at=LATER), AT)).message
        late = Settlement(State.QUEUED, LATER + timedelta(hours=1), reason="down")
        await outbox.settlements.settle(await in_flight(outbox), late, AT)

        assert await outbox.claims.next_due() == LATER
        assert await outbox.claims.claim("one", LEASE, LATER) is None
        assert await states(outbox, message) == [State.EXPIRED]


async def test_what_is_not_shown_is_found_until_it_is(database_url: str) -> None:
    """A card is out of date until the latest revision is shown."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        call = await in_flight(outbox)
        await outbox.settlements.settle(call, SENT, AT)
        await outbox.cards.record_shown(message.id, message.revision, CardLocation("C1", "1.1"))
        (unshown,) = await outbox.cards.outdated_cards(10)
        again = await outbox.cards.claim_card(unshown)
        assert again
        await outbox.cards.record_shown(message.id, again.revision, again.card_location)

        assert again.card_location == CardLocation("C1", "1.1")
        assert await outbox.cards.outdated_cards(10) == ()


async def test_what_is_still_to_be_sent_is_not_erased(database_url: str) -> None:
    """A queued message is not erased, however old it is."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(), AT)

        assert await outbox.purge.erase(LATER) == 0
