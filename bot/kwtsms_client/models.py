"""The facts of a conversation with kwtSMS, frozen. Performs no I/O."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a number in a send."""

    ACCEPTED = "accepted"  # The gateway took it, and charged it.
    REJECTED = "rejected"  # The gateway said no; nothing was charged.
    NOT_SENT = "not_sent"  # Nothing left this machine.
    UNKNOWN = "unknown"  # It left, and no readable answer came; never sent again by this library.


@dataclass(frozen=True, slots=True)
class Credentials:
    """The API user (not the mobile number of the login) and its password."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Balance:
    """Credits on the account."""

    available: Decimal
    purchased: Decimal | None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The OK to one send call; what the gateway left out is None."""

    message_id: str | None
    numbers: int | None
    points_charged: Decimal | None
    balance_after: Decimal | None
    unix_timestamp: int | None  # As sent; whether GMT+3 or UTC is not known.


@dataclass(frozen=True, slots=True)
class Coverage:
    """The country prefixes that are active on the account."""

    prefixes: tuple[str, ...]

    def covers(self, number: str) -> bool:
        """Whether a number in international form has an active prefix."""
        return any(number.startswith(prefix) for prefix in self.prefixes)


@dataclass(frozen=True, slots=True)
class RejectedInput:
    """Something that was to be a number and is none; nothing was asked about it."""

    input: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """What became of one number."""

    recipient: str
    outcome: Outcome
    message_id: str | None = None
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """What the gateway says of numbers: routable, malformed, without a route."""

    ok: tuple[str, ...]
    er: tuple[str, ...]
    nr: tuple[str, ...]
    rejected: tuple[RejectedInput, ...] = ()
    unanswered: tuple[RecipientResult, ...] = ()  # Nothing was learned of these, and why.


@dataclass(frozen=True, slots=True)
class Status:
    """What the gateway did with a message; the words are the gateway's."""

    message_id: str
    status: str
    description: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message at one phone; the word is the gateway's."""

    recipient: str
    status: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The delivery report of a message: international numbers only."""

    message_id: str
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The OK to one call of a send: whom it was for, and what kwtSMS said."""

    recipients: tuple[str, ...]
    acceptance: Acceptance

    @property
    def uncounted(self) -> int:
        """How many of the numbers kwtSMS did not count; it does not say which."""
        counted = self.acceptance.numbers
        return 0 if counted is None else max(0, len(self.recipients) - counted)


@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of every number of a send, and what it cost; true where all went well."""

    recipients: tuple[RecipientResult, ...]
    invalid: tuple[RejectedInput, ...] = ()
    points_charged: Decimal = Decimal(0)
    balance_after: Decimal | None = None
    warnings: tuple[str, ...] = ()  # What went well, and should not be so in production.
    receipts: tuple[Receipt, ...] = ()  # One for each call that was accepted.

    def of(self, outcome: Outcome) -> tuple[str, ...]:
        """The numbers with this outcome."""
        return tuple(one.recipient for one in self.recipients if one.outcome is outcome)

    @property
    def accepted(self) -> tuple[str, ...]:
        """The numbers that the gateway took."""
        return self.of(Outcome.ACCEPTED)

    @property
    def rejected(self) -> tuple[str, ...]:
        """The numbers that the gateway refused."""
        return self.of(Outcome.REJECTED)

    @property
    def not_sent(self) -> tuple[str, ...]:
        """The numbers for which nothing left this machine."""
        return self.of(Outcome.NOT_SENT)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The numbers that may or may not have been sent to."""
        return self.of(Outcome.UNKNOWN)

    @property
    def message_ids(self) -> tuple[str, ...]:
        """The gateway's ids, each once."""
        return tuple(dict.fromkeys(one.message_id for one in self.recipients if one.message_id))

    @property
    def uncounted(self) -> int:
        """How many of the accepted numbers kwtSMS did not count; it does not say which."""
        return sum(one.uncounted for one in self.receipts)

    @property
    def ok(self) -> bool:
        """Every number was accepted, and counted."""
        all_accepted = len(self.accepted) == len(self.recipients) > 0
        return all_accepted and not self.invalid and not self.uncounted

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the credentials work: the balance, or what is wrong. True where they do."""

    ok: bool
    balance: Balance | None
    error: str | None

    def __bool__(self) -> bool:
        return self.ok
