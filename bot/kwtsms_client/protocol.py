"""Requests and replies of the gateway's API, as values. Performs no I/O.

One function per endpoint returns a `Call`; a transport gets its bytes from `request_body`, sends
them, and reads the answer with `read_reply`. Source: the vendor's REST/JSON API 4.1.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Generic, TypeVar

from kwtsms_client.encoding import pages
from kwtsms_client.errors import InvalidInput, UnknownOutcome, rejection
from kwtsms_client.models import (
    Acceptance,
    Balance,
    Coverage,
    Credentials,
    Delivery,
    DeliveryReport,
    Status,
    Validation,
)

T = TypeVar("T")
Json = Mapping[str, Any]

KUWAIT_CODE = "965"
BASE_URL = "https://www.kwtsms.com/API/"
# Without the first two the gateway answers in its old text form. The size of a compressed reply is
# unknown before it is unpacked.
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}
MAX_RECIPIENTS = 200  # ERR007
MAX_REPLY_BYTES = 1 << 20
MAX_NUMBER_CHARACTERS = 40  # Of a number in a reply; longer ones are not amounts.
MAX_MAGNITUDE = 18  # Numbers with more digits before the point are not amounts either.
MAX_CREDITS = 10**9  # No account has more; a larger balance is a mistake.
MAX_TIMESTAMP = 10**11  # In seconds: the year 5138.
# The most that a page can cost: it costs 1 in Kuwait, where the gateway may count three pages for
# one of ours (a character that it takes for Unicode).
MAX_KUWAIT_RATE, MAX_RATE = 3, 100
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
# One prefix in any spelling; only its digits count. The longest are island codes (1-869).
_PREFIX = re.compile(r"(?:\+|00)?([1-9]\d{0,6})", re.ASCII)
_NOT_IN_CODE = re.compile(r"[^0-9A-Z _-]")
_MESSAGE_ID = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)
_ACCEPTANCE_FIELDS = {
    "msg-id": "message_id",
    "numbers": "numbers",
    "points-charged": "points_charged",
    "balance-after": "balance_after",
    "unix-timestamp": "unix_timestamp",
}
_COVERAGE_KEYS = ("prefixes", "coverage", "list", "countries", "prefix", "data")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """Request to the gateway: its path, its payload, and the function that reads the reply."""

    path: str
    payload: Json = field(repr=False)  # Numbers and text are private.
    read: Callable[[Json], T] = field(repr=False)
    before: Callable[[], None] | None = field(default=None, repr=False)  # An error stops the call.


def balance() -> Call[Balance]:
    """The credits on the account."""
    return Call("balance/", {}, _read_balance)


def senderids() -> Call[tuple[str, ...]]:
    """The sender IDs that the account may use."""
    return Call("senderid/", {}, lambda reply: _texts(reply.get("senderid")))


def coverage() -> Call[Coverage]:
    """The active country prefixes."""
    return Call("coverage/", {}, _read_coverage)


def validate(numbers: Sequence[str]) -> Call[Validation]:
    """Whether the gateway can route to these numbers."""
    return Call("validate/", {"mobile": _join_numbers(numbers)}, _read_validation)


def send(*, sender: str, recipients: Sequence[str], text: str, test: bool) -> Call[Acceptance]:
    """The send of one clean text to at most 200 normalised numbers."""
    payload = {
        "sender": sender,
        "mobile": _join_numbers(recipients),
        "message": text,
        "test": "1" if test else "0",
    }
    numbers = tuple(recipients)
    return Call("send/", payload, lambda reply: _read_acceptance(numbers, text, reply))


def status(message_id: str) -> Call[Status]:
    """The gateway's status of a message."""
    known = _message_id(message_id)
    return Call("status/", {"msgid": known}, lambda reply: _read_status(known, reply))


def dlr(message_id: str) -> Call[DeliveryReport]:
    """The delivery report: international numbers only, not before five minutes after sending."""
    known = _message_id(message_id)
    return Call("dlr/", {"msgid": known}, lambda reply: _read_report(known, reply))


def request_body(call: Call[Any], credentials: Credentials) -> bytes:
    """The bytes to post: the password is in them, so they are never logged.

    Raises:
        InvalidInput: something in the request cannot be encoded.
    """
    login = {"username": credentials.username, "password": credentials.password}
    body = _to_json({**login, **call.payload})
    if body is None:
        raise InvalidInput("A value in the request isn't text, or has half a character.")
    return body


def _to_json(fields: Json) -> bytes | None:
    """Encodes the fields as JSON; None if it fails, because the error would quote all of them."""
    try:
        return json.dumps(fields, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        return None


def read_reply(call: Call[T], status: int, body: bytes) -> T:
    """Reads the answer, whatever the HTTP status: errors come with 4xx and with 200 alike.

    Raises:
        Rejected: the gateway rejected the request.
        UnknownOutcome: the answer cannot be read.
    """
    if len(body) > MAX_REPLY_BYTES:
        raise UnknownOutcome(f"The reply is larger than {MAX_REPLY_BYTES} bytes.")
    try:
        reply = json.loads(body, parse_float=_number, parse_int=_number, parse_constant=_number)
    except (ValueError, RecursionError) as error:
        raise UnknownOutcome(f"The reply (HTTP {status}) is not JSON.") from error
    if not isinstance(reply, dict):
        raise UnknownOutcome(f"The reply (HTTP {status}) is not a JSON object.")
    result = _text(reply.get("result")).upper()
    if result == "ERROR" and (code := _code(reply.get("code"))):
        raise rejection(code, _text(reply.get("description"))[:500])
    if result != "OK":
        raise UnknownOutcome(f"The reply (HTTP {status}) says neither OK nor a known error.")
    return call.read(reply)


def amount(value: Any) -> Decimal | None:
    """A number, or a text that is one, as a Decimal; anything else is None."""
    if not isinstance(value, str | Decimal):
        return None
    text = str(value).strip()
    if len(text) > MAX_NUMBER_CHARACTERS or not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    return number if number.adjusted() < MAX_MAGNITUDE else None


def _number(text: str) -> Decimal | str:
    """A number of a reply; one that is no amount stays a text, for the log."""
    number = amount(text)
    return text if number is None else number


def _join_numbers(numbers: Sequence[str]) -> str:
    if not 0 < len(numbers) <= MAX_RECIPIENTS:
        raise InvalidInput(f"Expected 1 to {MAX_RECIPIENTS} numbers, got {len(numbers)}.")
    return ",".join(numbers)


def _message_id(value: object) -> str:
    """Returns the message ID if its form is valid.

    Raises:
        InvalidInput: the ID is missing, or not printable.
    """
    text = value.strip() if isinstance(value, str) else ""
    if not text or not text.isprintable():
        raise InvalidInput("Add the message ID that kwtSMS returned when you sent it.")
    return text


def _code(value: Any) -> str:
    """The error code in the form of the table (3 is ERR003); empty if there is none."""
    if isinstance(value, Decimal) and 0 <= value < 1000:
        return f"ERR{int(value):03}"
    return _NOT_IN_CODE.sub("", _text(value).upper()).strip()[:20]


def _text(value: Any) -> str:
    """The value as a text that every database and terminal takes: without NUL and surrogates."""
    text = str(value) if isinstance(value, str | Decimal) else ""
    return text.encode(errors="replace").decode().replace("\0", "")


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, value)) if isinstance(value, list) else ()


def _read_balance(reply: Json) -> Balance:
    available = _amount_up_to(MAX_CREDITS, reply.get("available"))
    if available is None:
        raise UnknownOutcome("The reply says OK and tells no balance.")
    return Balance(available, _amount_up_to(MAX_CREDITS, reply.get("purchased")))


def _read_acceptance(recipients: Sequence[str], text: str, reply: Json) -> Acceptance:
    """Reads the reply to a send, which stays accepted, whatever else is missing or untrue."""
    acceptance = Acceptance(
        message_id=_known_message_id(reply.get("msg-id")),
        numbers=_integer_up_to(len(recipients), reply.get("numbers")),
        points_charged=_amount_up_to(_highest_price(recipients, text), reply.get("points-charged")),
        balance_after=_amount_up_to(MAX_CREDITS, reply.get("balance-after")),
        unix_timestamp=_integer_up_to(MAX_TIMESTAMP, reply.get("unix-timestamp")),
    )
    implausible = tuple(
        f"{name} {_quotable(reply[name])}"
        for name, attribute in _ACCEPTANCE_FIELDS.items()
        if reply.get(name) is not None and getattr(acceptance, attribute) is None
    )
    return replace(acceptance, implausible=implausible)


def _highest_price(recipients: Sequence[str], text: str) -> int:
    """The credits that the gateway cannot charge more than."""
    abroad = sum(not number.startswith(KUWAIT_CODE) for number in recipients)
    rates = MAX_RATE * abroad + MAX_KUWAIT_RATE * (len(recipients) - abroad)
    return max(1, pages(text)) * rates


def _amount_up_to(most: int, value: Any) -> Decimal | None:
    """The amount if it is from 0 to `most`, else None."""
    number = amount(value)
    return number if number is not None and 0 <= number <= most else None


def _integer_up_to(most: int, value: Any) -> int | None:
    number = _amount_up_to(most, value)
    return None if number is None else int(number)


def _known_message_id(value: Any) -> str | None:
    """The message ID in a reply; None if it has not the form of one."""
    text = str(value).strip() if isinstance(value, str | Decimal) else ""
    return text if _MESSAGE_ID.fullmatch(text) else None


def _quotable(value: Any) -> str:
    """The value as a short text for logs and terminals."""
    text = str(value) if isinstance(value, str | Decimal) else type(value).__name__
    return "".join(one if one.isascii() and one.isprintable() else "?" for one in text[:40])


def _read_coverage(reply: Json) -> Coverage:
    """Reads the prefixes in any form; for an account without any, the gateway sends ERR033.

    Raises:
        UnknownOutcome: no prefix can be read; an empty coverage would hold back every number.
    """
    shapes = [*(reply.get(key) for key in _COVERAGE_KEYS), list(reply)]
    prefixes = next(filter(None, map(_prefixes, shapes)), ())
    if not prefixes:
        raise UnknownOutcome("The reply says OK and names no country.")
    return Coverage(prefixes)


def _prefixes(value: Any) -> tuple[str, ...]:
    """The prefixes in a list, in the names of an object, or in a text with commas."""
    listed = re.split(r"[,;\s]+", str(value)) if isinstance(value, str | Decimal) else value
    if not isinstance(listed, list | dict):
        return ()
    plain = (one.get("prefix") if isinstance(one, dict) else one for one in listed)
    return tuple(found[1] for one in plain if (found := _PREFIX.fullmatch(_text(one).strip())))


def _read_validation(reply: Json) -> Validation:
    lists = reply.get("mobile")
    lists = lists if isinstance(lists, dict) else {}
    return Validation(_texts(lists.get("OK")), _texts(lists.get("ER")), _texts(lists.get("NR")))


def _read_status(message_id: str, reply: Json) -> Status:
    return Status(message_id, _text(reply.get("status")), _text(reply.get("description")))


def _read_report(message_id: str, reply: Json) -> DeliveryReport:
    listed = reply.get("report")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    plain = [{str(key).lower(): value for key, value in row.items()} for row in rows]
    found = (Delivery(_text(row.get("number")), _text(row.get("status"))) for row in plain)
    return DeliveryReport(message_id, tuple(found))
