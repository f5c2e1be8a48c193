"""The gateway's records, which tests and people read. Immutable."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """State of an accepted message."""

    QUEUED = "queued"  # waiting in the queue
    SENT = "sent"  # delivered to the phones
    TEST = "test"  # test=1: stays in the queue and stays charged
    STUCK = "stuck"  # never leaves the queue and stays charged
    DELETED = "deleted"  # deleted from the queue by an administrator, credits refunded


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Accepted send: records what was charged, whatever the caller learned."""

    message_id: str
    account: str
    sender: str
    numbers: tuple[str, ...]
    text: str
    pages: int
    points: Decimal
    test: bool
    at: datetime
    leaves_at: datetime
    state: State


@dataclass(frozen=True, slots=True)
class Sms:
    """Message as a phone received it."""

    to: str
    sender: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """Incoming request; `outcome` is e.g. OK, an error code or a fault's name; None while open."""

    endpoint: str
    at: float  # the clock's monotonic seconds when it began
    method: str
    headers: Mapping[str, str]  # Content-Type, Accept and User-Agent only
    payload: Mapping[str, Any] | None = None  # without the password; None: not readable JSON
    outcome: str | None = None
    message_id: str | None = None


class Kind(StrEnum):
    """Kind of an `Event`."""

    REQUEST = "request"  # a request came in
    ANSWERED = "answered"  # a request was answered, or failed on purpose
    ACCEPTED = "accepted"  # a send entered the ledger
    REJECTED = "rejected"
    RECEIVED = "received"  # a phone has a new message
    STATE = "state"  # an entry, or its status or reports, changed
    BALANCE = "balance"
    CHANGED = "changed"  # knobs, faults, accounts, clock


@dataclass(frozen=True, slots=True)
class Event:
    """Event at the gateway; `facts` hold only what JSON can carry."""

    kind: Kind
    at: datetime
    facts: Mapping[str, Any]


def as_json(record: Entry | Sms | LoggedRequest | Event) -> dict[str, Any]:
    """Returns the record as JSON values: times in ISO 8601, amounts as strings."""
    return {name: _plain(getattr(record, name)) for name in record.__dataclass_fields__}


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case tuple():
            return list(value)
        case Mapping():
            return dict(value)
        case _:
            return value
