"""Control of a gateway from a test, and the state that the test can read."""

import asyncio
import dataclasses
import socket
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

import kwtsms_sandbox.gateway as gateway_package
from kwtsms_sandbox.clock import Clock
from kwtsms_sandbox.gateway import DEMO_ACCOUNT, Behaviour, Gateway, Kind, RunningGateway
from support.gateway import KUWAIT, Caller, calling, running_gateway


async def message_ids(seed: int, count: int) -> list[str]:
    """Returns the first ids of a gateway with this seed."""
    behaviour = Behaviour(repeat_seconds=0)
    async with (
        running_gateway(seed=seed, behaviour=behaviour) as running,
        calling(running) as caller,
    ):
        return [(await caller.send())["msg-id"] for _ in range(count)]


async def test_the_same_seed_gives_the_same_ids() -> None:
    """Equal seeds give equal ids, and different seeds give different ones."""
    first, again, other = await message_ids(7, 2), await message_ids(7, 2), await message_ids(8, 2)

    assert first == again
    assert set(first).isdisjoint(other)


async def test_the_answer_to_an_accepted_send_can_be_delayed(
    caller: Caller, gateway: Gateway
) -> None:
    """A withheld send is in the ledger, and answered when released: the time to kill a client."""
    gateway.withhold_responses()
    sending = asyncio.create_task(caller.send())
    await gateway.until(lambda: bool(gateway.ledger))

    assert not sending.done()
    assert gateway.requests[0].outcome is None
    gateway.release_responses()
    assert (await sending)["msg-id"] == gateway.ledger[0].message_id


async def test_only_answers_to_accepted_sends_are_delayed(caller: Caller, gateway: Gateway) -> None:
    """Rejections and other endpoints are answered at once."""
    gateway.withhold_responses()

    assert (await caller.call("balance"))["result"] == "OK"
    assert (await caller.send(mobile="123"))["code"] == "ERR025"


async def test_stopping_cuts_a_delayed_answer(running: RunningGateway, caller: Caller) -> None:
    """Stopping the gateway cuts a withheld answer; its message stays accepted."""
    running.gateway.withhold_responses()
    sending = asyncio.create_task(caller.send())
    await running.gateway.until(lambda: bool(running.gateway.ledger))

    await running.stop()

    with pytest.raises(httpx.ReadError):
        await sending


async def test_down_and_up_again(running: RunningGateway, caller: Caller) -> None:
    """A stopped gateway refuses connections; it restarts on its port with its ledger."""
    await caller.send()
    url = running.url
    await running.stop()

    with pytest.raises(httpx.ConnectError):
        await caller.call("balance")
    await running.start()
    assert running.url == url
    assert (await caller.call("balance"))["available"] == 999


async def test_starting_twice_is_harmless(running: RunningGateway, caller: Caller) -> None:
    """Starting a running gateway changes nothing."""
    await running.start()

    assert (await caller.call("balance"))["result"] == "OK"


async def test_waiting_has_an_end(gateway: Gateway) -> None:
    """Waiting for something that does not happen ends with a timeout."""
    with pytest.raises(TimeoutError):
        await gateway.until(lambda: bool(gateway.ledger), timeout=0.01)


async def test_events_of_a_send(caller: Caller, gateway: Gateway) -> None:
    """A send publishes the request, acceptance, balance, state, reception and answer, in order."""
    with gateway.subscribe() as events:
        await caller.send(message="مرحبا")

    received_events = [event async for event in events]
    assert [event.kind for event in received_events] == [
        Kind.REQUEST,
        Kind.ACCEPTED,
        Kind.BALANCE,
        Kind.STATE,
        Kind.RECEIVED,
        Kind.ANSWERED,
    ]
    received = next(event for event in received_events if event.kind is Kind.RECEIVED)
    assert (received.facts["to"], received.facts["text"]) == (KUWAIT, "مرحبا")


async def test_events_of_a_rejection(caller: Caller, gateway: Gateway) -> None:
    """A rejection publishes its code."""
    with gateway.subscribe() as events:
        await caller.send(mobile="123")

    rejected = [event.facts async for event in events if event.kind is Kind.REJECTED]
    assert rejected == [{"endpoint": "send", "code": "ERR025"}]


async def test_the_request_log_never_contains_a_password(caller: Caller, gateway: Gateway) -> None:
    """Requests are logged with their payload, but the password is masked."""
    await caller.send()

    [request] = gateway.requests
    assert request.payload is not None
    assert (request.payload["password"], request.payload["mobile"]) == ("***", KUWAIT)
    assert "demo-password" not in repr((gateway.requests, gateway.ledger, DEMO_ACCOUNT))


async def test_the_request_log_says_how_clients_ask(caller: Caller, gateway: Gateway) -> None:
    """The log has each request's time, method, headers and outcome."""
    await caller.call("balance")

    [request] = gateway.requests
    assert (request.endpoint, request.method, request.outcome) == ("balance", "POST", "OK")
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Accept"] == "application/json"
    assert request.at <= gateway.clock.monotonic()


async def test_top_up(caller: Caller, gateway: Gateway) -> None:
    """Purchased credits are available at once, and count as purchased."""
    gateway.top_up("0.5")

    answer = await caller.call("balance")

    assert (answer["available"], answer["purchased"]) == (1000.5, 1000.5)


async def test_reset(caller: Caller, gateway: Gateway) -> None:
    """A reset restores credits, ledger, phones, request log, knobs and faults."""
    gateway.configure(latency=0.01)
    gateway.fault("ERR013", endpoint="balance")
    await caller.send()

    gateway.reset()

    assert gateway.balance() == 1000
    assert not gateway.ledger
    assert not gateway.inboxes()
    assert not gateway.requests
    assert gateway.behaviour == Behaviour()
    assert (await caller.call("balance"))["result"] == "OK"


async def test_reset_while_an_answer_is_delayed(caller: Caller, gateway: Gateway) -> None:
    """A reset releases the withheld answer of the old ledger."""
    gateway.withhold_responses()
    sending = asyncio.create_task(caller.send())
    await gateway.until(lambda: bool(gateway.ledger))

    gateway.reset()

    assert (await sending)["result"] == "OK"


async def test_a_frozen_clock_makes_all_times_known() -> None:
    """With a frozen clock, all times of a run are the same down to the second."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    async with running_gateway(clock=Clock(at)) as running, calling(running) as caller:
        answer = await caller.send()

        assert answer["unix-timestamp"] == 1767225600
        assert running.gateway.ledger[0].at == at


async def test_several_accounts() -> None:
    """Each account pays for its own sends."""
    rich = dataclasses.replace(DEMO_ACCOUNT, username="rich", credits=Decimal(5000))
    async with (
        running_gateway(accounts=(DEMO_ACCOUNT, rich)) as running,
        calling(running) as caller,
    ):
        await caller.send(username="rich")

        assert running.gateway.balance("rich") == 4999
        assert running.gateway.balance() == 1000


def test_the_gateway_imports_nothing_of_the_client() -> None:
    """The gateway counts pages, reads numbers and finds HTML with code of its own."""
    package = Path(gateway_package.__file__ or "").parent

    assert not [file.name for file in package.glob("*.py") if "kwtsms_client" in file.read_text()]


async def test_only_loopback(running: RunningGateway) -> None:
    """The socket is bound to 127.0.0.1, so no neighbour can reach it."""
    _, port = running.url.removeprefix("http://").split(":")

    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect(("127.0.0.2", int(port)))
