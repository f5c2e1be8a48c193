"""What the gateway writes down: facts that tests and people read, and that nobody changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Where an accepted message stands."""

    QUEUED = "queued"  # waits for its turn in the queue
    SENT = "sent"  # left for the phones
    TEST = "test"  # test=1: stays in the queue, holds its credits
    STUCK = "stuck"  # never leaves the queue, holds its credits
    DELETED = "deleted"  # taken out of the queue by hand, credits given back


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A send that was accepted: the ledger says what was charged, whatever the caller learned."""

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
    """A message as a phone received it."""

    to: str
    sender: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """A request as it came in; `outcome` is OK, an error code, a fault's name, or None so far."""

    endpoint: str
    at: float  # the clock's monotonic seconds when it began
    method: str
    headers: Mapping[str, str]  # what the client says of itself and of its body
    payload: Mapping[str, Any] | None = None  # without the password; None: not readable JSON
    outcome: str | None = None
    message_id: str | None = None


class Kind(StrEnum):
    """What an `Event` tells."""

    REQUEST = "request"  # one came in
    ANSWERED = "answered"  # one was answered, or failed on purpose
    ACCEPTED = "accepted"  # a send entered the ledger
    REJECTED = "rejected"
    RECEIVED = "received"  # a phone has a new message
    STATE = "state"  # an entry, or its status or reports, changed
    BALANCE = "balance"
    CHANGED = "changed"  # knobs, faults, accounts, clock


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened; `facts` hold only what JSON can carry."""

    kind: Kind
    at: datetime
    facts: Mapping[str, Any]


def as_json(record: Entry | Sms | LoggedRequest | Event) -> dict[str, Any]:
    """The record as JSON values: times in ISO 8601, amounts as strings."""
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
