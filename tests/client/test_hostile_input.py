"""Bytes from outside: replies of the gateway, .env files and CSV files of any content."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kwtsms_bot.cli import rows
from kwtsms_client import KwtSMSError, protocol
from kwtsms_client.protocol import Call
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
ONE_FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("call", CALLS)
@given(st.binary(), st.sampled_from([200, 302, 404, 502]))
@example(b"\xff\xfe{}", 200)
@example(b"[" * 100_000, 200)
def test_any_bytes_are_an_answer_or_our_error(call: Any, body: bytes, status: int) -> None:
    """What is no reply raises one of our errors and nothing else."""
    with suppress(KwtSMSError):
        protocol.read_reply(call(), status, body)


@pytest.mark.parametrize("call", CALLS)
@given(REPLIES | VALUES, st.sampled_from([200, 403, 500]))
def test_any_json_is_an_answer_or_our_error(call: Any, reply: Any, status: int) -> None:
    """Fields that are missing, null, of another type or absurd break nothing."""
    with suppress(KwtSMSError):
        protocol.read_reply(call(), status, json.dumps(reply).encode())


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_an_accepted_send_stays_accepted(fields: dict[str, Any]) -> None:
    """Whatever else stands in it, OK with a message id is an acceptance: it was charged."""
    reply = fields | {"result": "OK", "msg-id": "f" * 32}
    call = protocol.send(sender="S", recipients=["96598765432"], text="hi", test=False)

    assert protocol.read_reply(call, 200, json.dumps(reply).encode()).message_id == "f" * 32


@ONE_FILE
@given(st.binary(max_size=2000))
@example(b"KWTSMS_USERNAME='")
@example(b"\xff\xfe")
@example(b"KWTSMS_USERNAME=u\nKWTSMS_PASSWORD=p\nKWTSMS_TEST_MODE=yes?\n")
def test_any_env_file_is_read_or_our_error(tmp_path: Path, content: bytes) -> None:
    """A .env of any content is settings, or an error that says what is wrong."""
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
    """A file of any content is rows and mistakes, each with its line, or an error."""
    file = tmp_path / "messages.csv"
    file.write_bytes(content)
    with suppress(KwtSMSError):
        columns, lines = rows.read(file)

        assert columns
        assert all(number > 1 for number, _ in lines)
