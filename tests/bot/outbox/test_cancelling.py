"""What a person takes back does not leave, however far it was; the day counts what was charged."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from kwtsms_bot.database.tables import spending
from kwtsms_bot.outbox.limits import Allowance, Limit, OverLimit, SentBefore
from kwtsms_bot.outbox.message import ClaimedCall, DedupeKey, Message, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store import Store, TakenBack
from support.database import AT, BY, NUMBER, OTHER, new, store_in

LEASE = timedelta(seconds=30)
LATER = AT + timedelta(seconds=40)


@dataclass
class Scene:
    """A message to two numbers, and its one call."""

    store: Store
    message: Message
    call: ClaimedCall

    async def leaves(self) -> bool:
        """Whether it may, now."""
        return await self.store.put_in_flight(self.call, LEASE, AT)

    async def cancel(self) -> TakenBack:
        """By a person."""
        return await self.store.cancel(self.message.ref, AT, BY)

    async def counts(self) -> dict[State, int]:
        """How its numbers stand."""
        found = await self.store.get(self.message.id)
        assert found
        return dict(found.counts)

    async def spent(self) -> int:
        """The credits of the day."""
        async with self.store.database.reading() as connection:
            found: int = (await connection.execute(select(spending.c.credits))).scalar_one()
        return found

    async def settle(self, state: State, **known: object) -> None:
        """What the call came to."""
        await self.store.settle(self.call, Plan(state, AT, **known), AT)  # type: ignore[arg-type]


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[Scene]:
    """Claimed, and not yet on its way."""
    async with store_in(database_url) as store:
        wanted = new(NUMBER, OTHER, pages=2, expires_at=AT + timedelta(minutes=5))
        message = (await store.accept(wanted, AT)).message
        call = await store.claim("one", LEASE, AT)
        assert call
        yield Scene(store, message, call)


async def test_what_is_claimed_is_taken_back_at_once(scene: Scene) -> None:
    """Its owner finds that out before anything leaves, and its credits are there again."""
    taken = await scene.cancel()

    assert taken == TakenBack(2, 0)
    assert not await scene.leaves()
    assert await scene.counts() == {State.CANCELLED: 2}
    assert await scene.spent() == 0


async def test_what_comes_back_from_a_try_is_not_tried_again(scene: Scene) -> None:
    """A person has said so while it was on its way, and was told that."""
    assert await scene.leaves()
    taken = await scene.cancel()
    meanwhile = await scene.counts()
    await scene.settle(State.QUEUED)

    assert taken == TakenBack(0, 2)
    assert meanwhile == {State.IN_FLIGHT: 2}
    assert await scene.counts() == {State.CANCELLED: 2}
    assert await scene.spent() == 0


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN])
async def test_what_got_through_is_told_as_it_is(scene: Scene, state: State) -> None:
    """Nobody can take back what kwtSMS has."""
    assert await scene.leaves()
    await scene.cancel()
    await scene.settle(state)

    assert await scene.counts() == {state: 2}


async def test_what_is_sent_again_after_that_is_tried_again(scene: Scene) -> None:
    """The later word of a person holds."""
    assert await scene.leaves()
    await scene.cancel()
    await scene.settle(State.UNKNOWN)
    await scene.store.send_again(scene.message.ref, LATER, BY)
    scene.call = await scene.store.claim("one", LEASE, LATER) or scene.call
    assert await scene.store.put_in_flight(scene.call, LEASE, LATER)
    await scene.settle(State.QUEUED)

    assert await scene.counts() == {State.QUEUED: 2}


async def test_nothing_leaves_once_sending_is_paused(scene: Scene) -> None:
    """It was claimed before; it goes back to the queue and waits there."""
    await scene.store.pause("a mistake", AT, BY)

    assert not await scene.leaves()
    assert await scene.counts() == {State.QUEUED: 2}


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
    scene: Scene, state: State, points: Decimal | None, spent: int
) -> None:
    """Abroad a page costs more than a credit; what was refused costs nothing."""
    assert await scene.leaves()
    await scene.settle(state, points=points)

    assert await scene.spent() == spent


async def test_what_is_too_old_costs_nothing(scene: Scene) -> None:
    """It is given up unsent."""
    await scene.store.reap(AT + timedelta(minutes=10))
    assert await scene.store.claim("one", LEASE, AT + timedelta(minutes=10)) is None

    assert await scene.counts() == {State.EXPIRED: 2}
    assert await scene.spent() == 0


async def test_sending_again_counts_among_the_credits_of_the_day(scene: Scene) -> None:
    """Both tries may have been charged; over the limit nothing is decided."""
    assert await scene.leaves()
    await scene.settle(State.UNKNOWN)
    once = DedupeKey("button.unknown", "x")
    with pytest.raises(OverLimit) as refused:
        await scene.store.send_again(
            scene.message.ref, AT, BY, once=once, allowance=Allowance(credits_per_day=7)
        )
    refused_counts = await scene.counts()
    again = await scene.store.send_again(
        scene.message.ref, AT, BY, once=once, allowance=Allowance(credits_per_day=8)
    )

    assert refused.value.breach.limit is Limit.DAY
    assert refused_counts == {State.UNKNOWN: 2}
    assert again == 2
    assert await scene.spent() == 8


async def at(store: Store, seconds: float, **changes: object) -> bool:
    """Whether somebody's "hello" to two numbers is taken then, without a question."""
    wanted = new(NUMBER, OTHER, **changes)
    now: datetime = AT + timedelta(seconds=seconds)
    try:
        await store.accept(wanted, now, Allowance(same_within=timedelta(seconds=60)))
    except SentBefore:
        return False
    return True


async def test_the_same_is_taken_once_within_a_minute(database_url: str) -> None:
    """The same person, text and number; one after the other, or at the same moment."""
    async with store_in(database_url) as store:
        assert await at(store, 0)
        assert not await at(store, 59)
        assert await at(store, 59, text="something else")
        assert await at(store, 59, author="U9")
        assert await at(store, 61)
        assert await store.accept(new(NUMBER, OTHER), AT + timedelta(seconds=62))


async def test_two_who_come_together_are_told_apart(database_url: str) -> None:
    """They are let in by one transaction, and the first counts for those behind it."""
    async with store_in(database_url) as store:
        taken = await asyncio.gather(*(at(store, 0) for _ in range(4)))

    assert sorted(taken) == [False, False, False, True]
