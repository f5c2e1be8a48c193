"""When to ask what became of a message, and what the answers mean. Pure.

Kuwait has no receipt from the phone: there, `status` says whether the gateway let the message go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kwtsms_bot.outbox.message import State
from kwtsms_client import DeliveryReport, Rejected

# After sending: soon, then with growing intervals; nothing changes any more after a day.
CHECK_DELAYS = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1_800, 7_200, 28_800, 86_400))
REPORT_DELAY = timedelta(minutes=5)  # Earlier there is no report.
KUWAIT = "965"
STUCK = "ERR030"
DELIVERED = frozenset({"received by recipient", "delivered", "delivered to mobile"})
PASSED_ON = DELIVERED | {"sent"}  # The words of a status for: the operator has it.
UNDELIVERED = frozenset({"blacklisted", "failed", "rejected", "undelivered", "expired"})


@dataclass(frozen=True, slots=True)
class TrackedCall:
    """An accepted call whose fate is followed."""

    attempt: int
    gateway_id: str
    phones: tuple[str, ...] = field(repr=False)
    sent_at: datetime
    checks: int
    passed_on: bool = False  # The gateway has said that it let it go.

    @property
    def foreign_phones(self) -> tuple[str, ...]:
        """The numbers for which there can be a delivery report."""
        return tuple(phone for phone in self.phones if not phone.startswith(KUWAIT))

    @property
    def domestic_known(self) -> bool:
        """Whether all is known of those for which there is no report."""
        return self.passed_on or len(self.foreign_phones) == len(self.phones)


@dataclass(frozen=True, slots=True)
class DeliveryUpdate:
    """What an answer told: of each number, of the call, and whether nothing more is to come."""

    states: Mapping[str, State] = field(default_factory=dict, repr=False)
    finished: bool = False
    status: str | None = None  # The gateway's own, about the call as a whole.


def wants_report(call: TrackedCall, now: datetime) -> bool:
    """Whether to ask for the delivery report rather than for the status.

    By turns, while it is not known whether the gateway has let go what is in Kuwait.
    """
    report_ready = bool(call.foreign_phones) and now - call.sent_at >= REPORT_DELAY
    return report_ready and (call.domestic_known or call.checks % 2 == 0)


def next_check(call: TrackedCall, now: datetime, *, finished: bool) -> datetime | None:
    """When to ask again; None where nothing more can be learned."""
    if finished or call.checks + 1 >= len(CHECK_DELAYS):
        return None
    return max(now, call.sent_at + CHECK_DELAYS[call.checks + 1])


def is_passed_on(status: str | None) -> bool:
    """Whether a status says that the operator has it; unknown words say nothing."""
    return status is not None and status.strip().casefold() in PASSED_ON


def from_status(call: TrackedCall, status: str) -> DeliveryUpdate:
    """What a status means: what the gateway has let go is stuck no more."""
    passed_on = is_passed_on(status)
    states = dict.fromkeys(call.phones if passed_on else (), State.SENT)
    return DeliveryUpdate(states, finished=passed_on and not call.foreign_phones, status=status)


def from_refusal(call: TrackedCall, error: Rejected) -> DeliveryUpdate:
    """What it means that there is no status or report: most often only that it is too early."""
    stuck = error.code == STUCK
    return DeliveryUpdate(dict.fromkeys(call.phones if stuck else (), State.STUCK))


def from_report(call: TrackedCall, report: DeliveryReport) -> DeliveryUpdate:
    """What a delivery report means."""
    reported = {one.recipient: _state_of(one.status) for one in report.deliveries}
    known = {phone: state for phone, state in reported.items() if state is not None}
    return DeliveryUpdate(
        known, finished=call.domestic_known and set(call.foreign_phones) <= known.keys()
    )


def _state_of(status: str) -> State | None:
    """What a word in it means; unknown words change nothing."""
    status = status.strip().casefold()
    if status in DELIVERED:
        return State.DELIVERED
    return State.UNDELIVERED if status in UNDELIVERED else None


COMPLAINT_PERIOD = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AcceptedCall:
    """A call that the gateway took, and its numbers that are complained about."""

    gateway_id: str
    accepted_at: datetime
    phones: tuple[str, ...] = field(repr=False)

    @property
    def deadline(self) -> datetime:
        """When it is too late to complain about it."""
        return self.accepted_at + COMPLAINT_PERIOD


def before_deadline(calls: Sequence[AcceptedCall], now: datetime) -> tuple[AcceptedCall, ...]:
    """Those that kwtSMS looks at still."""
    return tuple(one for one in calls if now <= one.deadline)
