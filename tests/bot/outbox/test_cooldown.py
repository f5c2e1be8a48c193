"""The cooldown of a number: kept by all replicas together, and delaying no other number."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from kwtsms_bot.outbox.dispatch.claim_store import COOLDOWN_WINDOW, MAX_ROUNDS
from kwtsms_bot.outbox.flow_control.cooldown import COOLDOWN, COOLDOWN_REASON
from kwtsms_bot.outbox.message import ClaimedCall, Priority
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox, open_outbox
from support.database import (
    ACTOR,
    AT,
    NUMBER,
    OTHER,
    new_message,
    opened,
    outbox_in,
    record_statements,
)

LEASE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
SENT = Settlement(State.SENT, AT, gateway_id="f4c8")


async def claimed(outbox: Outbox, now: datetime = AT, owner: str = "one") -> ClaimedCall:
    """Claims the next call."""
    call = await outbox.claims.claim(owner, LEASE, now)
    assert call
    return call


async def in_flight(outbox: Outbox, now: datetime = AT) -> ClaimedCall:
    """Claims the next call and puts it in flight."""
    call = await claimed(outbox, now)
    assert await outbox.settlements.put_in_flight(call, LEASE, now)
    return call


@pytest.mark.parametrize(
    "shared", [slice(None), slice(None, None, -1), slice(10, None)], ids=["all", "reverse", "half"]
)
async def test_of_two_calls_that_share_numbers_one_is_sent(
    database_url: str, shared: slice
) -> None:
    """Two processes start cooldowns of shared numbers at the same moment without a deadlock."""
    now = datetime.now(UTC)
    async with opened(database_url) as one, opened(database_url) as two:
        stores, left = (open_outbox(one), open_outbox(two)), []
        for number in range(4):
            numbers = tuple(f"9659{number}{index:06d}" for index in range(20))
            for outbox, some in zip(stores, (numbers, numbers[shared]), strict=True):
                await outbox.intake.accept(new_message(*some), now)
            calls = [await claimed(outbox, now) for outbox in stores]
            both = zip(stores, calls, strict=True)
            attempts = (outbox.settlements.put_in_flight(call, LEASE, now) for outbox, call in both)
            left.append(sorted(await asyncio.gather(*attempts)))
            for call in calls:
                await stores[0].cancellation.cancel(call.ref, now, ACTOR)

    assert left == [[False, True]] * 4


async def test_who_was_second_waits_for_the_others_number(database_url: str) -> None:
    """The second call is requeued with the reason; its other numbers get no cooldown."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(NUMBER), AT)
        await outbox.intake.accept(new_message(NUMBER, OTHER, text="second"), AT)
        first, second = await claimed(outbox), await claimed(outbox, owner="two")
        assert await outbox.settlements.put_in_flight(first, LEASE, AT)
        assert not await outbox.settlements.put_in_flight(second, LEASE, AT)
        waiting = await outbox.messages.recipients(second.message_id)
        following = await claimed(outbox)

    assert [(one.reason, one.due_at, one.tries) for one in waiting] == [
        (COOLDOWN_REASON, AT + COOLDOWN, 0),
        (None, AT, 0),
    ]
    assert [one.phone for one in following.recipients] == [OTHER]


async def test_a_refusal_does_not_clear_a_later_cooldown(database_url: str) -> None:
    """A late refusal of the first call leaves the cooldown that the second one started."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(text="first"), AT)
        first = await in_flight(outbox)
        await outbox.intake.accept(new_message(text="second"), AT)
        second = await in_flight(outbox, AT + 17 * SECOND)
        await outbox.settlements.settle(second, SENT, AT + 18 * SECOND)
        refused = Settlement(State.REJECTED, AT, "ERR031", "no")
        await outbox.settlements.settle(first, refused, AT + 19 * SECOND)
        await outbox.intake.accept(new_message(text="third"), AT)

        assert await outbox.claims.claim("one", LEASE, AT + 20 * SECOND) is None
        assert await outbox.claims.claim("one", LEASE, AT + 18 * SECOND + COOLDOWN)


@pytest.mark.parametrize("wrong", [-20 * SECOND, timedelta(0), 17 * SECOND], ids=str)
async def test_a_replica_whose_clock_is_wrong_keeps_the_rule(
    database_url: str, wrong: timedelta
) -> None:
    """A slow clock does not shorten a cooldown, nor does a fast one end it."""
    now = datetime.now(UTC)
    async with opened(database_url) as one, opened(database_url) as two:
        await open_outbox(one).intake.accept(new_message(text="first"), now - 60 * SECOND)
        await open_outbox(one).intake.accept(new_message(text="second"), now - 60 * SECOND)
        await in_flight(open_outbox(one), now + min(wrong, timedelta(0)))

        assert (
            await open_outbox(two).claims.claim("two", LEASE, now + max(wrong, timedelta(0)))
            is None
        )
        due = await open_outbox(two).claims.next_due()
        assert due
        assert COOLDOWN - 5 * SECOND < due - now - max(wrong, timedelta(0)) <= COOLDOWN


async def test_alerts_to_one_phone_keep_nobody_else_waiting(database_url: str) -> None:
    """Many messages to one number wait by themselves, and delay no other message."""
    async with outbox_in(database_url) as outbox:
        await accept_many(outbox, 2 * MAX_ROUNDS, NUMBER)
        await outbox.settlements.settle(await in_flight(outbox), SENT, AT)
        normal = await outbox.intake.accept(new_message(OTHER), AT)

        assert (await claimed(outbox)).message_id == normal.message.id
        assert await outbox.claims.next_due() == AT + COOLDOWN


async def test_alerts_to_many_phones_in_cooldown_delay_nobody_else(database_url: str) -> None:
    """Even more of them than one look at the queue covers do not delay another message."""
    phones = [f"9655{number:07d}" for number in range(COOLDOWN_WINDOW + 200)]
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(*phones), AT)
        for _ in range(len(phones) // 200):
            await in_flight(outbox)
        await accept_many(outbox, len(phones), *phones)
        normal = await outbox.intake.accept(new_message(OTHER), AT)
        with record_statements(outbox.database) as said:
            call = await claimed(outbox)

        assert call.message_id == normal.message.id
        assert await outbox.claims.next_due() == AT + COOLDOWN
        assert len(said) < 50


async def test_what_is_too_old_keeps_nobody_waiting(database_url: str) -> None:
    """Overdue messages all expire within one claim."""
    async with outbox_in(database_url) as outbox:
        await accept_many(outbox, 2 * MAX_ROUNDS + 1, NUMBER, expires_at=AT + SECOND)
        normal = await outbox.intake.accept(new_message(OTHER), AT)

        assert (await claimed(outbox, AT + SECOND)).message_id == normal.message.id


async def accept_many(outbox: Outbox, count: int, *phones: str, **changes: object) -> None:
    """Accepts so many urgent messages, each to the next of these phones."""
    await asyncio.gather(
        *(
            outbox.intake.accept(
                new_message(phones[index % len(phones)], priority=Priority.URGENT, **changes), AT
            )
            for index in range(count)
        )
    )
