"""Messages and their recipients, as plain data. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum

from kwtsms_bot.outbox.decision import Decision
from kwtsms_bot.outbox.evidence import Evidence
from kwtsms_bot.outbox.states import State


class Priority(IntEnum):
    """Order of dispatch: the lowest value goes first."""

    URGENT = 0
    NORMAL = 1
    BULK = 2


PEOPLE = "people"  # The budget of what people send.


def no_quiet_hours() -> bool:
    """Returns False: the default of an outbox without quiet hours."""
    return False


def allowed_priorities(*, quiet: bool) -> tuple[Priority, ...]:
    """The priorities that may be sent now, the most urgent first; bulk waits in quiet hours."""
    return tuple(one for one in Priority if one is not Priority.BULK or not quiet)


@dataclass(frozen=True, slots=True)
class CardLocation:
    """Location of a message's card, opaque to the outbox; `ts` is None until it is posted."""

    channel: str
    ts: str | None


@dataclass(frozen=True, slots=True)
class DedupeKey:
    """Idempotency key of a request, unique within its scope."""

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
    request: str = ""  # The request's ID in the log.
    budget: str = PEOPLE  # Whose credits of the day it takes.
    has_card: bool = True  # False: something else shows its state in Slack.
    not_before: datetime | None = None  # None: it may leave at once.

    @property
    def content_hash(self) -> str:
        """The hash of sender ID, text and numbers, to compare requests that share a key."""
        parts = "\0".join((self.sender_id, self.text, *self.recipients))
        return hashlib.sha256(parts.encode()).hexdigest()

    @property
    def text_hash(self) -> str:
        """The hash that identifies the text without revealing it."""
        return hashlib.sha256(self.text.encode()).hexdigest()


ERASED = "#"  # Prefix of the placeholder for an erased number.


@dataclass(frozen=True, slots=True)
class Recipient:
    """One number of a message, with its state."""

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
    """The number of recipients in one state, and when the last of them entered it."""

    state: State
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason that recipients of a message share for their state, from kwtSMS or from us."""

    state: State
    code: str | None
    text: str | None
    due_at: datetime  # The earliest of these recipients'.


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message with a summary of its recipients: as large for 100,000 of them as for three.

    The recipients themselves are read from the store, in pages.
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
    sent_in_kuwait: bool  # A number in Kuwait was passed on; there, no phone sends a receipt.
    gateway_ids: tuple[str, ...]  # Each once, the oldest first.
    points: Decimal | None  # Charged so far, by the gateway's own figures.
    balance_after: Decimal | None
    evidence: tuple[Evidence, ...] = ()  # About unknown calls, once reconciled.
    decisions: tuple[Decision, ...] = ()  # The last few, the oldest first.
    unsure: int = 0  # Credits that calls of unknown outcome may have cost in addition.
    presumed_sent: int = 0  # Sent recipients that a person marked so; kwtSMS has not confirmed it.
    accepted_at: datetime | None = None  # When kwtSMS accepted the last call.
    status: str | None = None  # kwtSMS's latest status, and since when it says so.
    status_at: datetime | None = None
    passed_at: datetime | None = None  # When kwtSMS had passed on all it accepted; None: not yet.
    lost_at: datetime | None = None  # When the latest call of unknown outcome was given up.

    @property
    def size(self) -> int:
        """The number of recipients."""
        return sum(one.count for one in self.state_counts)

    @property
    def counts(self) -> Mapping[State, int]:
        """The number of recipients in each state; only states that occur."""
        return {one.state: one.count for one in self.state_counts}


@dataclass(frozen=True, slots=True)
class ClaimedCall:
    """The recipients of one gateway call, claimed by `owner` until the lease expires."""

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
    budget: str = PEOPLE
    priority: Priority = Priority.NORMAL
    trial: bool = False  # The breaker is half-open, and this is its trial call.
