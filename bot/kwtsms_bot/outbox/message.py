"""A message, its recipients and the states they go through. Pure.

queued ──► claimed ──► in_flight ──► sent ──► delivered | undelivered | stuck
  ▲  │        │            │
  │  │        │            ├──► rejected
  │  │        └► queued    ├──► queued    only where it is proven that nothing was sent
  │  │                     └──► unknown ──► sent | rejected   by a late answer or by a person
  │  └► cancelled | expired         │
  └─────────────────────────────────┘ by a person only

"in flight" is durable before the first byte leaves. What is in flight when its owner is gone
becomes unknown, and no code sends it again. What a person sends again is sent after all, where
the lost answer comes before it has left a second time.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

from kwtsms_bot.outbox.decision import Decision
from kwtsms_bot.outbox.evidence import Evidence


class State(StrEnum):
    """Where a recipient stands."""

    QUEUED = "queued"  # Waits for its time.
    CLAIMED = "claimed"  # A process has taken it and waits for its turn; nothing has left.
    IN_FLIGHT = "in_flight"  # The request may have left this machine.
    SENT = "sent"  # The gateway accepted and charged it.
    DELIVERED = "delivered"  # The phone has it (international numbers only).
    UNDELIVERED = "undelivered"  # The phone does not get it (international numbers only).
    STUCK = "stuck"  # Accepted, and stuck in the gateway's queue (ERR030).
    REJECTED = "rejected"  # The gateway said no; nothing was charged.
    CANCELLED = "cancelled"  # A person took it back before it left.
    EXPIRED = "expired"  # It could not be sent in time.
    UNKNOWN = "unknown"  # It left, and what became of it cannot be known.


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.CLAIMED, State.CANCELLED, State.EXPIRED, State.SENT}),
    State.CLAIMED: frozenset({State.IN_FLIGHT, State.QUEUED, State.CANCELLED}),
    State.IN_FLIGHT: frozenset({State.SENT, State.REJECTED, State.QUEUED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.SENT, State.REJECTED, State.QUEUED}),
    State.SENT: frozenset({State.DELIVERED, State.UNDELIVERED, State.STUCK}),
    State.STUCK: frozenset({State.SENT, State.DELIVERED, State.UNDELIVERED}),
    State.DELIVERED: frozenset(),
    State.UNDELIVERED: frozenset(),
    State.REJECTED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}


class IllegalTransition(Exception):
    """A state was to follow another that it cannot follow; nothing was changed."""


def check_transition(before: State, after: State) -> State:
    """`after`, where it may follow `before`.

    Raises:
        IllegalStep: it may not.
    """
    if after not in TRANSITIONS[before]:
        raise IllegalTransition(f"{before} cannot become {after}")
    return after


class Priority(IntEnum):
    """Who goes first."""

    URGENT = 0
    NORMAL = 1
    BULK = 2


def no_quiet_hours() -> bool:
    """The quiet hours of an outbox that has none."""
    return False


def allowed_priorities(*, quiet: bool) -> tuple[Priority, ...]:
    """The priorities that may be sent now, the most urgent first; bulk waits in quiet hours."""
    return tuple(one for one in Priority if one is not Priority.BULK or not quiet)


@dataclass(frozen=True, slots=True)
class CardLocation:
    """Where a message's card is shown: opaque here; without `ts` it is not shown yet."""

    channel: str
    ts: str | None


@dataclass(frozen=True, slots=True)
class DedupeKey:
    """What makes a request the same request."""

    scope: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to be accepted: its text is clean, its recipients are normalised and unique."""

    source: str
    author: str
    text: str = field(repr=False)
    sender_id: str
    recipients: tuple[str, ...] = field(repr=False)
    pages: int
    card_location: CardLocation | None = None
    priority: Priority = Priority.NORMAL
    expires_at: datetime | None = None
    test: bool = False
    key: DedupeKey | None = None
    team: str = ""
    request: str = ""  # What the log calls the request that it came with.

    @property
    def content_hash(self) -> str:
        """What makes its content the same content: sender ID, text, numbers."""
        parts = "\0".join((self.sender_id, self.text, *self.recipients))
        return hashlib.sha256(parts.encode()).hexdigest()

    @property
    def text_hash(self) -> str:
        """The text, for those who may not read it."""
        return hashlib.sha256(self.text.encode()).hexdigest()


ERASED = "#"  # Begins what stands in the place of a number that was erased.


@dataclass(frozen=True, slots=True)
class Recipient:
    """One number of a message, and where it stands."""

    id: int
    phone: str = field(repr=False)
    state: State
    due_at: datetime
    tries: int
    gateway_id: str | None
    code: str | None
    reason: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many recipients are in one state, and when the last of them came to it."""

    state: State
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Reason:
    """Why recipients are in a state: what kwtSMS or we have said, the same of all of them."""

    state: State
    code: str | None
    text: str | None
    due_at: datetime  # Of the first of them.


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as the outbox knows it: as large for 100,000 recipients as for three.

    Its recipients themselves are asked of the store, in pages.
    """

    id: int
    ref: str
    source: str
    author: str
    team: str
    text: str | None = field(repr=False)  # None once erased.
    text_hash: str
    sender_id: str
    priority: Priority
    pages: int
    test: bool
    created_at: datetime
    expires_at: datetime | None
    revision: int
    shown_revision: int
    card_location: CardLocation | None
    first_phones: tuple[str, ...] = field(repr=False)  # The first few numbers, as they were named.
    state_counts: tuple[StateCount, ...]  # In the order of the states; only those that occur.
    reasons: tuple[Reason, ...]
    sent_in_kuwait: bool  # Some that kwtSMS let go are in Kuwait, where no phone gives a receipt.
    gateway_ids: tuple[str, ...]  # Each once, the oldest first.
    points: Decimal | None  # Charged so far, by the gateway's own figures.
    balance_after: Decimal | None
    evidence: tuple[Evidence, ...] = ()  # Of what is unknown, once it is looked into.
    decisions: tuple[Decision, ...] = ()  # The last few, the oldest first.
    unsure: int = 0  # Credits that calls whose answer was lost may have cost besides.
    presumed_sent: int = 0  # Of what is sent: a person takes it as sent, kwtSMS has not said so.
    accepted_at: datetime | None = None  # When kwtSMS took the last of it.
    status: str | None = None  # kwtSMS's last word about it, and since when it says so.
    status_at: datetime | None = None
    passed_at: datetime | None = None  # When kwtSMS had let all go that it took; None: not yet.
    lost_at: datetime | None = None  # When the last call was given up whose outcome is unknown.

    @property
    def size(self) -> int:
        """How many recipients it has."""
        return sum(one.count for one in self.state_counts)

    @property
    def counts(self) -> Mapping[State, int]:
        """How many recipients are in each state; only states that occur."""
        return {one.state: one.count for one in self.state_counts}


@dataclass(frozen=True, slots=True)
class ClaimedCall:
    """One gateway call's worth of recipients, taken by `owner` until the lease runs out."""

    attempt: int
    message_id: int
    ref: str
    owner: str
    sender_id: str
    text: str = field(repr=False)
    pages: int
    created_at: datetime
    recipients: tuple[Recipient, ...]
    test: bool
    expires_at: datetime | None
    request: str = ""
    trial: bool = False  # Sending is held, and this call tries whether it can go on.
