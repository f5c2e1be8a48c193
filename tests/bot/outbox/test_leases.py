"""Fencing: a process that does not own a call, or no longer does, cannot change it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from kwtsms_bot.database.tables import recipient
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from support.database import AT, NUMBER, OTHER, new_message, outbox_in

LEASE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
OUTCOMES = (State.SENT, State.REJECTED, State.QUEUED, State.UNKNOWN)


@dataclass
class ClaimedMessage:
    """A claimed call."""

    outbox: Outbox
    call: ClaimedCall

    async def counts(self) -> dict[State, int]:
        """The number of its recipients in each state."""
        found = await self.outbox.messages.get(self.call.message_id)
        return dict(found.counts) if found else {}


@pytest.fixture
async def claimed(database_url: str) -> AsyncIterator[ClaimedMessage]:
    """A call to two recipients, claimed by "one"."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(NUMBER, OTHER), AT)
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        yield ClaimedMessage(outbox, call)


async def test_a_lease_can_be_renewed_until_it_ends(claimed: ClaimedMessage) -> None:
    """A lease can be renewed until it expires, and not from then on."""
    assert await claimed.outbox.settlements.put_in_flight(claimed.call, LEASE, AT)
    assert await claimed.outbox.settlements.renew(claimed.call, LEASE, AT + LEASE - SECOND)
    end = AT + 2 * LEASE - SECOND

    assert await claimed.outbox.leases.reap_expired(end - SECOND) == (0, 0)
    assert not await claimed.outbox.settlements.renew(claimed.call, LEASE, end)
    assert await claimed.outbox.leases.reap_expired(end) == (0, 1)


async def test_another_owner_cannot_send_it(claimed: ClaimedMessage) -> None:
    """The ID of the call is not enough to send it or to renew its lease."""
    other = replace(claimed.call, owner="two")

    assert not await claimed.outbox.settlements.put_in_flight(other, LEASE, AT)
    assert not await claimed.outbox.settlements.renew(other, LEASE, AT)
    assert await claimed.counts() == {State.CLAIMED: 2}


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda state: state.value)
async def test_another_owner_cannot_settle_it(claimed: ClaimedMessage, outcome: State) -> None:
    """A settlement by another owner is ignored."""
    assert await claimed.outbox.settlements.put_in_flight(claimed.call, LEASE, AT)
    other = replace(claimed.call, owner="two")
    await claimed.outbox.settlements.settle(other, Settlement(outcome, AT, gateway_id="other"), AT)

    assert await claimed.counts() == {State.IN_FLIGHT: 2}
    assert await claimed.outbox.messages.find("other") is None


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda state: state.value)
async def test_the_outcome_of_a_call_is_shown(claimed: ClaimedMessage, outcome: State) -> None:
    """Every outcome makes the card of a message in flight out of date."""
    assert await claimed.outbox.settlements.put_in_flight(claimed.call, LEASE, AT)
    in_flight = await claimed.outbox.messages.get(claimed.call.message_id)
    assert in_flight
    await claimed.outbox.cards.record_shown(in_flight.id, in_flight.revision, None)
    assert await claimed.outbox.cards.outdated_cards(10) == ()
    await claimed.outbox.settlements.settle(claimed.call, Settlement(outcome, AT), AT)

    assert await claimed.outbox.cards.outdated_cards(10) == (in_flight.id,)


async def test_an_incomplete_call_is_not_sent(claimed: ClaimedMessage) -> None:
    """If one of its recipients is gone, the others return to the queue."""
    async with claimed.outbox.database.transaction() as connection:
        statement = update(recipient).where(recipient.c.phone == OTHER)
        await connection.execute(statement.values(state=State.CANCELLED.value))

    assert not await claimed.outbox.settlements.put_in_flight(claimed.call, LEASE, AT)
    assert await claimed.counts() == {State.QUEUED: 1, State.CANCELLED: 1}
    assert await claimed.outbox.messages.cooldowns([NUMBER, OTHER], AT) == {}
