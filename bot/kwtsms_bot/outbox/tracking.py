"""When to ask what became of a message, and what the answers mean. Pure.

Kuwait has no receipt from the phone: there, `status` says whether the gateway let the message go.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kwtsms_bot.outbox.message import State
from kwtsms_client import DeliveryReport, Rejected

# After sending: soon, then with growing intervals; nothing changes any more after a day.
CHECKS = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1_800, 7_200, 28_800, 86_400))
DLR_AFTER = timedelta(minutes=5)  # Earlier there is no report.
KUWAIT = "965"
STUCK = "ERR030"
DELIVERED = frozenset({"received by recipient", "delivered", "delivered to mobile"})
PASSED_ON = DELIVERED | {"sent"}  # The words of a status for: the operator has it.
UNDELIVERED = frozenset({"blacklisted", "failed", "rejected", "undelivered", "expired"})


@dataclass(frozen=True, slots=True)
class Tracked:
    """An accepted call whose fate is followed."""

    attempt: int
    gateway_id: str
    phones: tuple[str, ...] = field(repr=False)
    sent_at: datetime
    checks: int
    passed: bool = False  # The gateway has said that it let it go.

    @property
    def abroad(self) -> tuple[str, ...]:
        """The numbers for which there can be a delivery report."""
        return tuple(phone for phone in self.phones if not phone.startswith(KUWAIT))

    @property
    def known(self) -> bool:
        """Whether all is known of those for which there is no report."""
        return self.passed or len(self.abroad) == len(self.phones)


@dataclass(frozen=True, slots=True)
class Learned:
    """What an answer told: of each number, of the call, and whether nothing more is to come."""

    found: Mapping[str, State] = field(default_factory=dict, repr=False)
    over: bool = False
    word: str | None = None  # The gateway's own, about the call as a whole.


def wants_report(tracked: Tracked, now: datetime) -> bool:
    """Whether to ask for the delivery report rather than for the status.

    By turns, while it is not known whether the gateway has let go what is in Kuwait.
    """
    ripe = bool(tracked.abroad) and now - tracked.sent_at >= DLR_AFTER
    return ripe and (tracked.known or tracked.checks % 2 == 0)


def next_check(tracked: Tracked, now: datetime, *, settled: bool) -> datetime | None:
    """When to ask again; None where nothing more can be learned."""
    if settled or tracked.checks + 1 >= len(CHECKS):
        return None
    return max(now, tracked.sent_at + CHECKS[tracked.checks + 1])


def is_passed_on(word: str | None) -> bool:
    """Whether a status says that the operator has it; unknown words say nothing."""
    return word is not None and word.strip().casefold() in PASSED_ON


def from_status(tracked: Tracked, word: str) -> Learned:
    """What a status means: what the gateway has let go is stuck no more."""
    passed = is_passed_on(word)
    found = dict.fromkeys(tracked.phones if passed else (), State.SENT)
    return Learned(found, over=passed and not tracked.abroad, word=word)


def from_refusal(tracked: Tracked, error: Rejected) -> Learned:
    """What it means that there is no status or report: most often only that it is too early."""
    stuck = error.code == STUCK
    return Learned(dict.fromkeys(tracked.phones if stuck else (), State.STUCK))


def from_report(tracked: Tracked, report: DeliveryReport) -> Learned:
    """What a delivery report means."""
    states = {one.recipient: _reported(one.status) for one in report.deliveries}
    found = {phone: state for phone, state in states.items() if state is not None}
    return Learned(found, over=tracked.known and set(tracked.abroad) <= found.keys())


def _reported(word: str) -> State | None:
    """What a word in it means; unknown words change nothing."""
    word = word.strip().casefold()
    if word in DELIVERED:
        return State.DELIVERED
    return State.UNDELIVERED if word in UNDELIVERED else None
