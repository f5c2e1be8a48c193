"""The worker with dead replicas, a database that is away, and lost answers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kwtsms_bot.database import Database, DatabaseError
from kwtsms_bot.outbox.dispatch import lease_reaper, worker
from kwtsms_bot.outbox.message import ClaimedCall, Priority
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from kwtsms_sandbox.gateway import Fault
from support.database import (
    NUMBER,
    OTHER,
    CallerClockClaims,
    CallerClockSettlements,
    caller_clock_outbox,
    new_message,
    outbox_in,
)
from support.relay import Break, Relay, relayed
from support.worker_bench import LEASE, Bench, running_worker


async def test_during_a_bulk_a_dead_replicas_alerts_are_reclaimed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An expired lease is reaped within an interval, however much there is to send."""
    monkeypatch.setattr(lease_reaper, "REAP_SECONDS", 0.1)
    short = timedelta(seconds=0.5)
    async with running_worker(database_url) as bench, outbox_in(database_url) as dead:
        bench.gateway.configure(requests_per_second=None, latency=0.2)
        numbers = (f"965{90000000 + n}" for n in range(10_000))
        bulk = await bench.send(*numbers, text="bulk", priority=Priority.BULK)
        await bench.wait_until(bulk, lambda found: State.IN_FLIGHT in found.counts)
        alert = (
            await dead.intake.accept(new_message(OTHER, priority=Priority.URGENT), bench.now())
        ).message
        await claimed_for(dead, bench, short)
        reclaimed = await bench.wait_until(alert, lambda found: State.CLAIMED not in found.counts)
        meanwhile = await bench.outbox.messages.get(bulk.id)

        assert reclaimed
        assert meanwhile
        assert State.QUEUED in meanwhile.counts


async def claimed_for(dead: Outbox, bench: Bench, lease: timedelta) -> ClaimedCall:
    """Claims the most urgent call, for a process that dies with it."""
    call = await dead.claims.claim("dead", lease, bench.now())
    assert call
    return call


async def test_a_slow_answer_keeps_no_other_message_waiting(tmp_path: Path) -> None:
    """A second message is sent while the first has no answer yet."""
    async with running_worker(tmp_path, timeout=5.0) as bench:
        bench.gateway.fault(Fault.SLOW, endpoint="send", seconds=1.0)
        slow = await bench.send(NUMBER)
        await bench.wait_until(slow, lambda found: State.IN_FLIGHT in found.counts)
        await bench.wait_for_state(await bench.send(OTHER), State.SENT)
        meanwhile = await bench.outbox.messages.get(slow.id)

        assert meanwhile
        assert meanwhile.counts == {State.IN_FLIGHT: 1}


async def test_a_call_that_is_waited_for_keeps_its_lease(tmp_path: Path) -> None:
    """A call whose answer takes longer than the lease is not reclaimed."""
    lease = timedelta(seconds=1.5)
    async with (
        running_worker(tmp_path, lease=lease, timeout=5.0) as bench,
        outbox_in(tmp_path) as other,
    ):
        bench.gateway.fault(Fault.SLOW, endpoint="send", seconds=2.0)
        sent = asyncio.create_task(bench.wait_for_state(await bench.send(), State.SENT))
        reclaimed = set()
        while not sent.done():
            reclaimed.add(await other.leases.reap_expired(bench.now()))
            await asyncio.wait({sent}, timeout=0.1)
        await sent

        assert reclaimed == {(0, 0)}


class BlockedLimiter:
    """A rate limiter that blocks until it is opened."""

    def __init__(self) -> None:
        self.asked, self.open = asyncio.Event(), asyncio.Event()

    async def acquire(self) -> None:
        """Waits until the limiter is opened."""
        self.asked.set()
        await self.open.wait()


async def test_what_is_urgent_when_the_slot_comes_is_sent_in_it(tmp_path: Path) -> None:
    """The call is chosen when the slot comes, not while it is waited for."""
    limiter = BlockedLimiter()
    async with running_worker(tmp_path, limiter=limiter) as bench:
        bulk = await bench.send(NUMBER, text="bulk", priority=Priority.BULK)
        await limiter.asked.wait()
        alert = await bench.send(OTHER, text="alert", priority=Priority.URGENT)
        limiter.open.set()
        await bench.wait_for_state(bulk, State.SENT)
        await bench.wait_for_state(alert, State.SENT)

        assert [entry.text for entry in bench.gateway.ledger] == ["alert", "bulk"]


class UnavailableSettlements(CallerClockSettlements):
    """Settlements whose database is away when an outcome is to be written."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.unavailable, self.tried = True, asyncio.Event()
        self.has_answer = False

    async def settle(self, call: ClaimedCall, settlement: Settlement, now: datetime) -> None:
        """Fails while the database is away."""
        self.has_answer = True
        self.tried.set()
        if self.unavailable:
            raise DatabaseError("away")
        await super().settle(call, settlement, now)

    async def renew(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """Fails while the database is away."""
        if self.has_answer and self.unavailable:
            raise DatabaseError("away")
        return await super().renew(call, lease, now)


def without_settlements(database: Database) -> Outbox:
    """An outbox in which no outcome can be written."""
    return replace(caller_clock_outbox(database), settlements=UnavailableSettlements(database))


def unavailable(bench: Bench) -> UnavailableSettlements:
    """The settlements of such an outbox."""
    assert isinstance(bench.outbox.settlements, UnavailableSettlements)
    return bench.outbox.settlements


async def test_an_answer_is_written_down_however_long_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer is stored even after its call was reclaimed as unknown."""
    monkeypatch.setattr(worker, "RETRY_SECONDS", 0.01)
    async with running_worker(tmp_path, open_outbox=without_settlements) as bench:
        settlements = unavailable(bench)
        message = await bench.send()
        async with asyncio.timeout(10):
            await settlements.tried.wait()
            bench.advance(10 * LEASE.total_seconds())
            await bench.outbox.leases.reap_expired(bench.now())
            settlements.tried.clear()
            await settlements.tried.wait()
        unknown = await bench.outbox.messages.get(message.id)
        settlements.unavailable = False
        sent = await bench.wait_for_state(message, State.SENT)

        assert unknown
        assert unknown.counts == {State.UNKNOWN: 1}
        assert sent.gateway_ids == (bench.gateway.ledger[0].message_id,)


async def test_a_stop_does_not_wait_for_a_database_that_stays_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call whose outcome could not be stored by then stays in flight."""
    monkeypatch.setattr(worker, "FINISH_SECONDS", 0.1)
    async with asyncio.timeout(10):
        async with running_worker(tmp_path, open_outbox=without_settlements) as bench:
            settlements = unavailable(bench)
            message = await bench.send()
            await settlements.tried.wait()
    async with outbox_in(tmp_path) as outbox:
        left = await outbox.messages.get(message.id)

    assert left
    assert left.counts == {State.IN_FLIGHT: 1}


@dataclass
class Disconnection:
    """A connection that breaks once, at a commit of this step."""

    relay: Relay
    step: str
    when: Break

    def reach(self, step: str) -> None:
        """Breaks the connection if this is the step."""
        if step == self.step:
            self.relay.break_at_commit(self.when)
            self.step = ""


class DisconnectingClaims(CallerClockClaims):
    """Claims over a connection that may break at the commit."""

    disconnection: Disconnection

    async def claim(self, owner: str, lease: timedelta, now: datetime) -> ClaimedCall | None:
        """Claims a call."""
        self.disconnection.reach("claim")
        return await super().claim(owner, lease, now)


class DisconnectingSettlements(CallerClockSettlements):
    """Settlements over a connection that may break at the commit."""

    disconnection: Disconnection

    async def put_in_flight(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """Puts a call in flight."""
        self.disconnection.reach("in flight")
        return await super().put_in_flight(call, lease, now)


def disconnecting(disconnection: Disconnection) -> Callable[[Database], Outbox]:
    """Opens an outbox over a connection that breaks."""

    def open_outbox(database: Database) -> Outbox:
        claims, settlements = DisconnectingClaims(database), DisconnectingSettlements(database)
        claims.disconnection = settlements.disconnection = disconnection
        return replace(caller_clock_outbox(database), claims=claims, settlements=settlements)

    return open_outbox


@pytest.mark.parametrize("when", [Break.BEFORE, Break.AFTER])
@pytest.mark.parametrize("step", ["claim", "in flight"])
async def test_where_the_answer_to_a_commit_is_lost_it_is_sent_at_once(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, step: str, when: Break
) -> None:
    """After a lost commit, a call of which nothing had left is retried before its lease ends."""
    monkeypatch.setattr(worker, "RETRY_SECONDS", 0.01)
    async with relayed(postgres_url) as (relay, url):
        disconnection = Disconnection(relay, step, when)
        async with running_worker(url, open_outbox=disconnecting(disconnection)) as bench:
            message = await bench.send()
            await bench.wait_for_state(message, State.SENT)

        assert disconnection.step == ""
        assert sum(request.endpoint == "send" for request in bench.gateway.requests) == 1
