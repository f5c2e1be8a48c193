"""The worker in trouble: dead replicas, a database that is away, answers that are lost."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from kwtsms_bot.database import Database, DatabaseError
from kwtsms_bot.outbox.dispatch import lease_reaper, worker
from kwtsms_bot.outbox.dispatch.retry import Settlement
from kwtsms_bot.outbox.message import ClaimedCall, Priority, State
from kwtsms_bot.outbox.store import Store
from kwtsms_sandbox.gateway import Fault
from support.database import NUMBER, OTHER, new_message, store_in
from support.relay import Break, Relay, relayed
from support.worker_bench import LEASE, Bench, running_worker


async def test_during_a_bulk_a_dead_replicas_alerts_are_reclaimed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a sweep of the end of its lease, however much there is to send."""
    monkeypatch.setattr(lease_reaper, "REAP_SECONDS", 0.1)
    short = timedelta(seconds=0.5)
    async with running_worker(database_url) as bench, store_in(database_url) as dead:
        bench.gateway.configure(requests_per_second=None, latency=0.2)
        numbers = (f"965{90000000 + n}" for n in range(10_000))
        bulk = await bench.send(*numbers, text="bulk", priority=Priority.BULK)
        await bench.wait_until(bulk, lambda found: State.IN_FLIGHT in found.counts)
        alert = (
            await dead.accept(new_message(OTHER, priority=Priority.URGENT), bench.now())
        ).message
        await claimed_for(dead, bench, short)
        reclaimed = await bench.wait_until(alert, lambda found: State.CLAIMED not in found.counts)
        meanwhile = await bench.store.get(bulk.id)

        assert reclaimed
        assert meanwhile
        assert State.QUEUED in meanwhile.counts


async def claimed_for(dead: Store, bench: Bench, lease: timedelta) -> ClaimedCall:
    """What is urgent, claimed by somebody who dies with it."""
    call = await dead.claim("dead", lease, bench.now())
    assert call
    return call


async def test_a_slow_answer_keeps_no_other_message_waiting(tmp_path: Path) -> None:
    """The first has no answer yet, and the second is sent."""
    async with running_worker(tmp_path, timeout=5.0) as bench:
        bench.gateway.fault(Fault.SLOW, endpoint="send", seconds=1.0)
        slow = await bench.send(NUMBER)
        await bench.wait_until(slow, lambda found: State.IN_FLIGHT in found.counts)
        await bench.wait_for_state(await bench.send(OTHER), State.SENT)
        meanwhile = await bench.store.get(slow.id)

        assert meanwhile
        assert meanwhile.counts == {State.IN_FLIGHT: 1}


async def test_a_call_that_is_waited_for_keeps_its_lease(tmp_path: Path) -> None:
    """The answer takes longer than the lease, and nobody takes the call over meanwhile."""
    lease = timedelta(seconds=1.5)
    async with (
        running_worker(tmp_path, lease=lease, timeout=5.0) as bench,
        store_in(tmp_path) as other,
    ):
        bench.gateway.fault(Fault.SLOW, endpoint="send", seconds=2.0)
        sent = asyncio.create_task(bench.wait_for_state(await bench.send(), State.SENT))
        reclaimed = set()
        while not sent.done():
            reclaimed.add(await other.reap_expired(bench.now()))
            await asyncio.wait({sent}, timeout=0.1)
        await sent

        assert reclaimed == {(0, 0)}


class BlockedLimiter:
    """Nobody starts before they are let go."""

    def __init__(self) -> None:
        self.asked, self.open = asyncio.Event(), asyncio.Event()

    async def acquire(self) -> None:
        """Waits."""
        self.asked.set()
        await self.open.wait()


async def test_what_is_urgent_when_the_slot_comes_is_sent_in_it(tmp_path: Path) -> None:
    """What goes next is decided then, not while the turn is waited for."""
    limiter = BlockedLimiter()
    async with running_worker(tmp_path, limiter=limiter) as bench:
        bulk = await bench.send(NUMBER, text="bulk", priority=Priority.BULK)
        await limiter.asked.wait()
        alert = await bench.send(OTHER, text="alert", priority=Priority.URGENT)
        limiter.open.set()
        await bench.wait_for_state(bulk, State.SENT)
        await bench.wait_for_state(alert, State.SENT)

        assert [entry.text for entry in bench.gateway.ledger] == ["alert", "bulk"]


class UnavailableStore(Store):
    """A store whose database is away when an outcome is to be written."""

    unavailable = True

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.tried = asyncio.Event()

    async def settle(self, call: ClaimedCall, settlement: Settlement, now: object) -> None:
        """Not while it is away."""
        self.tried.set()
        if self.unavailable:
            raise DatabaseError("away")
        await super().settle(call, settlement, now)  # type: ignore[arg-type]  # It is a time.


async def test_an_answer_is_written_down_however_long_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than any lease, and although others have declared it unknown: it was sent."""
    monkeypatch.setattr(worker, "RETRY_SECONDS", 0.01)
    async with running_worker(tmp_path, store=UnavailableStore) as bench:
        assert isinstance(bench.store, UnavailableStore)
        message = await bench.send()
        async with asyncio.timeout(10):
            await bench.store.tried.wait()
            bench.advance(10 * LEASE.total_seconds())
            await bench.store.reap_expired(bench.now())
            bench.store.tried.clear()
            await bench.store.tried.wait()
        unknown = await bench.store.get(message.id)
        bench.store.unavailable = False
        sent = await bench.wait_for_state(message, State.SENT)

        assert unknown
        assert unknown.counts == {State.UNKNOWN: 1}
        assert sent.gateway_ids == (bench.gateway.ledger[0].message_id,)


async def test_a_stop_does_not_wait_for_a_database_that_stays_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be written by then is in flight, and becomes unknown."""
    monkeypatch.setattr(worker, "FINISH_SECONDS", 0.1)
    async with asyncio.timeout(10):
        async with running_worker(tmp_path, store=UnavailableStore) as bench:
            assert isinstance(bench.store, UnavailableStore)
            message = await bench.send()
            await bench.store.tried.wait()
    async with store_in(tmp_path) as store:
        left = await store.get(message.id)

    assert left
    assert left.counts == {State.IN_FLIGHT: 1}


class DisconnectingStore(Store):
    """A store whose wire breaks at a commit, once."""

    relay: Relay
    when: Break | None = None
    at = ""

    def disconnect_at(self, step: str) -> None:
        """The wire breaks now, if this is the step."""
        if step == self.at and self.when:
            self.relay.break_at_commit(self.when)
            DisconnectingStore.at = ""

    async def claim(self, *args: object) -> ClaimedCall | None:
        """As the store does."""
        self.disconnect_at("claim")
        return await super().claim(*args)  # type: ignore[arg-type]  # As they came.

    async def put_in_flight(self, *args: object) -> bool:
        """As the store does."""
        self.disconnect_at("in flight")
        return await super().put_in_flight(*args)  # type: ignore[arg-type]  # As they came.


@pytest.mark.parametrize("when", [Break.BEFORE, Break.AFTER])
@pytest.mark.parametrize("step", ["claim", "in flight"])
async def test_where_the_answer_to_a_commit_is_lost_it_is_sent_at_once(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, step: str, when: Break
) -> None:
    """Nothing had left, and we know that: no lease is waited for, and nothing is unknown."""
    monkeypatch.setattr(worker, "RETRY_SECONDS", 0.01)
    async with (
        relayed(postgres_url) as (relay, url),
        running_worker(url, store=DisconnectingStore) as bench,
    ):
        DisconnectingStore.relay, DisconnectingStore.at, DisconnectingStore.when = relay, step, when
        message = await bench.send()
        await bench.wait_for_state(message, State.SENT)

        assert DisconnectingStore.at == ""
        assert sum(request.endpoint == "send" for request in bench.gateway.requests) == 1
