"""What is known after a run, from three witnesses: the people, the database and the gateway."""

from dataclasses import dataclass
from enum import StrEnum

from kwtsms_bot.outbox.message import State


class Told(StrEnum):
    """What a person knows of their command."""

    ACCEPTED = "accepted"  # Acknowledged without a complaint.
    REFUSED = "refused"  # Told that nothing was accepted.
    WAITING = "waiting"  # A workflow whose event was acknowledged, and whose step never ended.
    NOTHING = "nothing"  # No acknowledgement came, or one that promises nothing.


@dataclass(frozen=True, slots=True)
class Asked:
    """One command that a person typed; its text is like no other's."""

    text: str
    numbers: tuple[str, ...]
    told: Told
    words: str = ""  # What came with the acknowledgement.


@dataclass(frozen=True, slots=True)
class Row:
    """One number of a message, as the database has it at the end."""

    id: int
    message: int
    text: str
    phone: str
    state: State
    gateway_id: str | None
    told_unknown: bool  # Its card says that it may have been sent.
    shown: bool  # Its card shows what is so.


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a recipient's state, in the order of the database; None: it was made."""

    recipient: int
    before: State | None
    after: State
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What the gateway saw of a request; a fault may have kept it from reading the body."""

    at: float
    endpoint: str
    outcome: str
    text: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A send that the gateway accepted."""

    message_id: str
    text: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of it."""

    asked: tuple[Asked, ...]
    rows: tuple[Row, ...]
    steps: tuple[Step, ...]
    requests: tuple[Request, ...]
    ledger: tuple[Entry, ...]
    ticks: int = 0  # Slots of scheduled work that were taken.
    kills: int = 0
