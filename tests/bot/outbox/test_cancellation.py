"""A cancelled message does not leave, however far it was; the day counts what was charged."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from kwtsms_bot.database.tables import spending
from kwtsms_bot.outbox.message import ClaimedCall, DedupeKey, Message
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.quota.limits import Allowance, DuplicateMessage, Limit, QuotaExceededError
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Cancelled, Outbox
from support.database import ACTOR, AT, NUMBER, OTHER, new_message, outbox_in

LEASE = timedelta(seconds=30)
LATER = AT + timedelta(seconds=40)


@dataclass
class ClaimedMessage:
    """A message to two numbers, and its one call."""

    outbox: Outbox
    message: Message
    call: ClaimedCall

    async def put_in_flight(self) -> bool:
        """Puts the call in flight; returns whether it may leave."""
        return await self.outbox.settlements.put_in_flight(self.call, LEASE, AT)

    async def cancel(self) -> Cancelled:
        """Cancels the message."""
        return await self.outbox.cancellation.cancel(self.message.ref, AT, ACTOR)

    async def counts(self) -> dict[State, int]:
        """The number of its recipients in each state."""
        found = await self.outbox.messages.get(self.message.id)
        assert found
        return dict(found.counts)

    async def spent(self) -> int:
        """The credits spent on the day."""
        async with self.outbox.database.reading() as connection:
            found: int = (await connection.execute(select(spending.c.credits))).scalar_one()
        return found

    async def settle(self, state: State, **known: object) -> None:
        """Settles the call with this state."""
        await self.outbox.settlements.settle(self.call, Settlement(state, AT, **known), AT)  # type: ignore[arg-type]


@pytest.fixture
async def claimed(database_url: str) -> AsyncIterator[ClaimedMessage]:
    """A message that is claimed and not yet in flight."""
    async with outbox_in(database_url) as outbox:
        wanted = new_message(NUMBER, OTHER, pages=2, expires_at=AT + timedelta(minutes=5))
        message = (await outbox.intake.accept(wanted, AT)).message
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        yield ClaimedMessage(outbox, message, call)


async def test_a_claimed_message_is_cancelled_at_once(claimed: ClaimedMessage) -> None:
    """The owner of the call cannot send it, and its credits are refunded."""
    cancelled = await claimed.cancel()

    assert cancelled == Cancelled(2, 0)
    assert not await claimed.put_in_flight()
    assert await claimed.counts() == {State.CANCELLED: 2}
    assert await claimed.spent() == 0


async def test_a_cancelled_call_that_fails_is_not_tried_again(claimed: ClaimedMessage) -> None:
    """A call in flight when it was cancelled is not retried if it fails."""
    assert await claimed.put_in_flight()
    cancelled = await claimed.cancel()
    meanwhile = await claimed.counts()
    await claimed.settle(State.QUEUED)

    assert cancelled == Cancelled(0, 2)
    assert meanwhile == {State.IN_FLIGHT: 2}
    assert await claimed.counts() == {State.CANCELLED: 2}
    assert await claimed.spent() == 0


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN])
async def test_a_cancelled_call_keeps_its_actual_outcome(
    claimed: ClaimedMessage, state: State
) -> None:
    """A call that kwtSMS accepted cannot be cancelled."""
    assert await claimed.put_in_flight()
    await claimed.cancel()
    await claimed.settle(state)

    assert await claimed.counts() == {state: 2}


async def test_what_is_sent_again_after_that_is_tried_again(claimed: ClaimedMessage) -> None:
    """A later "send again" overrides the cancellation."""
    assert await claimed.put_in_flight()
    await claimed.cancel()
    await claimed.settle(State.UNKNOWN)
    await claimed.outbox.decisions.send_again(claimed.message.ref, LATER, ACTOR)
    claimed.call = await claimed.outbox.claims.claim("one", LEASE, LATER) or claimed.call
    assert await claimed.outbox.settlements.put_in_flight(claimed.call, LEASE, LATER)
    await claimed.settle(State.QUEUED)

    assert await claimed.counts() == {State.QUEUED: 2}


async def test_nothing_leaves_once_sending_is_paused(claimed: ClaimedMessage) -> None:
    """A call that was claimed before the pause returns to the queue."""
    await claimed.outbox.kill_switch.pause("a mistake", AT, ACTOR)

    assert not await claimed.put_in_flight()
    assert await claimed.counts() == {State.QUEUED: 2}


@pytest.mark.parametrize(
    ("state", "points", "spent"),
    [
        (State.SENT, Decimal(4), 4),
        (State.SENT, Decimal("9.5"), 10),
        (State.SENT, None, 4),
        (State.REJECTED, None, 0),
        (State.UNKNOWN, None, 4),
        (State.QUEUED, None, 4),
    ],
)
async def test_the_day_counts_what_kwtsms_charged(
    claimed: ClaimedMessage, state: State, points: Decimal | None, spent: int
) -> None:
    """A page abroad may cost more than a credit; a refused message costs nothing."""
    assert await claimed.put_in_flight()
    await claimed.settle(state, points=points)

    assert await claimed.spent() == spent


async def test_what_is_too_old_costs_nothing(claimed: ClaimedMessage) -> None:
    """A message that expires unsent is refunded."""
    await claimed.outbox.leases.reap_expired(AT + timedelta(minutes=10))
    assert await claimed.outbox.claims.claim("one", LEASE, AT + timedelta(minutes=10)) is None

    assert await claimed.counts() == {State.EXPIRED: 2}
    assert await claimed.spent() == 0


async def test_sending_again_counts_among_the_credits_of_the_day(claimed: ClaimedMessage) -> None:
    """Both sends may be charged; over the limit, the decision is refused."""
    assert await claimed.put_in_flight()
    await claimed.settle(State.UNKNOWN)
    once = DedupeKey("button.unknown", "x")
    with pytest.raises(QuotaExceededError) as refused:
        await claimed.outbox.decisions.send_again(
            claimed.message.ref, AT, ACTOR, once=once, allowance=Allowance(credits_per_day=7)
        )
    refused_counts = await claimed.counts()
    again = await claimed.outbox.decisions.send_again(
        claimed.message.ref, AT, ACTOR, once=once, allowance=Allowance(credits_per_day=8)
    )

    assert refused.value.exceeded.limit is Limit.DAY
    assert refused_counts == {State.UNKNOWN: 2}
    assert again == 2
    assert await claimed.spent() == 8


async def accepts_at(outbox: Outbox, seconds: float, **changes: object) -> bool:
    """Whether a "hello" to two numbers is accepted at that time."""
    wanted = new_message(NUMBER, OTHER, **changes)
    now: datetime = AT + timedelta(seconds=seconds)
    try:
        await outbox.intake.accept(wanted, now, Allowance(duplicate_window=timedelta(seconds=60)))
    except DuplicateMessage:
        return False
    return True


async def test_the_same_message_is_accepted_once_within_a_minute(database_url: str) -> None:
    """Within a minute, an author cannot send the same text to the same number again."""
    async with outbox_in(database_url) as outbox:
        assert await accepts_at(outbox, 0)
        assert not await accepts_at(outbox, 59)
        assert await accepts_at(outbox, 59, text="something else")
        assert await accepts_at(outbox, 59, author="U9")
        assert await accepts_at(outbox, 61)
        assert await outbox.intake.accept(new_message(NUMBER, OTHER), AT + timedelta(seconds=62))


async def test_duplicates_in_one_batch_are_accepted_once(database_url: str) -> None:
    """In one transaction, the first of several duplicates counts for those behind it."""
    async with outbox_in(database_url) as outbox:
        accepted = await asyncio.gather(*(accepts_at(outbox, 0) for _ in range(4)))

    assert sorted(accepted) == [False, False, False, True]
