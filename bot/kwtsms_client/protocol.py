"""What goes over the wire, as values. Performs no I/O.

One function per endpoint gives a `Call`; a carrier makes bytes of it with `request_body`, carries
them, and reads the answer with `read_reply`. Source: the vendor's REST/JSON API 4.1.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar

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

BASE_URL = "https://www.kwtsms.com/API/"
# Without both headers the gateway answers in its old text form.
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
MAX_RECIPIENTS = 200  # ERR007
MAX_REPLY_BYTES = 1 << 20
MAX_NUMBER_CHARACTERS = 40  # Of a number in a reply; longer ones are not amounts.
_COVERAGE_KEYS = ("prefixes", "coverage", "list", "countries", "prefix")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One exchange: where it goes, what it says, and how to read what comes back."""

    path: str
    payload: Json = field(repr=False)  # Numbers and text are nobody's business.
    read: Callable[[Json], T] = field(repr=False)


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
    return Call("validate/", {"mobile": _joined(numbers)}, _read_validation)


def send(*, sender: str, recipients: Sequence[str], text: str, test: bool) -> Call[Acceptance]:
    """One text to at most 200 numbers, which are normalised; the text is clean."""
    payload = {
        "sender": sender,
        "mobile": _joined(recipients),
        "message": text,
        "test": "1" if test else "0",
    }
    return Call("send/", payload, _read_acceptance)


def status(message_id: str) -> Call[Status]:
    """What the gateway did with a message."""
    return Call("status/", {"msgid": message_id}, lambda reply: _read_status(message_id, reply))


def dlr(message_id: str) -> Call[DeliveryReport]:
    """The delivery report: international numbers only, not before five minutes after sending."""
    return Call("dlr/", {"msgid": message_id}, lambda reply: _read_report(message_id, reply))


def request_body(call: Call[Any], credentials: Credentials) -> bytes:
    """The bytes to post: the password is in them, so they are never logged."""
    login = {"username": credentials.username, "password": credentials.password}
    return json.dumps({**login, **call.payload}, ensure_ascii=False).encode()


def read_reply(call: Call[T], status: int, body: bytes) -> T:
    """The answer, whatever the HTTP status: errors ride on 4xx and on 200 alike.

    Raises:
        Rejected: the gateway said no.
        UnknownOutcome: the answer cannot be read.
    """
    if len(body) > MAX_REPLY_BYTES:
        raise UnknownOutcome(f"The reply is larger than {MAX_REPLY_BYTES} bytes.")
    try:
        reply = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise UnknownOutcome(f"The reply (HTTP {status}) is not JSON.") from error
    if not isinstance(reply, dict):
        raise UnknownOutcome(f"The reply (HTTP {status}) is not a JSON object.")
    result = str(reply.get("result", "")).upper()
    if result == "ERROR" and isinstance(reply.get("code"), str):
        raise rejection(reply["code"][:20], str(reply.get("description") or "")[:500])
    if result != "OK":
        raise UnknownOutcome(f"The reply (HTTP {status}) says neither OK nor a known error.")
    return call.read(reply)


def amount(value: Any) -> Decimal | None:
    """An int, a float or a numeric string as a Decimal; anything else is None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    text = str(value).strip()
    if len(text) > MAX_NUMBER_CHARACTERS:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _joined(numbers: Sequence[str]) -> str:
    if not 0 < len(numbers) <= MAX_RECIPIENTS:
        raise InvalidInput(f"Expected 1 to {MAX_RECIPIENTS} numbers, got {len(numbers)}.")
    return ",".join(numbers)


def _whole(value: Any) -> int | None:
    number = amount(value)
    return int(number) if number is not None and abs(number) < Decimal(10) ** 18 else None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _read_balance(reply: Json) -> Balance:
    available = amount(reply.get("available"))
    if available is None:
        raise UnknownOutcome("The reply says OK and tells no balance.")
    return Balance(available, amount(reply.get("purchased")))


def _read_acceptance(reply: Json) -> Acceptance:
    """An accepted send stays accepted, whatever else is missing."""
    message_id = reply.get("msg-id")
    return Acceptance(
        message_id=str(message_id) if isinstance(message_id, str | int) else None,
        numbers=_whole(reply.get("numbers")),
        points_charged=amount(reply.get("points-charged")),
        balance_after=amount(reply.get("balance-after")),
        unix_timestamp=_whole(reply.get("unix-timestamp")),
    )


def _read_coverage(reply: Json) -> Coverage:
    listed = next((reply[key] for key in _COVERAGE_KEYS if key in reply), None)
    if listed is None:
        listed = [key for key in reply if key.isdigit()]
    if isinstance(listed, dict):
        listed = list(listed)
    found = [one.get("prefix") if isinstance(one, dict) else one for one in listed or ()]
    return Coverage(tuple(str(one) for one in found if str(one).isdigit()))


def _read_validation(reply: Json) -> Validation:
    lists = reply.get("mobile")
    lists = lists if isinstance(lists, dict) else {}
    return Validation(_texts(lists.get("OK")), _texts(lists.get("ER")), _texts(lists.get("NR")))


def _read_status(message_id: str, reply: Json) -> Status:
    return Status(message_id, str(reply.get("status") or ""), str(reply.get("description") or ""))


def _read_report(message_id: str, reply: Json) -> DeliveryReport:
    rows = [row for row in reply.get("report") or () if isinstance(row, dict)]
    plain = [{str(key).lower(): value for key, value in row.items()} for row in rows]
    found = (Delivery(str(row.get("number", "")), str(row.get("status", ""))) for row in plain)
    return DeliveryReport(message_id, tuple(found))
