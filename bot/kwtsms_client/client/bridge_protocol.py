"""Requests to a send API and its answers, as values. Performs no I/O.

A request to send has a key, and the bridge sends a key once. So it may be repeated after any
failure, unlike a request to kwtSMS.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kwtsms_client.errors import BridgeRefused, KwtSMSError, NotSent, UnknownOutcome

FIRST_DELAY, MAX_DELAY = 0.5, 30.0  # Seconds between two tries; each is twice the one before.
# Codes of answers that another try of the same request may change.
TRANSIENT = frozenset({"in_progress", "busy", "database", "paused"})
# After these it is not known whether an earlier try was accepted.
_UNDECIDED = frozenset({"in_progress", "busy", "database"})
_SUCCESS = range(200, 300)
NO_ANSWER, UNREACHABLE = "No answer came from the bridge.", "The bridge can't be reached."
STRANGE_ANSWER = "The answer is none of a kwtsms-bridge: check the address, and a proxy in front."


@dataclass(frozen=True, slots=True)
class BridgeRequest:
    """A request to the API; a path below its address."""

    method: str
    path: str
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None


@dataclass(frozen=True, slots=True)
class BridgeRecipient:
    """A recipient of a message; `number` is None once it is erased."""

    number: str | None = field(repr=False)
    status: str
    code: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeMessage:
    """A message at the bridge; one of a dry run has no ID."""

    id: str | None
    status: str
    reference: str | None
    sender_id: str
    text: str | None = field(repr=False)
    changes: Mapping[str, int]  # What cleaning removed or replaced, by kind.
    pages: int
    credits: int
    test: bool
    recipients: tuple[BridgeRecipient, ...]
    created_at: datetime
    expires_at: datetime | None


def send_body(
    to: str | Sequence[str], text: str, options: Mapping[str, object | None]
) -> dict[str, Any]:
    """Returns the body of a message; options that are None are left out."""
    given = {name: value for name, value in options.items() if value is not None}
    return {"to": to if isinstance(to, str) else list(to), "text": text, **given}


def read_message(answer: Any) -> BridgeMessage:
    """Returns the message in an answer.

    Raises:
        UnknownOutcome: the answer is none of a bridge.
    """
    try:
        return BridgeMessage(
            id=answer.get("id"),
            status=answer["status"],
            reference=answer["reference"],
            sender_id=answer["sender_id"],
            text=answer["text"],
            changes={one["kind"]: one["count"] for one in answer["changes"]},
            pages=answer["pages"],
            credits=answer["credits"],
            test=answer["test"],
            recipients=tuple(_read_recipient(one) for one in answer["recipients"]),
            created_at=_read_time(answer["created_at"]),
            expires_at=answer["expires_at"] and _read_time(answer["expires_at"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnknownOutcome(STRANGE_ANSWER) from error


def read_answer(status: int, body: bytes, retry_after: str | None) -> Any:
    """Returns the JSON of an answer.

    Raises:
        BridgeRefused: the bridge refused the request.
        UnknownOutcome: the answer is none of a bridge; it may come from a proxy in front of it.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise UnknownOutcome(STRANGE_ANSWER) from None
    if status in _SUCCESS:
        return answer
    try:
        error = answer["error"]
        raise BridgeRefused(
            str(error["code"]),
            str(error["message"]),
            status=status,
            param=error["param"],
            retry_after=float(retry_after) if retry_after else None,
        )
    except (KeyError, TypeError, ValueError):
        raise UnknownOutcome(STRANGE_ANSWER) from None


def retry_delay(error: KwtSMSError, attempt: int) -> float | None:
    """Returns the seconds until the next try; None: another try is in vain."""
    delay = min(MAX_DELAY, FIRST_DELAY * 2**attempt)
    if isinstance(error, BridgeRefused):
        return max(delay, error.retry_after or 0) if error.code in TRANSIENT else None
    return delay if isinstance(error, NotSent | UnknownOutcome) else None


def final_error(error: KwtSMSError, key: str | None, *, undecided: bool) -> KwtSMSError:
    """Returns the error to raise; `undecided` is whether an earlier try may have been accepted."""
    decided = isinstance(error, BridgeRefused) and error.code not in _UNDECIDED
    is_unknown = isinstance(error, BridgeRefused) and error.code == "database"
    if decided or not (undecided or is_unknown):
        return error
    text = str(error)
    if key:
        text += f" It may have been accepted. To repeat it safely, use the key {key}."
    return UnknownOutcome(text)


def _read_recipient(one: Mapping[str, Any]) -> BridgeRecipient:
    return BridgeRecipient(one["to"], one["status"], one["code"], one["reason"])


def _read_time(written: str) -> datetime:
    return datetime.fromisoformat(written)
