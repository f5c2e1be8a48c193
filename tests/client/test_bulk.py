"""Sends several texts at once and reports each request to an observer before it leaves."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from kwtsms_client import (
    Acceptance,
    AsyncClient,
    Client,
    Credentials,
    InvalidInput,
    NotSent,
    SendResult,
    bulk,
    flow,
)
from kwtsms_client.errors import rejection
from kwtsms_client.flow import Sleep
from kwtsms_sandbox.gateway import Fault, RunningGateway
from support.gateway import KUWAIT, KUWAIT_2, running_gateway

Send = Callable[..., Coroutine[Any, Any, list[SendResult]]]
Messages = list[tuple[object, str]]
MESSAGES: Messages = [(KUWAIT, "one"), (KUWAIT_2, "two"), ("96560000001", "three")]


async def by_threads(
    running: RunningGateway, messages: Messages, **options: Any
) -> list[SendResult]:
    """Sends with `Client`."""

    def send() -> list[SendResult]:
        with Client(_account(running), base_url=running.base_url, sender_id="MY-APP") as sms:
            return sms.send_many(messages, **options)

    return await asyncio.to_thread(send)


async def by_asyncio(
    running: RunningGateway, messages: Messages, **options: Any
) -> list[SendResult]:
    """Sends with `AsyncClient`."""
    async with AsyncClient(_account(running), base_url=running.base_url, sender_id="MY-APP") as sms:
        return await sms.send_many(messages, **options)


def _account(running: RunningGateway) -> Credentials:
    account = running.gateway.account
    return Credentials(account.username, account.password)


both = pytest.mark.parametrize("send", [by_threads, by_asyncio])


class Record:
    """An observer that records events and prevents the request with the `refused` text."""

    def __init__(self, count_accepted: Callable[[], int], *, refused: str = "") -> None:
        self.events: list[tuple[str, str, int]] = []
        self._count_accepted, self._refused = count_accepted, refused
        self._lock = threading.Lock()

    def begins(self, text: str, recipients: Sequence[str]) -> None:
        """Records a start, with the number of messages that the gateway has accepted so far."""
        assert len(recipients) == 1
        with self._lock:
            self.events.append(("begins", text, self._count_accepted()))
        if text == self._refused:
            raise NotSent("not now")

    def ended(self, text: str, result: SendResult) -> None:
        """Records a result, with the credits that it cost."""
        with self._lock:
            self.events.append((result.recipients[0].outcome, text, int(result.points_charged)))


@both
async def test_texts_are_in_flight_at_the_same_time(send: Send) -> None:
    """No text waits for the answer to another."""
    async with running_gateway() as running:
        running.gateway.withhold_responses()
        sending = asyncio.create_task(send(running, MESSAGES))
        await running.gateway.until(lambda: len(running.gateway.ledger) == 3)
        running.gateway.release_responses()
        results = await sending

        assert sorted(entry.text for entry in running.gateway.ledger) == ["one", "three", "two"]
        assert [result.accepted for result in results] == [(to,) for to, _ in MESSAGES]


@both
async def test_each_request_is_announced_before_it_is_sent(send: Send) -> None:
    """The observer also gets each result, with its cost."""
    async with running_gateway() as running:
        record = Record(lambda: len(running.gateway.records.entries))
        await send(running, MESSAGES[:2], watch=record)

        assert record.events == [
            ("begins", "one", 0),
            ("accepted", "one", 1),
            ("begins", "two", 1),
            ("accepted", "two", 1),
        ]


@both
async def test_an_observer_can_prevent_a_request(send: Send) -> None:
    """Neither that request nor any later one is sent."""
    async with running_gateway() as running:
        record = Record(lambda: 0, refused="two")
        results = await send(running, MESSAGES, watch=record)

        assert [bool(result.accepted) for result in results] == [True, False, False]
        assert [result.recipients[0].reason for result in results[1:]] == [
            "not now",
            "Not tried: not now",
        ]
        assert [entry.text for entry in running.gateway.ledger] == ["one"]


@both
async def test_a_refused_text_concerns_no_other(send: Send) -> None:
    """A text refused for its content stops no other text; a wrong password stops all."""
    async with running_gateway() as running:
        running.gateway.fault("ERR031", endpoint="send")
        running.gateway.fault("ERR003", endpoint="send")
        results = await send(running, [*MESSAGES[:1], *MESSAGES])

        found = [(one.outcome, one.code) for result in results for one in result.recipients]
        assert found == [
            ("rejected", "ERR031"),
            ("rejected", "ERR003"),
            ("not_sent", "ERR003"),
            ("not_sent", "ERR003"),
        ]


def test_what_was_refused_as_too_soon_is_tried_again() -> None:
    """ERR028 is retried after 16 s if asked for, and the observer sees both requests."""
    record = Record(lambda: 0)
    what = flow.order(KUWAIT, "hello", sender="MY-APP", test=False, default_country=None)
    plan: Any = bulk.send_many([what], retries_too_soon=1, watch=record)
    (one,) = next(plan).plans
    next(one).before()
    pause = one.throw(rejection("ERR028"))
    one.send(None).before()
    with pytest.raises(StopIteration):
        one.send(Acceptance("f4c8", 1, None, None, None))

    assert pause == Sleep(16.0)
    assert [what for what, _, _ in record.events] == ["begins", "rejected", "begins", "accepted"]


@both
async def test_what_is_unknown_stops_no_other(send: Send) -> None:
    """A lost answer stops no other text; a missing connection does."""
    async with running_gateway() as running:
        running.gateway.fault(Fault.RESET_AFTER, endpoint="send")
        results = await send(running, MESSAGES[:2])
        await running.stop()
        down = await send(running, MESSAGES)

        assert [bool(result.unknown) for result in results] == [True, False]
        assert [result.recipients[0].outcome for result in down] == ["not_sent"] * 3
        assert str(down[1].recipients[0].reason).startswith("Not tried: No connection")


@both
async def test_one_that_cannot_be_sent_prevents_all(send: Send) -> None:
    """An invalid text raises an error before anything is sent."""
    async with running_gateway() as running:
        with pytest.raises(InvalidInput, match="empty"):
            await send(running, [*MESSAGES, (KUWAIT, "🎉")])

        assert running.gateway.requests == []
