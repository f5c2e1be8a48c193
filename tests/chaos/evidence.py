"""What is known after a run, from three witnesses: the people, the database and the gateway.

All times are seconds of the machine's clock, which none of our tests sets.
"""

from dataclasses import dataclass
from enum import StrEnum

from kwtsms_bot.outbox.message import State


class AckOutcome(StrEnum):
    """What a person knows of their command."""

    ACCEPTED = "accepted"  # Acknowledged without a complaint.
    REFUSED = "refused"  # Told that nothing was accepted.
    WAITING = "waiting"  # A workflow whose event was acknowledged, and whose step never ended.
    NOTHING = "nothing"  # No acknowledgement came, or one that promises nothing.


@dataclass(frozen=True, slots=True)
class Submission:
    """One command that a person typed; its text is like no other's."""

    text: str
    numbers: tuple[str, ...]
    outcome: AckOutcome
    reply: str = ""  # What came with the acknowledgement.


@dataclass(frozen=True, slots=True)
class Row:
    """One number of a message, as the database has it at the end."""

    id: int
    message: int
    text: str
    phone: str
    state: State
    gateway_id: str | None
    card: str  # What people read of the message; "": nothing.
    shown: bool  # The database takes that for up to date.
    call: int | None = None  # The gateway call that it was in last,
    owner: int | None = None  # and the process that had it in hand.


@dataclass(frozen=True, slots=True)
class StateTransition:
    """One change of a recipient's state, in the order of the database; None: it was made."""

    recipient: int
    before: State | None
    after: State
    reason: str | None = None
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Disruption:
    """What kept a process from writing down what it knew: a kill, a stop, a trouble."""

    at: float
    until: float
    process: int | None = None  # None: any of them.


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """What the gateway saw of a request; a fault may have kept it from reading the body."""

    at: float
    endpoint: str
    outcome: str
    text: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A send that the gateway accepted."""

    message_id: str
    text: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of it."""

    submissions: tuple[Submission, ...]
    rows: tuple[Row, ...]
    transitions: tuple[StateTransition, ...]
    requests: tuple[GatewayRequest, ...]
    ledger: tuple[LedgerEntry, ...]
    job_slots: int = 0  # Slots of scheduled work that were taken.
    kills: int = 0
    disruptions: tuple[Disruption, ...] = ()
