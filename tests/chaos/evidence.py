"""The evidence of a run from three sources: the people, the database and the gateway.

All times are seconds of the machine's real clock, which no test changes.
"""

from dataclasses import dataclass
from enum import StrEnum

from kwtsms_bot.outbox.states import State


class AckOutcome(StrEnum):
    """The result of a command, as the person sees it."""

    ACCEPTED = "accepted"  # Acknowledged without an error.
    REFUSED = "refused"  # A reply that nothing was accepted.
    WAITING = "waiting"  # A workflow step that never ended although its event was acknowledged.
    NOTHING = "nothing"  # No acknowledgement, or one that promises nothing.


@dataclass(frozen=True, slots=True)
class Submission:
    """A command that a person typed, with a unique text."""

    text: str
    numbers: tuple[str, ...]
    outcome: AckOutcome
    reply: str = ""  # The text of the acknowledgement.


@dataclass(frozen=True, slots=True)
class Row:
    """A recipient as stored in the database at the end."""

    id: int
    message: int
    text: str
    phone: str
    state: State
    gateway_id: str | None
    card: str  # The text of the message's card; "" if there is none.
    shown: bool  # Whether the database considers the card up to date.
    call: int | None = None  # Its last gateway call,
    owner: int | None = None  # and the process that owned that call.


@dataclass(frozen=True, slots=True)
class StateTransition:
    """A change of a recipient's state, in database order; `before` is None for a new recipient."""

    recipient: int
    before: State | None
    after: State
    reason: str | None = None
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Disruption:
    """An event that kept a process from saving its state: a kill, a stop or an outage."""

    at: float
    until: float
    process: int | None = None  # None: any process.


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """A request as the gateway saw it; after a fault its body may be unread."""

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
    """All evidence of a run."""

    submissions: tuple[Submission, ...]
    rows: tuple[Row, ...]
    transitions: tuple[StateTransition, ...]
    requests: tuple[GatewayRequest, ...]
    ledger: tuple[LedgerEntry, ...]
    job_slots: int = 0  # Claimed slots of scheduled jobs.
    kills: int = 0
    disruptions: tuple[Disruption, ...] = ()
