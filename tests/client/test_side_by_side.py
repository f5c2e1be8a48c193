"""A bulk: requests side by side, paced, bounded by a deadline, and stopped by what stops it all."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from kwtsms_client import AsyncClient, Client, Credentials, NotSent, Outcome, SendResult
from kwtsms_client.pacing import Pacer
from kwtsms_sandbox.gateway import Fault, RunningGateway
from support.gateway import KUWAIT, running_gateway

Send = Callable[..., Awaitable[SendResult]]


def many(count: int) -> list[str]:
    """So many numbers."""
    return [f"965{90000000 + n}" for n in range(count)]


async def by_threads(running: RunningGateway, to: object, **options: Any) -> SendResult:
    """Sends with `Client`."""

    def send() -> SendResult:
        with Client(_credentials(running), base_url=running.base_url) as sms:
            return sms.send(to, "hello", sender="MY-APP", **options)

    return await asyncio.to_thread(send)


async def by_asyncio(running: RunningGateway, to: object, **options: Any) -> SendResult:
    """Sends with `AsyncClient`."""
    async with AsyncClient(_credentials(running), base_url=running.base_url) as sms:
        return await sms.send(to, "hello", sender="MY-APP", **options)


def _credentials(running: RunningGateway) -> Credentials:
    account = running.gateway.account
    return Credentials(account.username, account.password)


both = pytest.mark.parametrize("send", [by_threads, by_asyncio])


@both
async def test_a_slow_answer_keeps_no_other_batch_waiting(send: Send) -> None:
    """Four batches at two seconds each are under way together, and none starts too early."""
    async with running_gateway() as running:
        running.gateway.turn(latency=2.0)
        begun = time.monotonic()
        result = await send(running, many(800))
        took = time.monotonic() - begun
        starts = [seen.at for seen in running.gateway.requests]

    assert result.accepted == tuple(many(800))
    assert min(later - earlier for earlier, later in pairwise(starts)) > 0.4
    assert took < 4 * 2.0  # One after the other it would be more.


@both
async def test_results_stand_in_the_order_of_the_numbers(send: Send) -> None:
    """Whichever answer comes first."""
    async with running_gateway() as running:
        running.gateway.fault(Fault.SLOW, endpoint="send", seconds=1.5)
        result = await send(running, many(450))

    assert [one.recipient for one in result.recipients] == many(450)
    assert result.balance_after == 550


@both
async def test_a_deadline_ends_what_has_not_begun(send: Send) -> None:
    """Three batches, and time for two: the third was not sent, and nothing waits for it."""
    async with running_gateway() as running:
        result = await send(running, many(450), deadline=0.8)
        seen = len(running.gateway.requests)

    assert [len(result.accepted), len(result.not_sent)] == [400, 50]
    assert seen == 2
    assert "deadline" in str(result.recipients[-1].reason)


@both
async def test_what_has_no_answer_at_the_deadline_is_unknown(send: Send) -> None:
    """It left, so nobody may say that it was not sent."""
    async with running_gateway() as running:
        running.gateway.turn(latency=5.0)
        result = await send(running, KUWAIT, deadline=0.5)

    assert [one.outcome for one in result.recipients] == [Outcome.UNKNOWN]


@both
async def test_a_full_queue_at_the_deadline_stays_refused(send: Send) -> None:
    """ERR013 is tried again after 30 s; where there is no time for that, the refusal is told."""
    async with running_gateway() as running:
        running.gateway.fault("ERR013", endpoint="send", http_status=406)
        result = await send(running, KUWAIT, deadline=5)

    assert [(one.outcome, one.code) for one in result.recipients] == [(Outcome.REJECTED, "ERR013")]


@both
async def test_a_fatal_code_in_batch_two_of_five(send: Send) -> None:
    """The first is accepted, the second refused, the others are not tried: two requests."""
    async with running_gateway() as running:
        running.gateway.fault(Fault.SLOW, endpoint="send", seconds=0)
        running.gateway.fault("ERR003", endpoint="send")
        result = await send(running, many(1000))
        seen, charged = len(running.gateway.requests), 1000 - int(running.gateway.balance())

    assert [len(result.accepted), len(result.rejected), len(result.not_sent)] == [200, 200, 600]
    assert (seen, charged) == (2, 200)


async def test_closing_ends_every_wait() -> None:
    """From another thread: what waits for its turn is not sent, what is in flight is finished."""
    async with running_gateway() as running:
        running.gateway.turn(latency=0.5)
        sms = Client(_credentials(running), base_url=running.base_url)
        work = asyncio.create_task(asyncio.to_thread(sms.send, many(2000), "hi", sender="MY-APP"))
        while not running.gateway.requests:
            await asyncio.to_thread(threading.Event().wait, 0.01)
        await asyncio.to_thread(sms.close)
        result = await work

        assert len(result.accepted) == 200 * len(running.gateway.requests)
        assert len(result.accepted) + len(result.not_sent) == 2000
        with pytest.raises(NotSent, match="closed"):
            sms.balance()


def test_instants_lie_an_interval_apart() -> None:
    """However late each caller comes; what is too late takes no place in the row."""
    pacer = Pacer(0.5)

    assert pacer.reserve(10.0) == 0.0
    assert pacer.reserve(10.1) == pytest.approx(0.4)
    assert pacer.reserve(10.1, latest=10.9) is None
    assert pacer.reserve(10.1) == pytest.approx(0.9)
    assert pacer.reserve(20.0) == 0.0
