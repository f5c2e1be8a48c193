"""The log's last safety net: phone numbers and tokens are masked anywhere in an event."""

import logging
from contextvars import copy_context
from typing import Any

import pytest
import structlog
from aiohttp import ClientPayloadError, ServerTimeoutError
from aiohttp.http_exceptions import BadHttpMessage, InvalidHeader
from aiohttp.web import RequestPayloadError

from kwtsms_bot import logs
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.logs import format_exception, mask
from support.logged import logged

PRIVATE = "call Sara on 98765432"


@pytest.mark.parametrize(
    ("logged", "written"),
    [
        ("to 96598765432", "to 965••••432"),
        ("to +96598765432, 0096551234567", "to 965••••432, 009••••567"),
        ("with xoxb-1-2-abc and xapp-1-A-9", "with xoxb-••• and xapp-•••"),
        (
            "url='wss://x.test/link/?ticket=1-2%3D&app_id=A1'",
            "url='wss://x.test/link/?ticket=•••&app_id=A1'",
        ),
        ("to 98765432", "to ••••432"),
        ("to 9876 5432, 9876-5432", "to ••••432, ••••432"),
        ("to +965 9876 5432", "to ••••432"),
        ("1024 of 20480 on 2026-11-24, 98765432a", "1024 of 20480 on 2026-11-24, 98765432a"),
        (["96598765432", 7], ["965••••432", 7]),
        (("96598765432",), ["965••••432"]),
        ({"to": ["96598765432"]}, {"to": ["965••••432"]}),
        ("U0123ABCD asked for M7F3KQ2", "U0123ABCD asked for M7F3KQ2"),
        ("f4c841adee210f31307633ceaebff2ec", "f4c841adee210f31307633ceaebff2ec"),
        ("2026-11-23T12:00:00.123456Z", "2026-11-23T12:00:00.123456Z"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (199.5, 199.5),
    ],
)
def test_what_is_masked_and_what_is_not(logged: Any, written: Any) -> None:
    """Numbers and tokens are masked in any form; IDs, times and addresses stay readable."""
    assert mask(None, "info", {"about": logged}) == {"about": written}


def test_a_request_id_stays_as_it_is() -> None:
    """A request ID is never masked under any key, because users quote it as a reference."""
    made = [copy_context().run(fresh_request) for _ in range(500)]

    assert len(set(made)) == 500
    assert [one for one in made if mask(None, "info", {"reference": one})["reference"] != one] == []


def fresh_request() -> str:
    """The ID of a newly begun request."""
    logs.begin_request()
    return logs.current_request_id()


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", ["kwtsms_bot.outbox", "a.library"])
def test_every_logger_is_masked(form: str, name: str) -> None:
    """Our events and a library's are masked: message, fields and traceback."""
    with logged(format=form) as log:
        structlog.get_logger(name).error("to 98765432", to="96598765432", token="xoxb-1-2-abc")
        logging.getLogger(name).error("to %s with %s", "98765432", "xapp-1-A-9")
        logging.getLogger(name).error("failed", exc_info=OSError(PRIVATE))

    written = log.getvalue()
    assert written.count("to ••••432") == 2
    assert written.count("965••••432") == 1
    assert "call Sara on ••••432" in written
    assert [secret for secret in ("9876", "2-abc", "A-9") if secret in written] == []


def test_an_exception_does_not_quote_what_is_private() -> None:
    """A traceback shows each cause by its type, without messages that may quote a value."""
    try:
        fail(PRIVATE)
    except DatabaseError as error:
        said = format_exception((type(error), error, error.__traceback__))

    assert "98765432" not in said
    assert "Sara" not in said
    assert said.index("KeyError: (its words") < said.index("ValueError: (its words")
    assert said.endswith("DatabaseError: the disk is full")
    assert said.count("in fail") == 3


@pytest.mark.parametrize(
    "error",
    [
        BadHttpMessage(PRIVATE),
        InvalidHeader(PRIVATE),
        RequestPayloadError(PRIVATE),
        ClientPayloadError(PRIVATE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_could_not_be_read_is_not_quoted(error: Exception) -> None:
    """Errors of aiohttp contain the bytes that the other side sent."""
    assert format_exception((type(error), error, None)).endswith(
        ": (its words may quote what is private)"
    )


def test_network_errors_are_logged() -> None:
    """A network error of aiohttp quotes no data, and its message helps."""
    error = ServerTimeoutError("Timeout on reading data from socket")

    assert "Timeout on reading" in format_exception((type(error), error, None))


def fail(text: str) -> None:
    """Raises a chain of three errors whose messages quote `text`, except for the last."""
    try:
        try:
            known: dict[str, int] = {}
            known[text] += 1
        except KeyError:
            int(text)
    except ValueError as error:
        raise DatabaseError("the disk is full") from error
