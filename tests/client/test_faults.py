"""Every way in which an exchange can fail: the outcome, the requests seen, the credits charged."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from kwtsms_client import AsyncClient, Client, Credentials, Outcome, SendResult
from kwtsms_sandbox.gateway import Fault, RunningGateway
from support.gateway import KUWAIT, KUWAIT_2, running_gateway

Send = Callable[[RunningGateway, object], Awaitable[SendResult]]


async def by_threads(running: RunningGateway, to: object) -> SendResult:
    """Sends with `Client`."""

    def send() -> SendResult:
        with Client(_credentials(running), base_url=running.base_url, timeout=1) as sms:
            return sms.send(to, "hello", sender="MY-APP")

    return await asyncio.to_thread(send)


async def by_asyncio(running: RunningGateway, to: object) -> SendResult:
    """Sends with `AsyncClient`."""
    async with AsyncClient(_credentials(running), base_url=running.base_url, timeout=1) as sms:
        return await sms.send(to, "hello", sender="MY-APP")


def _credentials(running: RunningGateway) -> Credentials:
    account = running.gateway.account
    return Credentials(account.username, account.password)


@dataclass(frozen=True)
class Row:
    """A fault, and what must come of it."""

    fault: Fault | str
    outcome: Outcome
    charged: int
    seen: int = 1
    status: int | None = None


ROWS = [
    Row(Fault.RESET_BEFORE, Outcome.UNKNOWN, 0),
    Row(Fault.RESET_AFTER, Outcome.UNKNOWN, 1),
    Row(Fault.HANG_BEFORE, Outcome.UNKNOWN, 0),
    Row(Fault.HANG, Outcome.UNKNOWN, 1),
    Row(Fault.HTML_502, Outcome.UNKNOWN, 0),
    Row(Fault.HTML_502_AFTER, Outcome.UNKNOWN, 1),
    Row(Fault.TRUNCATED, Outcome.UNKNOWN, 1),
    Row(Fault.EMPTY, Outcome.UNKNOWN, 1),
    Row(Fault.NOT_JSON, Outcome.UNKNOWN, 1),
    Row(Fault.JSON_LIST, Outcome.UNKNOWN, 1),
    Row(Fault.JSON_NULL, Outcome.UNKNOWN, 1),
    Row(Fault.BAD_UTF8, Outcome.UNKNOWN, 1),
    Row(Fault.HUGE, Outcome.UNKNOWN, 1),
    Row(Fault.REDIRECT, Outcome.UNKNOWN, 0),
    Row("ERR028", Outcome.REJECTED, 0),
    Row("ERR003", Outcome.REJECTED, 0, status=403),
    Row("ERR003", Outcome.REJECTED, 0, status=200),
    Row("ERR031", Outcome.REJECTED, 0, status=406),
    Row("ERR099", Outcome.REJECTED, 0),
]


@pytest.mark.parametrize("send", [by_threads, by_asyncio])
@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_a_fault_has_its_outcome(send: Send, row: Row) -> None:
    """The same for both clients: the outcome, one request, and the credits that it really cost."""
    async with running_gateway() as running:
        gateway = running.gateway
        before = gateway.balance()
        gateway.fault(row.fault, endpoint="send", http_status=row.status)
        result = await send(running, KUWAIT)

        assert [one.outcome for one in result.recipients] == [row.outcome]
        assert len(gateway.requests) == row.seen
        assert before - gateway.balance() == row.charged


@pytest.mark.parametrize("send", [by_threads, by_asyncio])
async def test_a_gateway_that_is_down_is_not_sent(send: Send) -> None:
    """No connection: nothing left this machine."""
    async with running_gateway() as running:
        await running.stop()
        result = await send(running, KUWAIT)

    assert result.not_sent == (KUWAIT,)


@pytest.mark.parametrize("style", ["float", "string", "null", "absent"])
@pytest.mark.parametrize("send", [by_threads, by_asyncio])
async def test_an_accepted_send_stays_accepted(send: Send, style: Any) -> None:
    """Numbers as floats, strings, null or not at all never make an exception of a charged send."""
    async with running_gateway() as running:
        running.gateway.turn(number_style=style)
        result = await send(running, KUWAIT)

    assert result.accepted == (KUWAIT,)
    assert result.balance_after in (Decimal(999), None)


@pytest.mark.parametrize("send", [by_threads, by_asyncio])
@pytest.mark.parametrize(
    "to",
    [
        f"{KUWAIT},{KUWAIT_2}",
        [KUWAIT, KUWAIT_2],
        (f"+{KUWAIT}", KUWAIT_2, f"00{KUWAIT}"),
        {KUWAIT: 1, KUWAIT_2: 2}.keys(),
        [int(KUWAIT), KUWAIT_2],
    ],
    ids=["comma", "list", "duplicates", "keys", "int"],
)
async def test_numbers_come_in_any_container_and_are_sent_once(send: Send, to: object) -> None:
    """A comma string, a list, a tuple, a view, ints: each number once, the first wins."""
    async with running_gateway() as running:
        result = await send(running, to)

        assert result.accepted == (KUWAIT, KUWAIT_2)
        assert [entry.numbers for entry in running.gateway.ledger] == [(KUWAIT, KUWAIT_2)]


@pytest.mark.parametrize("send", [by_threads, by_asyncio])
async def test_a_fatal_code_stops_the_rest_of_a_bulk(send: Send) -> None:
    """ERR003 in batch 2 of 3: the first is accepted, the second refused, the third not tried."""
    numbers = [f"965{90000000 + n}" for n in range(450)]
    async with running_gateway() as running:
        gateway = running.gateway
        gateway.fault(Fault.SLOW, endpoint="send", seconds=0)
        gateway.fault("ERR003", endpoint="send")
        result = await send(running, numbers)

        assert [len(result.accepted), len(result.rejected), len(result.not_sent)] == [200, 200, 50]
        assert len(gateway.requests) == 2


@pytest.mark.parametrize("send", [by_threads, by_asyncio])
async def test_an_unknown_batch_does_not_stop_the_others(send: Send) -> None:
    """What cannot be known of one batch says nothing of the next."""
    numbers = [f"965{90000000 + n}" for n in range(201)]
    async with running_gateway() as running:
        running.gateway.fault(Fault.RESET_AFTER, endpoint="send")
        result = await send(running, numbers)

        assert (len(result.unknown), len(result.accepted)) == (200, 1)
