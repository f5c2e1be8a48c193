"""The client of a bridge's send API: retries send once, and every failure says what it means."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from kwtsms_client import (
    BridgeClient,
    BridgeRefused,
    ConfigurationError,
    KwtSMSError,
    NotSent,
    UnknownOutcome,
)
from kwtsms_client.client.bridge_protocol import MAX_DELAY, final_error, read_answer, retry_delay
from kwtsms_client.settings import bridge_token, check_bridge_url
from support.api_bench import TOKEN, ApiBench, api_bench, api_config
from support.cutting_proxy import cutting_proxy
from support.database import ACTOR, AT, NUMBER, OTHER, prepare_database

T = TypeVar("T")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database for the test, on SQLite."""
    return prepare_database(tmp_path / "outbox.sqlite3")


async def use(
    bench: ApiBench, work: Callable[[BridgeClient], T], url: str = "", token: str = TOKEN
) -> T:
    """Does this with a client, in a thread; a client that waits tries again at once."""

    def run() -> T:
        address = url or str(bench.client.base_url)
        with BridgeClient(address, token, deadline=20, sleep=lambda _: None) as bridge:
            return work(bridge)

    return await asyncio.to_thread(run)


async def test_send_find_and_cancel(url: str) -> None:
    """A message is sent, found by its ID and its reference, and cancelled."""
    async with api_bench(url, api_config(phonebook=True)) as bench:
        sent = await use(bench, lambda one: one.send("@ops", "hi 🔑", reference="r1"))
        assert sent.id is not None
        ref = sent.id
        found = await use(bench, lambda one: one.find("r1"))
        cancelled = await use(bench, lambda one: one.cancel(ref))
        shown = await use(bench, lambda one: one.message(ref))
        dry = await use(bench, lambda one: one.send([NUMBER], "hi", dry_run=True))

    assert [one.number for one in sent.recipients] == [NUMBER, OTHER]
    assert (sent.status, sent.credits, sent.changes) == ("queued", 2, {"emoji": 1})
    assert sent.created_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert (found, dry.id) == ((sent,), None)
    assert (cancelled.status, shown) == ("cancelled", cancelled)


async def test_a_lost_answer_sends_once(url: str) -> None:
    """The connection is cut after the message was stored: the retry gets the stored answer."""
    async with api_bench(url) as bench:
        async with cutting_proxy(str(bench.client.base_url), cuts=2) as proxy:
            sent = await use(bench, lambda one: one.send(NUMBER, "hi"), proxy.url)
        messages = await bench.outbox.messages.recent(None, 10)

    assert proxy.requests == 3
    assert [one.ref for one in messages] == [sent.id]


async def test_a_refusal_is_not_repeated(url: str) -> None:
    """A wrong request and a wrong token are errors with the bridge's own code."""
    async with api_bench(url) as bench:
        with pytest.raises(BridgeRefused) as wrong:
            await use(bench, lambda one: one.send([NUMBER, "1234"], "hi"))
        with pytest.raises(BridgeRefused) as stranger:
            await use(bench, lambda one: one.send(NUMBER, "hi"), token="wrong")
        with pytest.raises(BridgeRefused) as nothing:
            await use(bench, lambda one: one.message("../messages"))

    assert (wrong.value.code, wrong.value.param) == ("invalid_recipient", "to[1]")
    assert (stranger.value.code, stranger.value.status) == ("unauthorized", 401)
    assert nothing.value.code == "not_found"


async def test_a_pause_outlasts_the_deadline(url: str) -> None:
    """A wait that would be longer than the deadline is not begun: the error comes at once."""
    async with api_bench(url) as bench:
        await bench.outbox.kill_switch.pause("maintenance", AT, ACTOR)
        with pytest.raises(BridgeRefused) as caught:
            await use(bench, lambda one: one.send(NUMBER, "hi"))

    assert (caught.value.code, caught.value.retry_after) == ("paused", 60)


def test_a_bridge_that_is_not_there() -> None:
    """Nothing left this machine, which is said as such."""
    with (
        BridgeClient("http://127.0.0.1:1", TOKEN, deadline=0) as bridge,
        pytest.raises(NotSent, match="can't be reached"),
    ):
        bridge.send(NUMBER, "hi")


BUSY = BridgeRefused("busy", "busy", status=503, retry_after=2)
PAUSED = BridgeRefused("paused", "paused", status=503, retry_after=60)
LIMITED = BridgeRefused("number_limit", "too often", status=429, retry_after=60)
DATABASE = BridgeRefused("database", "not known", status=503, retry_after=5)


@pytest.mark.parametrize(
    ("error", "attempt", "delay"),
    [
        (NotSent(""), 0, 0.5),
        (UnknownOutcome(""), 2, 2.0),
        (UnknownOutcome(""), 20, MAX_DELAY),
        (BUSY, 0, 2),
        (BUSY, 3, 4.0),
        (PAUSED, 0, 60),
        (LIMITED, 0, None),
        (ConfigurationError(""), 0, None),
    ],
)
def test_when_to_try_again(error: KwtSMSError, attempt: int, delay: float | None) -> None:
    """Each wait is twice the one before, and never shorter than the bridge says."""
    assert retry_delay(error, attempt) == delay


@pytest.mark.parametrize(
    ("error", "undecided", "kind"),
    [
        (NotSent(""), False, NotSent),
        (NotSent(""), True, UnknownOutcome),
        (BUSY, False, BridgeRefused),
        (BUSY, True, UnknownOutcome),
        (PAUSED, True, BridgeRefused),
        (DATABASE, False, UnknownOutcome),
    ],
)
def test_what_a_failure_means_in_the_end(
    error: KwtSMSError, *, undecided: bool, kind: type[KwtSMSError]
) -> None:
    """A try that may have been accepted is unknown, unless the bridge has decided since."""
    found = final_error(error, "k1", undecided=undecided)

    assert type(found) is kind
    assert ("the key k1" in str(found)) == (kind is UnknownOutcome)


@pytest.mark.parametrize(
    ("status", "body"),
    [(502, b"<html>Bad gateway"), (200, b""), (500, b"[]"), (404, b'{"error": "x"}')],
)
def test_answers_of_others(status: int, body: bytes) -> None:
    """An answer of a proxy says nothing about the message."""
    with pytest.raises(UnknownOutcome):
        read_answer(status, body, None)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://bot.example.com/", "https://bot.example.com"),
        ("http://bot:8090", "http://bot:8090"),
        ("https://example.com/bot/v1/messages", "https://example.com/bot"),
    ],
)
def test_the_address_of_a_bridge(written: str, read: str) -> None:
    """The address may end in a slash, or be that of the messages."""
    assert check_bridge_url(written) == read


@pytest.mark.parametrize("written", ["", "bot.example.com", "ftp://bot", "https://", "https://b?x"])
def test_what_is_no_address(written: str) -> None:
    """Anything but http and https is refused."""
    with pytest.raises(ConfigurationError, match="isn't one of a bridge"):
        check_bridge_url(written)


def test_where_the_token_is(tmp_path: Path) -> None:
    """The environment comes first, then the file; without either, the error names the variable."""
    file = tmp_path / "tokens"
    file.write_text("KWTSMS_BRIDGE_TOKEN=of-the-file\n")
    environment: dict[str, Any] = {"KWTSMS_BRIDGE_TOKEN": "of-the-environment"}

    assert bridge_token(file, environment) == "of-the-environment"
    assert bridge_token(file, {}) == "of-the-file"
    file.write_text("")
    with pytest.raises(ConfigurationError, match="KWTSMS_BRIDGE_TOKEN is not set"):
        bridge_token(file, {})
