"""Send guard: a call leaves in its slot, and only while its lease is ours."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from kwtsms_bot.database import DatabaseError
from kwtsms_bot.database.tables import attempt
from kwtsms_bot.outbox.dispatch.send_guard import SendAborted, SendGuard
from kwtsms_bot.outbox.dispatch.settlement_store import SettlementStore
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from kwtsms_client.rate_limiter import MAX_START_AGE_SECONDS
from support.database import ACTOR, AT, NUMBER, OTHER, new_message, outbox_in
from support.stalling_proxy import stalling_proxy
from support.worker_bench import running_worker

LEASE = timedelta(seconds=30)


@dataclass
class InFlightCall:
    """A call in flight since 0 s, when its slot was; the test moves the clock."""

    outbox: Outbox
    call: ClaimedCall
    seconds: float = 0.0
    acquire_seconds: float = 0.0
    acquired_at: list[float] = field(default_factory=list)  # When each slot came.

    def now(self) -> datetime:
        """The test's clock."""
        return AT + timedelta(seconds=self.seconds)

    async def acquire(self) -> None:
        """Acquires a slot, like a rate limiter."""
        self.seconds += self.acquire_seconds
        self.acquired_at.append(self.seconds)

    async def pass_send_guard(self) -> None:
        """Runs the check before the first byte."""
        guard = SendGuard(
            self.outbox.settlements,
            self,
            self.call,
            acquired_at=0.0,
            lease=LEASE,
            clock=self.now,
            monotonic=lambda: self.seconds,
        )
        await guard.check()

    async def leased_until(self) -> float:
        """The time until which the call is leased."""
        query = select(attempt.c.lease_until).where(attempt.c.id == self.call.attempt)
        async with self.outbox.database.reading() as connection:
            until: datetime = (await connection.execute(query)).scalar_one()
        return (until - AT).total_seconds()


@pytest.fixture
async def in_flight(database_url: str) -> AsyncIterator[InFlightCall]:
    """A call in flight since 0 s."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(NUMBER), AT)
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        assert await outbox.settlements.put_in_flight(call, LEASE, AT)
        yield InFlightCall(outbox, call)


async def test_in_time_it_is_sent_and_leased_for_another_full_lease(
    in_flight: InFlightCall,
) -> None:
    """A call whose slot has not passed uses it, and its lease is renewed."""
    in_flight.seconds = MAX_START_AGE_SECONDS
    await in_flight.pass_send_guard()

    assert in_flight.acquired_at == []
    assert await in_flight.leased_until() == MAX_START_AGE_SECONDS + 30


async def test_an_expired_slot_is_acquired_again(in_flight: InFlightCall) -> None:
    """A call whose connection took too long acquires another slot."""
    in_flight.seconds, in_flight.acquire_seconds = 2.0, 0.5
    await in_flight.pass_send_guard()

    assert in_flight.acquired_at == [2.5]


async def test_a_long_wait_for_a_slot_renews_the_lease_once_more(in_flight: InFlightCall) -> None:
    """At the first byte, at most a third of the lease has passed."""
    in_flight.seconds, in_flight.acquire_seconds = 2.0, 12.0
    await in_flight.pass_send_guard()

    assert in_flight.acquired_at == [14.0]
    assert await in_flight.leased_until() == 14 + 30


async def test_a_reclaimed_call_is_not_sent(in_flight: InFlightCall) -> None:
    """A reclaimed call is unknown and may be sent again, whatever our own clock says."""
    await in_flight.outbox.leases.reap_expired(AT + LEASE)
    with pytest.raises(SendAborted):
        await in_flight.pass_send_guard()

    assert in_flight.acquired_at == []


async def test_a_call_with_an_expired_lease_is_not_sent(in_flight: InFlightCall) -> None:
    """A call with an expired lease does not leave, even if it is not reclaimed yet."""
    in_flight.seconds = 30.0
    with pytest.raises(SendAborted):
        await in_flight.pass_send_guard()


async def test_a_slot_that_outlasted_the_lease_is_not_used(in_flight: InFlightCall) -> None:
    """A call whose lease expired while it waited for a slot does not leave."""
    in_flight.seconds, in_flight.acquire_seconds = 2.0, 31.0
    with pytest.raises(SendAborted):
        await in_flight.pass_send_guard()


async def test_without_the_database_nothing_is_sent(in_flight: InFlightCall) -> None:
    """While the database is away, no call leaves: its owner is not known."""

    class UnavailableSettlements(SettlementStore):
        async def renew(self, *_: object) -> bool:
            raise DatabaseError("away")

    settlements = UnavailableSettlements(in_flight.outbox.database)
    in_flight.outbox = replace(in_flight.outbox, settlements=settlements)
    with pytest.raises(SendAborted):
        await in_flight.pass_send_guard()


class CountingLimiter:
    """A rate limiter that lets requests start at once, and counts them."""

    def __init__(self) -> None:
        self.acquired = 0

    async def acquire(self) -> None:
        """Counts the request."""
        self.acquired += 1


async def test_a_message_whose_handshake_hung_acquires_another_slot(tmp_path: Path) -> None:
    """Calls whose handshakes hung together do not leave together."""
    limiter = CountingLimiter()
    async with stalling_proxy(tmp_path) as wire:
        async with running_worker(
            tmp_path, limiter=limiter, base_url=wire.url, tls=wire.tls
        ) as bench:
            wire.stall(2 * MAX_START_AGE_SECONDS)
            await bench.wait_for_state(await bench.send(), State.SENT)

        assert limiter.acquired == 2
        assert len(wire.gateway.ledger) == 1


async def test_a_call_reclaimed_during_its_handshake_is_not_sent(tmp_path: Path) -> None:
    """A call that stalled in its handshake past its lease does not leave."""
    async with stalling_proxy(tmp_path) as wire:
        async with running_worker(tmp_path, base_url=wire.url, tls=wire.tls) as bench:
            wire.stall(2 * MAX_START_AGE_SECONDS)
            message = await bench.send()
            await bench.wait_until(message, lambda found: State.IN_FLIGHT in found.counts)
            assert await bench.outbox.leases.reap_expired(bench.now() + LEASE) == (0, 1)
            assert await bench.outbox.decisions.send_again(message.ref, bench.now() + LEASE, ACTOR)
            await bench.wait_for_state(await bench.send(OTHER), State.SENT)
            found = await bench.outbox.messages.get(message.id)

        assert found
        assert [entry.numbers for entry in wire.gateway.ledger] == [(OTHER,)]
        assert found.counts == {State.QUEUED: 1}
