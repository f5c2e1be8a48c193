"""What a person takes back does not leave, however far it was; the day counts what was charged."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from kwtsms_bot.database.tables import spending
from kwtsms_bot.outbox.dispatch.retry import Settlement
from kwtsms_bot.outbox.message import ClaimedCall, DedupeKey, Message, State
from kwtsms_bot.outbox.quota.limits import Allowance, DuplicateMessage, Limit, QuotaExceededError
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
        """Whether it may, now."""
        return await self.outbox.settlements.put_in_flight(self.call, LEASE, AT)

    async def cancel(self) -> Cancelled:
        """By a person."""
        return await self.outbox.cancellation.cancel(self.message.ref, AT, ACTOR)

    async def counts(self) -> dict[State, int]:
        """How its numbers stand."""
        found = await self.outbox.messages.get(self.message.id)
        assert found
        return dict(found.counts)

    async def spent(self) -> int:
        """The credits of the day."""
        async with self.outbox.database.reading() as connection:
            found: int = (await connection.execute(select(spending.c.credits))).scalar_one()
        return found

    async def settle(self, state: State, **known: object) -> None:
        """What the call came to."""
        await self.outbox.settlements.settle(self.call, Settlement(state, AT, **known), AT)  # type: ignore[arg-type]


@pytest.fixture
async def claimed(database_url: str) -> AsyncIterator[ClaimedMessage]:
    """Claimed, and not yet on its way."""
    async with outbox_in(database_url) as outbox:
        wanted = new_message(NUMBER, OTHER, pages=2, expires_at=AT + timedelta(minutes=5))
        message = (await outbox.intake.accept(wanted, AT)).message
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        yield ClaimedMessage(outbox, message, call)


async def test_a_claimed_message_is_cancelled_at_once(claimed: ClaimedMessage) -> None:
    """Its owner finds that out before anything leaves, and its credits are there again."""
    cancelled = await claimed.cancel()

    assert cancelled == Cancelled(2, 0)
    assert not await claimed.put_in_flight()
    assert await claimed.counts() == {State.CANCELLED: 2}
    assert await claimed.spent() == 0


async def test_a_cancelled_call_that_fails_is_not_tried_again(claimed: ClaimedMessage) -> None:
    """A person has said so while it was on its way, and was told that."""
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
    """Nobody can take back what kwtSMS has."""
    assert await claimed.put_in_flight()
    await claimed.cancel()
    await claimed.settle(state)

    assert await claimed.counts() == {state: 2}


async def test_what_is_sent_again_after_that_is_tried_again(claimed: ClaimedMessage) -> None:
    """The later word of a person holds."""
    assert await claimed.put_in_flight()
    await claimed.cancel()
    await claimed.settle(State.UNKNOWN)
    await claimed.outbox.decisions.send_again(claimed.message.ref, LATER, ACTOR)
    claimed.call = await claimed.outbox.claims.claim("one", LEASE, LATER) or claimed.call
    assert await claimed.outbox.settlements.put_in_flight(claimed.call, LEASE, LATER)
    await claimed.settle(State.QUEUED)

    assert await claimed.counts() == {State.QUEUED: 2}


async def test_nothing_leaves_once_sending_is_paused(claimed: ClaimedMessage) -> None:
    """It was claimed before; it goes back to the queue and waits there."""
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
    """Abroad a page costs more than a credit; what was refused costs nothing."""
    assert await claimed.put_in_flight()
    await claimed.settle(state, points=points)

    assert await claimed.spent() == spent


async def test_what_is_too_old_costs_nothing(claimed: ClaimedMessage) -> None:
    """It is given up unsent."""
    await claimed.outbox.leases.reap_expired(AT + timedelta(minutes=10))
    assert await claimed.outbox.claims.claim("one", LEASE, AT + timedelta(minutes=10)) is None

    assert await claimed.counts() == {State.EXPIRED: 2}
    assert await claimed.spent() == 0


async def test_sending_again_counts_among_the_credits_of_the_day(claimed: ClaimedMessage) -> None:
    """Both tries may have been charged; over the limit nothing is decided."""
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
    """Whether somebody's "hello" to two numbers is taken then, without a question."""
    wanted = new_message(NUMBER, OTHER, **changes)
    now: datetime = AT + timedelta(seconds=seconds)
    try:
        await outbox.intake.accept(wanted, now, Allowance(duplicate_window=timedelta(seconds=60)))
    except DuplicateMessage:
        return False
    return True


async def test_the_same_message_is_accepted_once_within_a_minute(database_url: str) -> None:
    """The same person, text and number; one after the other, or at the same moment."""
    async with outbox_in(database_url) as outbox:
        assert await accepts_at(outbox, 0)
        assert not await accepts_at(outbox, 59)
        assert await accepts_at(outbox, 59, text="something else")
        assert await accepts_at(outbox, 59, author="U9")
        assert await accepts_at(outbox, 61)
        assert await outbox.intake.accept(new_message(NUMBER, OTHER), AT + timedelta(seconds=62))


async def test_duplicates_in_one_batch_are_accepted_once(database_url: str) -> None:
    """They are let in by one transaction, and the first counts for those behind it."""
    async with outbox_in(database_url) as outbox:
        accepted = await asyncio.gather(*(accepts_at(outbox, 0) for _ in range(4)))

    assert sorted(accepted) == [False, False, False, True]
