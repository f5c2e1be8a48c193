"""Rules for when to poll a message's delivery, and what the answers mean. Pure.

Phones in Kuwait send no receipt: there, `status` says whether the gateway passed the message on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kwtsms_bot.outbox.states import State
from kwtsms_client import DeliveryReport, Rejected

# After sending: soon, then at growing intervals; after a day nothing changes any more.
CHECK_DELAYS = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1_800, 7_200, 28_800, 86_400))
REPORT_DELAY = timedelta(minutes=5)  # Earlier there is no report.
KUWAIT = "965"
STUCK = "ERR030"
DELIVERED = frozenset({"received by recipient", "delivered", "delivered to mobile"})
PASSED_ON = DELIVERED | {"sent"}  # Status words for: the operator has it.
UNDELIVERED = frozenset({"blacklisted", "failed", "rejected", "undelivered", "expired"})


@dataclass(frozen=True, slots=True)
class TrackedCall:
    """An accepted call whose delivery is polled."""

    attempt: int
    gateway_id: str
    phones: tuple[str, ...] = field(repr=False)
    sent_at: datetime
    checks: int
    passed_on: bool = False  # The gateway has said that it passed it on.

    @property
    def foreign_phones(self) -> tuple[str, ...]:
        """The numbers for which there can be a delivery report."""
        return tuple(phone for phone in self.phones if not phone.startswith(KUWAIT))

    @property
    def domestic_known(self) -> bool:
        """Whether nothing more can be learned about the numbers without a report."""
        return self.passed_on or len(self.foreign_phones) == len(self.phones)


@dataclass(frozen=True, slots=True)
class DeliveryUpdate:
    """Parsed status or report: recipients' states, the call's status, and whether polling ends."""

    states: Mapping[str, State] = field(default_factory=dict, repr=False)
    finished: bool = False
    status: str | None = None  # The gateway's, of the call as a whole.


def wants_report(call: TrackedCall, now: datetime) -> bool:
    """Whether to ask for the delivery report rather than for the status.

    Alternates until the gateway has passed on the numbers in Kuwait.
    """
    report_ready = bool(call.foreign_phones) and now - call.sent_at >= REPORT_DELAY
    return report_ready and (call.domestic_known or call.checks % 2 == 0)


def next_check(call: TrackedCall, now: datetime, *, finished: bool) -> datetime | None:
    """Returns when to poll again; None if nothing more can be learned."""
    if finished or call.checks + 1 >= len(CHECK_DELAYS):
        return None
    return max(now, call.sent_at + CHECK_DELAYS[call.checks + 1])


def is_passed_on(status: str | None) -> bool:
    """Whether a status says that the operator has the message; unknown words do not."""
    return status is not None and status.strip().casefold() in PASSED_ON


def from_status(call: TrackedCall, status: str) -> DeliveryUpdate:
    """Returns the update from a status; numbers that were passed on are no longer stuck."""
    passed_on = is_passed_on(status)
    states = dict.fromkeys(call.phones if passed_on else (), State.SENT)
    return DeliveryUpdate(states, finished=passed_on and not call.foreign_phones, status=status)


def from_refusal(call: TrackedCall, error: Rejected) -> DeliveryUpdate:
    """Returns the update from a refused status or report; mostly it is only too early."""
    stuck = error.code == STUCK
    return DeliveryUpdate(dict.fromkeys(call.phones if stuck else (), State.STUCK))


def from_report(call: TrackedCall, report: DeliveryReport) -> DeliveryUpdate:
    """Returns the update from a delivery report."""
    reported = {one.recipient: _state_of(one.status) for one in report.deliveries}
    known = {phone: state for phone, state in reported.items() if state is not None}
    return DeliveryUpdate(
        known, finished=call.domestic_known and set(call.foreign_phones) <= known.keys()
    )


def _state_of(status: str) -> State | None:
    """Returns the state that a report's word means; None if it is unknown."""
    status = status.strip().casefold()
    if status in DELIVERED:
        return State.DELIVERED
    return State.UNDELIVERED if status in UNDELIVERED else None


COMPLAINT_PERIOD = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AcceptedCall:
    """A call that kwtSMS accepted, with the numbers that a support request is about."""

    gateway_id: str
    accepted_at: datetime
    phones: tuple[str, ...] = field(repr=False)

    @property
    def deadline(self) -> datetime:
        """The time until which kwtSMS support investigates the call."""
        return self.accepted_at + COMPLAINT_PERIOD


def before_deadline(calls: Sequence[AcceptedCall], now: datetime) -> tuple[AcceptedCall, ...]:
    """Returns the calls that kwtSMS support still investigates."""
    return tuple(one for one in calls if now <= one.deadline)
