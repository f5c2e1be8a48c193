"""Whoever is not the owner of a call, or not any more, changes nothing of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from kwtsms_bot.database.tables import recipient
from kwtsms_bot.outbox.message import ClaimedCall, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store import Store
from support.database import AT, NUMBER, OTHER, new, store_in

LEASE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
OUTCOMES = (State.SENT, State.REJECTED, State.QUEUED, State.UNKNOWN)


@dataclass
class Scene:
    """A call that somebody has claimed."""

    store: Store
    call: ClaimedCall

    async def counts(self) -> dict[State, int]:
        """Where its recipients stand."""
        found = await self.store.get(self.call.message_id)
        return dict(found.counts) if found else {}


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[Scene]:
    """It."""
    async with store_in(database_url) as store:
        await store.accept(new(NUMBER, OTHER), AT)
        call = await store.claim("one", LEASE, AT)
        assert call
        yield Scene(store, call)


async def test_a_lease_can_be_renewed_until_it_ends(scene: Scene) -> None:
    """From then on it may be somebody else's at any moment."""
    assert await scene.store.put_in_flight(scene.call, LEASE, AT)
    assert await scene.store.renew(scene.call, LEASE, AT + LEASE - SECOND)
    end = AT + 2 * LEASE - SECOND

    assert await scene.store.reap(end - SECOND) == (0, 0)
    assert not await scene.store.renew(scene.call, LEASE, end)
    assert await scene.store.reap(end) == (0, 1)


async def test_another_owner_cannot_send_it(scene: Scene) -> None:
    """Though it knows the call's number."""
    other = replace(scene.call, owner="two")

    assert not await scene.store.put_in_flight(other, LEASE, AT)
    assert not await scene.store.renew(other, LEASE, AT)
    assert await scene.counts() == {State.CLAIMED: 2}


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda state: state.value)
async def test_another_owner_cannot_settle_it(scene: Scene, outcome: State) -> None:
    """Whatever it has heard was about something else."""
    assert await scene.store.put_in_flight(scene.call, LEASE, AT)
    other = replace(scene.call, owner="two")
    await scene.store.settle(other, Plan(outcome, AT, gateway_id="other"), AT)

    assert await scene.counts() == {State.IN_FLIGHT: 2}
    assert await scene.store.find("other") is None


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda state: state.value)
async def test_what_a_call_came_to_is_shown(scene: Scene, outcome: State) -> None:
    """Its card showed that it was on its way, and is brought up to date."""
    assert await scene.store.put_in_flight(scene.call, LEASE, AT)
    flying = await scene.store.get(scene.call.message_id)
    assert flying
    await scene.store.shown(flying.id, flying.revision, None)
    assert await scene.store.unshown(10) == ()
    await scene.store.settle(scene.call, Plan(outcome, AT), AT)

    assert await scene.store.unshown(10) == (flying.id,)


async def test_a_call_that_is_not_whole_does_not_leave(scene: Scene) -> None:
    """Whatever took one of its numbers away: the others go back to the queue."""
    async with scene.store.database.transaction() as connection:
        taken = update(recipient).where(recipient.c.phone == OTHER)
        await connection.execute(taken.values(state=State.CANCELLED.value))

    assert not await scene.store.put_in_flight(scene.call, LEASE, AT)
    assert await scene.counts() == {State.QUEUED: 1, State.CANCELLED: 1}
    assert await scene.store.hot([NUMBER, OTHER], AT) == {}
