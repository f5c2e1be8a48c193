"""External input of any content: arguments, replies, .env files and CSV files."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kwtsms_bot.cli.bulk import csv_file
from kwtsms_client import AsyncClient, Client, Credentials, KwtSMSError, protocol
from kwtsms_client.protocol import Call
from kwtsms_client.rate_limiter import Pacer
from kwtsms_client.settings import from_environment

CALLS: tuple[Callable[[], Call[Any]], ...] = (
    protocol.balance,
    protocol.senderids,
    protocol.coverage,
    lambda: protocol.validate(["96598765432"]),
    lambda: protocol.send(sender="S", recipients=["96598765432"], text="hi", test=False),
    lambda: protocol.status("f" * 32),
    lambda: protocol.dlr("f" * 32),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
HALVES = st.characters(codec=None)  # Includes lone surrogates, which JSON can hold.
HUGE = st.sampled_from(["9e99", "1_0", "٣", "NaN", 10**30, -(10**18), 1e300, "965,966", ["+965"]])
NAMES = (
    "result",
    "code",
    "description",
    "available",
    "purchased",
    "msg-id",
    "numbers",
    "points-charged",
    "balance-after",
    "unix-timestamp",
    "senderid",
    "prefixes",
    "mobile",
    "ok",
    "er",
    "nr",
    "report",
    "status",
)
REPLIES = st.dictionaries(
    st.sampled_from(NAMES), VALUES | st.sampled_from(["OK", "ERROR", "ERR003", "ERR999"])
)
OK_REPLIES = st.dictionaries(st.sampled_from(NAMES), VALUES | st.text(HALVES) | HUGE)
ONE_FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("call", CALLS)
@given(st.binary(), st.sampled_from([200, 302, 404, 502]))
@example(b"\xff\xfe{}", 200)
@example(b"[" * 100_000, 200)
def test_any_bytes_are_an_answer_or_our_error(call: Any, body: bytes, status: int) -> None:
    """Bytes that are not a reply raise a `KwtSMSError` and nothing else."""
    with suppress(KwtSMSError):
        protocol.read_reply(call(), status, body)


@pytest.mark.parametrize("call", CALLS)
@given(REPLIES | VALUES, st.sampled_from([200, 403, 500]))
def test_any_json_is_an_answer_or_our_error(call: Any, reply: Any, status: int) -> None:
    """Fields that are missing, null, of another type or absurd cause no other exception."""
    with suppress(KwtSMSError):
        protocol.read_reply(call(), status, json.dumps(reply).encode())


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_an_accepted_send_stays_accepted(fields: dict[str, Any]) -> None:
    """OK with a message ID is an acceptance, whatever the other fields are: it was charged."""
    reply = fields | {"result": "OK", "msg-id": "f" * 32}
    call = protocol.send(sender="S", recipients=["96598765432"], text="hi", test=False)

    assert protocol.read_reply(call, 200, json.dumps(reply).encode()).message_id == "f" * 32


@ONE_FILE
@given(st.binary(max_size=2000))
@example(b"KWTSMS_USERNAME='")
@example(b"\xff\xfe")
@example(b"KWTSMS_USERNAME=u\nKWTSMS_PASSWORD=p\nKWTSMS_TEST_MODE=yes?\n")
def test_any_env_file_is_read_or_our_error(tmp_path: Path, content: bytes) -> None:
    """A .env of any content gives settings or an error that says what is wrong."""
    file = tmp_path / ".env"
    file.write_bytes(content)
    with suppress(KwtSMSError):
        from_environment(file, {})


@ONE_FILE
@given(
    st.binary(max_size=2000)
    | st.text(max_size=500).map(lambda text: text.encode("utf-8", "replace"))
)
@example(b"to,text\n1,\x00\n")
@example(b'to,text\n"96598765432,hi\n')
@example(b"to;text\n98765432;{x}\n")
@example("الرقم,النص\n٩٨٧٦٥٤٣٢,مرحبا\n".encode())
def test_any_csv_file_is_read_or_our_error(tmp_path: Path, content: bytes) -> None:
    """A file of any content gives rows and mistakes with line numbers, or an error."""
    file = tmp_path / "messages.csv"
    file.write_bytes(content)
    with suppress(KwtSMSError):
        table = csv_file.read(file)

        assert table.columns
        assert all(line.number > 1 for line in table.lines)


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary() | st.text(HALVES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
METHODS = ("send", "send_with_retry", "status", "dlr", "validate")


class StubbedClients:
    """Both clients, with a request log and a stubbed reply."""

    def __init__(self, folder: Path) -> None:
        self.reply: dict[str, Any] = {}
        self._transport = httpx.MockTransport(self._answer)
        options: dict[str, Any] = {"pacer": Pacer(0.0), "log": folder / "log", "log_content": True}
        options |= {"credentials": Credentials("user", "secret"), "base_url": "http://[::1]/"}
        self._client, self._async_client = Client(**options), AsyncClient(**options)
        self._client._http = self._transport

    def _answer(self, _: httpx.Request) -> httpx.Response:
        body = json.dumps(self.reply | {"result": "OK"}).encode()
        return httpx.Response(200, stream=httpx.ByteStream(body))

    def call(self, name: str, *args: Any, **options: Any) -> Any:
        """Calls a method of `Client`."""
        return getattr(self._client, name)(*args, **options)

    def call_async(self, name: str, *args: Any, **options: Any) -> Any:
        """Calls a method of `AsyncClient` in a new event loop."""

        async def call() -> Any:
            self._async_client._http = self._transport
            self._async_client._loop = asyncio.get_running_loop()
            return await getattr(self._async_client, name)(*args, **options)

        return asyncio.run(call())


@pytest.fixture
def clients(tmp_path: Path) -> StubbedClients:
    """Both clients, with their log in a temporary folder."""
    return StubbedClients(tmp_path)


both_calls = pytest.mark.parametrize("how", ["call", "call_async"])
A_FEW = settings(ONE_FILE, max_examples=50)


@both_calls
@A_FEW
@given(st.sampled_from(METHODS), ANYTHING, ANYTHING, ANYTHING, OK_REPLIES)
@example("send", "96598765432", "hi", "S\ud800", {})
@example("send", "96598765432", "hi", 5, {})
@example("send", 5.5, b"hi", None, {})
@example("status", b"f4c8", None, None, {})
@example("status", "\ud800", None, None, {})
@example("dlr", "f4c8", None, None, {"report": 5})
@example("validate", [[[[]]]], None, None, {"mobile": []})
def test_any_argument_is_an_answer_or_our_error(
    clients: StubbedClients, how: str, name: str, first: Any, text: Any, sender: Any, reply: Any
) -> None:
    """Any arguments with any reply give a result or a `KwtSMSError`."""
    clients.reply = reply
    arguments = (first, text) if name.startswith("send") else (first,)
    options = {"sender": sender} if name.startswith("send") else {}
    with suppress(KwtSMSError):
        getattr(clients, how)(name, *arguments, **options)


@both_calls
@A_FEW
@given(OK_REPLIES, st.integers(1, 3))
@example({"msg-id": "\ud800"}, 1)
@example({"points-charged": "9e999999"}, 3)
@example({"msg-id": None, "numbers": "1_0", "points-charged": [], "balance-after": {}}, 2)
def test_what_was_accepted_is_never_lost(
    clients: StubbedClients, how: str, reply: Any, batches: int
) -> None:
    """OK counts as accepted, whatever the other fields are, and each number has a result."""
    clients.reply = reply
    numbers = [f"965{90000000 + n}" for n in range(200 * batches)]
    result = getattr(clients, how)("send", numbers, "hi")

    assert result.accepted == tuple(numbers)
