"""Values of requests to kwtSMS and of its replies, all immutable. Performs no I/O."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Outcome(StrEnum):
    """Outcome of a send for one number."""

    ACCEPTED = "accepted"  # The gateway accepted and charged it.
    REJECTED = "rejected"  # The gateway rejected it; nothing was charged.
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
    """Reply to a send call that was accepted; fields that the gateway left out are None."""

    message_id: str | None
    numbers: int | None
    points_charged: Decimal | None
    balance_after: Decimal | None
    unix_timestamp: int | None  # As sent; whether GMT+3 or UTC is not known.
    implausible: tuple[str, ...] = ()  # Fields that cannot be true, with their values: not used.


@dataclass(frozen=True, slots=True)
class Coverage:
    """The country prefixes that are active on the account."""

    prefixes: tuple[str, ...]

    def covers(self, number: str) -> bool:
        """Whether a number in international form has an active prefix."""
        return any(number.startswith(prefix) for prefix in self.prefixes)


@dataclass(frozen=True, slots=True)
class RejectedInput:
    """Input that is no phone number, or whose country is not active; it was not sent."""

    input: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """Result of a send for one number."""

    recipient: str
    outcome: Outcome
    message_id: str | None = None
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """Verdicts of the gateway on numbers: routable, malformed, without a route."""

    ok: tuple[str, ...]
    er: tuple[str, ...]
    nr: tuple[str, ...]
    rejected: tuple[RejectedInput, ...] = ()
    unanswered: tuple[RecipientResult, ...] = ()  # Numbers without a verdict, and the reason.


@dataclass(frozen=True, slots=True)
class Status:
    """Status of a message at the gateway, in the gateway's words."""

    message_id: str
    status: str
    description: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """Delivery status of a message at one phone, in the gateway's word."""

    recipient: str
    status: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Delivery report of a message: international numbers only."""

    message_id: str
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Accepted call of a send: its recipients, and the reply of kwtSMS."""

    recipients: tuple[str, ...]
    acceptance: Acceptance

    @property
    def uncounted(self) -> int:
        """The number of recipients that kwtSMS did not count; it does not say which."""
        counted = self.acceptance.numbers
        return 0 if counted is None else max(0, len(self.recipients) - counted)


@dataclass(frozen=True, slots=True)
class SendResult:
    """Result of a send: the outcome for every number, and the cost; true if all went well."""

    recipients: tuple[RecipientResult, ...]
    invalid: tuple[RejectedInput, ...] = ()
    points_charged: Decimal = Decimal(0)
    balance_after: Decimal | None = None
    warnings: tuple[str, ...] = ()  # Settings unfit for production; calls accepted in part.
    receipts: tuple[Receipt, ...] = ()  # One for each call that was accepted.

    def of(self, outcome: Outcome) -> tuple[str, ...]:
        """The numbers with this outcome."""
        return tuple(one.recipient for one in self.recipients if one.outcome is outcome)

    @property
    def accepted(self) -> tuple[str, ...]:
        """The numbers that the gateway accepted."""
        return self.of(Outcome.ACCEPTED)

    @property
    def rejected(self) -> tuple[str, ...]:
        """The numbers that the gateway rejected."""
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
        """The number of accepted recipients that kwtSMS did not count; it does not say which."""
        return sum(one.uncounted for one in self.receipts)

    @property
    def ok(self) -> bool:
        """Whether every number was valid, accepted and counted."""
        all_accepted = len(self.accepted) == len(self.recipients) > 0
        return all_accepted and not self.invalid and not self.uncounted

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True, slots=True)
class Verification:
    """Check of the credentials: the balance, or the error. True if they work."""

    ok: bool
    balance: Balance | None
    error: str | None

    def __bool__(self) -> bool:
        return self.ok
