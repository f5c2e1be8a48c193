"""Bulk sends: parallel requests, rate limit, deadlines, and errors that stop the rest."""

import asyncio
import signal
import threading
import time
from itertools import pairwise
from typing import Any

import pytest

from kwtsms_client import (
    AsyncClient,
    Client,
    Credentials,
    NotSent,
    Outcome,
    UnknownOutcome,
    protocol,
)
from kwtsms_client.flow import Gather, Plan, Sleep
from kwtsms_client.rate_limiter import Pacer
from kwtsms_sandbox.gateway import Fault, Gateway, RunningGateway
from support.clients import Kind, both, make_client, opened
from support.gateway import KUWAIT, running_gateway

NOWHERE = "http://127.0.0.1:1/API/"


def many(count: int) -> list[str]:
    """Returns that many phone numbers."""
    return [f"965{90000000 + n}" for n in range(count)]


async def until_requested(gateway: Gateway, count: int) -> None:
    """Waits until the gateway has seen that many requests."""
    async with asyncio.timeout(20):
        while len(gateway.requests) < count:  # noqa: ASYNC110 - Polled from outside.
            await asyncio.sleep(0.01)


def unpaced(running: RunningGateway, **behaviour: Any) -> Gateway:
    """Returns the gateway with its rate limit switched off."""
    running.gateway.configure(requests_per_second=None, **behaviour)
    return running.gateway


@both
async def test_a_slow_answer_keeps_no_other_batch_waiting(kind: Kind) -> None:
    """Four batches of more than a second each overlap, and none starts too early."""
    async with running_gateway() as running, opened(kind, running, pacer=None) as sms:
        running.gateway.configure(latency=1.2)
        begun = time.monotonic()
        result = await sms.send(many(800), "hello")
        elapsed = time.monotonic() - begun
        starts = [request.at for request in running.gateway.requests]

    assert result.accepted == tuple(many(800))
    assert min(later - earlier for earlier, later in pairwise(starts)) > 0.3
    assert elapsed < 4 * 1.2  # One after the other they would take longer.


@both
async def test_results_stand_in_the_order_of_the_numbers(kind: Kind) -> None:
    """The order of the answers does not matter."""
    async with running_gateway() as running, opened(kind, running, pacer=Pacer(0.1)) as sms:
        running.gateway.fault(Fault.SLOW, endpoint="send", seconds=0.6)
        result = await sms.send(many(450), "hello")

    assert [one.recipient for one in result.recipients] == many(450)
    assert result.balance_after == 550
    assert len(result.receipts) == 3


@both
async def test_a_deadline_ends_what_has_not_begun(kind: Kind) -> None:
    """With three batches and time for two, the third is not sent and the call ends."""
    async with running_gateway() as running, opened(kind, running, pacer=Pacer(1.0)) as sms:
        result = await sms.send(many(450), "hello", deadline=1.8)
        requests = len(running.gateway.requests)

    assert [len(result.accepted), len(result.not_sent)] == [400, 50]
    assert requests == 2
    assert "deadline" in str(result.recipients[-1].reason)


@both
async def test_what_has_no_answer_at_the_deadline_is_unknown(kind: Kind) -> None:
    """The request has left, so it is not reported as not sent."""
    async with running_gateway() as running, opened(kind, running) as sms:
        running.gateway.configure(latency=5.0)
        result = await sms.send(KUWAIT, "hello", deadline=1.5)

    assert [one.outcome for one in result.recipients] == [Outcome.UNKNOWN]


@both
async def test_a_moment_before_the_deadline_nothing_begins(kind: Kind) -> None:
    """Without time for an answer the result is not sent, rather than needlessly unknown."""
    async with running_gateway() as running, opened(kind, running) as sms:
        result = await sms.send(KUWAIT, "hello", deadline=0.02)

        assert result.not_sent == (KUWAIT,)
        assert running.gateway.requests == []


@both
async def test_a_full_queue_at_the_deadline_stays_refused(kind: Kind) -> None:
    """ERR013 is retried after 30 s; without time for that the refusal is returned."""
    async with running_gateway() as running, opened(kind, running) as sms:
        running.gateway.fault("ERR013", endpoint="send", http_status=406)
        result = await sms.send(KUWAIT, "hello", deadline=5)

    assert [(one.outcome, one.code) for one in result.recipients] == [(Outcome.REJECTED, "ERR013")]


@both
async def test_a_fatal_code_in_batch_two_of_five(kind: Kind) -> None:
    """The first is accepted, the second refused, the others not tried: two requests."""
    async with running_gateway() as running, opened(kind, running, pacer=Pacer(0.3)) as sms:
        running.gateway.fault(Fault.SLOW, endpoint="send", seconds=0)
        running.gateway.fault("ERR003", endpoint="send")
        result = await sms.send(many(1000), "hello")
        requests, charged = len(running.gateway.requests), 1000 - int(running.gateway.balance())

    assert [len(result.accepted), len(result.rejected), len(result.not_sent)] == [200, 200, 600]
    assert (requests, charged) == (2, 200)
    assert result.recipients[-1].code == "ERR003"


@both
async def test_a_paused_bulk_keeps_nobody_waiting(kind: Kind) -> None:
    """Eight batches wait to retry ERR013; an urgent message goes out at once."""
    async with running_gateway() as running, opened(kind, running) as sms:
        gateway = unpaced(running)
        for _ in range(8):
            gateway.fault("ERR013", endpoint="send")
        bulk = asyncio.create_task(sms.send(many(1600), "hello"))
        await until_requested(gateway, 8)
        urgent = await sms.send(KUWAIT, "your code is 123", deadline=1)
        await sms.aclose()
        result = await bulk

    assert urgent.ok
    assert {one.code for one in result.recipients} == {"ERR013"}  # A known refusal stays a refusal.


@both
async def test_no_more_than_eight_are_in_flight(kind: Kind) -> None:
    """A request beyond the eighth waits for a slot until its deadline, and no longer."""
    async with running_gateway() as running, opened(kind, running, timeout=60) as sms:
        gateway = unpaced(running, latency=20)
        bulk = asyncio.create_task(sms.send(many(1800), "hello"))
        await until_requested(gateway, 8)
        begun = time.monotonic()
        urgent = await sms.send(KUWAIT, "your code is 123", deadline=0.6)
        elapsed = time.monotonic() - begun
        await sms.aclose(0)
        await running.stop()
        result = await bulk

    assert urgent.not_sent == (KUWAIT,)
    assert elapsed < 10  # The gateway would answer after 20 s; the client's timeout is 60 s.
    assert len(gateway.requests) == 8
    assert (len(result.unknown), len(result.not_sent)) == (1600, 200)


@both
async def test_a_bulk_lets_other_requests_through(kind: Kind) -> None:
    """Only one batch of a bulk waits for the rate limiter at a time, so others are next."""
    async with running_gateway() as running, opened(kind, running, pacer=Pacer(0.3)) as sms:
        bulk = asyncio.create_task(sms.send(many(1000), "hello"))
        await until_requested(running.gateway, 1)
        urgent = await sms.send(KUWAIT, "your code is 123", deadline=1.2)
        await bulk

    assert urgent.ok


@both
async def test_closing_ends_every_wait(kind: Kind) -> None:
    """Waiting requests are not sent; requests in flight complete and keep their results."""
    async with running_gateway() as running, opened(kind, running, pacer=Pacer(10.0)) as sms:
        running.gateway.configure(latency=0.5)
        work = asyncio.create_task(sms.send(many(2000), "hi"))
        await until_requested(running.gateway, 1)
        await sms.aclose()
        result = await work

        assert len(running.gateway.requests) == 1
        assert [len(result.accepted), len(result.not_sent)] == [200, 1800]


@both
async def test_a_closed_client_sends_nothing(kind: Kind) -> None:
    """Every call returns or raises an error that says so; closing again is harmless."""
    async with running_gateway() as running, opened(kind, running) as sms:
        await sms.balance()
        await sms.aclose()
        await sms.aclose()
        verified = await sms.verify()
        result = await sms.send(KUWAIT, "hi")
        with pytest.raises(NotSent, match="closed"):
            await sms.exchange(protocol.balance())
        requests = len(running.gateway.requests)

    assert not verified
    assert "closed" in str(verified.error)
    assert result.not_sent == (KUWAIT,)
    assert requests == 1


@both
async def test_closing_waits_no_longer_than_its_timeout(kind: Kind) -> None:
    """Requests still in flight after the timeout are cut off, and their outcome is unknown."""
    async with running_gateway() as running, opened(kind, running, timeout=2.5) as sms:
        running.gateway.fault(Fault.HANG, endpoint="send")
        work = asyncio.create_task(sms.send(KUWAIT, "hi"))
        await until_requested(running.gateway, 1)
        begun = time.monotonic()
        await sms.aclose(0.1)
        elapsed = time.monotonic() - begun
        result = await work

    assert elapsed < 1.5
    assert result.unknown == (KUWAIT,)


def pauses() -> Plan[None]:
    """A plan that waits for a minute."""
    yield Sleep(60)


def asks() -> Plan[Any]:
    """A plan that makes a request."""
    return (yield protocol.balance())


def breaks(error: BaseException) -> Plan[None]:
    """A plan that fails with a foreign error."""
    raise error
    yield


@both
async def test_a_foreign_error_stops_the_rest_and_loses_nothing(kind: Kind) -> None:
    """Answers are kept, nothing more starts, and the foreign error is an unknown outcome."""
    async with running_gateway() as running, opened(kind, running) as sms:
        plans = (asks(), breaks(OSError("disk full")), pauses(), asks())
        found = await sms.carry(side_by_side(plans))

    assert found[0].available == 1000
    assert isinstance(found[1], UnknownOutcome)
    assert isinstance(found[1].__cause__, OSError)
    assert found[2:] == [None, None] or isinstance(found[2], NotSent)
    assert len(running.gateway.requests) == 1


def side_by_side(plans: tuple[Plan[Any], ...]) -> Plan[list[Any]]:
    """A plan that runs all of them in parallel; an error of one does not stop the others."""
    answers: list[Any] = yield Gather(plans, lambda _: False)
    return answers


def interrupts() -> Plan[None]:
    """A plan that presses Ctrl-C after 0.2 s, when all others are waiting."""
    yield Sleep(0.2)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_ctrl_c_ends_every_wait() -> None:
    """Ctrl-C interrupts pauses and waits for the rate limiter."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    begun = time.monotonic()
    try:
        with Client(Credentials("user", "secret"), base_url=NOWHERE) as sms:
            plans = (interrupts(), *(pauses() for _ in range(6)), *(asks() for _ in range(60)))
            with pytest.raises(KeyboardInterrupt):
                sms.carry(side_by_side(plans))
    finally:
        signal.signal(signal.SIGINT, before)

    assert time.monotonic() - begun < 5


async def test_an_interrupted_plan_lets_nothing_more_begin() -> None:
    """Requests in flight complete, and the interruption is raised instead of being a result."""
    async with running_gateway() as running, opened(Client, running, pacer=Pacer(0.1)) as sms:
        plans = (pauses(), asks(), breaks(KeyboardInterrupt()), *(asks() for _ in range(20)))
        with pytest.raises(KeyboardInterrupt):
            await sms.carry(side_by_side(plans))

        assert len(running.gateway.requests) <= 1


async def test_a_cancelled_bulk_lets_nothing_more_begin() -> None:
    """Cancelling a task has the effect that Ctrl-C has on threads."""
    async with running_gateway() as running, opened(AsyncClient, running, pacer=None) as sms:
        work = asyncio.create_task(sms.send(many(2000), "hi"))
        await until_requested(running.gateway, 1)
        work.cancel()
        await asyncio.wait({work})
        answer = await sms.balance()  # Slots are free again.

        assert work.cancelled()
        assert answer.available == 800
        assert len(running.gateway.requests) == 2


@both
async def test_an_abandoned_plan_is_closed(kind: Kind) -> None:
    """The plan's resources are released at once, even while the error is still referenced."""
    ended: list[str] = []

    def plan_with_cleanup() -> Plan[Any]:
        try:
            yield protocol.balance()
        finally:
            ended.append("let go")

    def breaks(*_: Any, **__: Any) -> None:
        raise LookupError("a fault of its own")

    sms = make_client(type("Broken", (kind,), {"exchange": breaks}), NOWHERE)
    with pytest.raises(LookupError) as caught:
        await sms.carry(plan_with_cleanup())
    await sms.aclose()

    assert caught.value
    assert ended == ["let go"]


@both
async def test_no_plans_have_no_answers(kind: Kind) -> None:
    """An empty gather starts no thread and no task."""
    sms = make_client(kind, NOWHERE)

    assert await sms.carry(side_by_side(())) == []
    await sms.aclose()


@both
async def test_clients_may_share_a_pacer(kind: Kind) -> None:
    """Two clients with one rate limiter keep the interval together."""
    pacer = Pacer(0.3)
    async with (
        running_gateway() as running,
        opened(kind, running, pacer=pacer) as one,
        opened(kind, running, pacer=pacer) as other,
    ):
        await asyncio.gather(*(sms.balance() for sms in (one, other, one, other)))
        starts = [request.at for request in running.gateway.requests]

    assert min(later - earlier for earlier, later in pairwise(starts)) > 0.15


class BlockingRateLimiter:
    """A custom rate limiter that blocks until its event is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.waiting = 0

    async def acquire(self) -> None:
        """Waits for the event."""
        self.waiting += 1
        try:
            await self.go.wait()
        finally:
            self.waiting -= 1


async def test_a_foreign_pacer_is_not_waited_for_in_vain() -> None:
    """Waiting ends with the deadline and with the client; granted slots are used."""
    limiter = BlockingRateLimiter()
    async with running_gateway() as running, opened(AsyncClient, running, pacer=limiter) as sms:
        late = await sms.send(KUWAIT, "hi", deadline=0.4)
        await asyncio.sleep(0)
        left = limiter.waiting
        limiter.go.set()
        sent = await sms.send(KUWAIT, "hi")
        limiter.go.clear()
        waiting = asyncio.create_task(sms.balance())
        await asyncio.sleep(0)
        await sms.aclose()
        with pytest.raises(NotSent, match="closed"):
            await waiting

    assert late.not_sent == (KUWAIT,)
    assert left == 0
    assert sent.ok


async def test_an_error_of_a_foreign_pacer_is_its_own() -> None:
    """The limiter's error is not an outcome of a request, so it is raised unchanged."""

    class Broken:
        async def acquire(self) -> None:
            raise LookupError("no database")

    sms = make_client(AsyncClient, NOWHERE, pacer=Broken())
    with pytest.raises(LookupError):
        await sms.balance()
    await sms.aclose()


def test_instants_lie_an_interval_apart() -> None:
    """Slots keep their interval however late a caller comes; a slot after `latest` is not taken."""
    pacer = Pacer(0.5)

    assert pacer.reserve(10.0) == 0.0
    assert pacer.reserve(10.1) == pytest.approx(0.4)
    assert pacer.reserve(10.1, latest=10.9) is None
    assert pacer.reserve(10.1) == pytest.approx(0.9)
    assert pacer.reserve(20.0) == 0.0
