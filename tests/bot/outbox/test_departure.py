"""The last moment before a call leaves: it leaves in its turn, and only while it is ours."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.database.tables import attempt
from kwtsms_bot.outbox.departure import Departure, StayedHere
from kwtsms_bot.outbox.message import ClaimedCall, State
from kwtsms_bot.outbox.store import Store
from kwtsms_client.pacing import LATE_SECONDS
from support.database import AT, BY, NUMBER, OTHER, new, store_in
from support.way import way
from support.working import working

LEASE = timedelta(seconds=30)


@dataclass
class Scene:
    """A call that was put in flight at 0 s and whose turn was then; time passes when told to."""

    store: Store
    call: ClaimedCall
    seconds: float = 0.0
    turn_takes: float = 0.0
    turns: list[float] = field(default_factory=list)  # When they came.

    def now(self) -> datetime:
        """Our clock."""
        return AT + timedelta(seconds=self.seconds)

    async def turn(self) -> None:
        """As a pace would."""
        self.seconds += self.turn_takes
        self.turns.append(self.seconds)

    async def leaving(self) -> None:
        """The moment before the first byte."""
        departure = Departure(
            self.store,
            self,
            self.call,
            turn=0.0,
            lease=LEASE,
            clock=self.now,
            monotonic=lambda: self.seconds,
        )
        await departure.leaving()

    async def leased_until(self) -> float:
        """How long nobody takes it over."""
        query = select(attempt.c.lease_until).where(attempt.c.id == self.call.attempt)
        async with self.store.database.reading() as connection:
            until: datetime = (await connection.execute(query)).scalar_one()
        return (until - AT).total_seconds()


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[Scene]:
    """It."""
    async with store_in(database_url) as store:
        await store.accept(new(NUMBER), AT)
        call = await store.claim("one", LEASE, AT)
        assert call
        assert await store.put_in_flight(call, LEASE, AT)
        yield Scene(store, call)


async def test_in_time_it_leaves_and_is_leased_for_a_whole_lease_more(scene: Scene) -> None:
    """Its turn is not past, so it takes no other."""
    scene.seconds = LATE_SECONDS
    await scene.leaving()

    assert scene.turns == []
    assert await scene.leased_until() == LATE_SECONDS + 30


async def test_whose_turn_is_past_takes_another(scene: Scene) -> None:
    """The connection took longer; others have started since."""
    scene.seconds, scene.turn_takes = 2.0, 0.5
    await scene.leaving()

    assert scene.turns == [2.5]


async def test_who_waited_long_for_a_turn_renews_the_lease_once_more(scene: Scene) -> None:
    """At the first byte a third of the lease is past at most."""
    scene.seconds, scene.turn_takes = 2.0, 12.0
    await scene.leaving()

    assert scene.turns == [14.0]
    assert await scene.leased_until() == 14 + 30


async def test_what_was_taken_over_stays_here(scene: Scene) -> None:
    """Whatever our own clock says: it is unknown, and somebody may have sent it again."""
    await scene.store.reap(AT + LEASE)
    with pytest.raises(StayedHere):
        await scene.leaving()

    assert scene.turns == []


async def test_whose_lease_is_over_stays_here(scene: Scene) -> None:
    """Although nobody has taken it over yet: that may happen at any moment."""
    scene.seconds = 30.0
    with pytest.raises(StayedHere):
        await scene.leaving()


async def test_a_turn_that_outlasted_the_lease_is_not_used(scene: Scene) -> None:
    """It was ours when we began to wait."""
    scene.seconds, scene.turn_takes = 2.0, 31.0
    with pytest.raises(StayedHere):
        await scene.leaving()


async def test_where_the_database_does_not_answer_nothing_leaves(scene: Scene) -> None:
    """Nobody knows whose the call is."""

    class Away(Store):
        async def renew(self, *_: object) -> bool:
            raise DatabaseTrouble("away")

    scene.store = Away(scene.store.database)
    with pytest.raises(StayedHere):
        await scene.leaving()


class Turns:
    """Lets everybody start at once, and counts them."""

    def __init__(self) -> None:
        self.taken = 0

    async def turn(self) -> None:
        """One more."""
        self.taken += 1


async def test_a_message_whose_handshake_hung_takes_another_turn(tmp_path: Path) -> None:
    """Those that hung together do not leave together."""
    turns = Turns()
    async with way(tmp_path) as wire:
        async with working(tmp_path, turns=turns, base_url=wire.url, tls=wire.tls) as bench:
            wire.hold(2 * LATE_SECONDS)
            await bench.reached(await bench.send(), State.SENT)

        assert turns.taken == 2
        assert len(wire.gateway.ledger) == 1


async def test_what_is_taken_over_during_its_handshake_is_not_sent(tmp_path: Path) -> None:
    """The bot stood still there past its lease; it is unknown, and a person decides."""
    async with way(tmp_path) as wire:
        async with working(tmp_path, base_url=wire.url, tls=wire.tls) as bench:
            wire.hold(2 * LATE_SECONDS)
            message = await bench.send()
            await bench.until(message, lambda found: State.IN_FLIGHT in found.counts)
            assert await bench.store.reap(bench.now() + LEASE) == (0, 1)
            assert await bench.store.send_again(message.ref, bench.now() + LEASE, BY)
            await bench.reached(await bench.send(OTHER), State.SENT)
            found = await bench.store.get(message.id)

        assert found
        assert [entry.numbers for entry in wire.gateway.ledger] == [(OTHER,)]
        assert found.counts == {State.QUEUED: 1}
