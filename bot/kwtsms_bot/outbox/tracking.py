"""When to ask what became of a message, and what the answers mean. Pure.

Kuwait has no receipt from the phone: there, `status` says whether the gateway let the message go.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kwtsms_bot.outbox.message import State

# After sending: soon, then with growing intervals; nothing changes any more after a day.
CHECKS = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1_800, 7_200, 28_800, 86_400))
DLR_AFTER = timedelta(minutes=5)  # Earlier there is no report.
KUWAIT = "965"
DELIVERED = frozenset({"received by recipient", "delivered", "delivered to mobile"})
UNDELIVERED = frozenset({"blacklisted", "failed", "rejected", "undelivered", "expired"})


@dataclass(frozen=True, slots=True)
class Tracked:
    """An accepted call whose fate is followed."""

    attempt: int
    gateway_id: str
    phones: tuple[str, ...] = field(repr=False)
    sent_at: datetime
    checks: int

    @property
    def abroad(self) -> tuple[str, ...]:
        """The numbers for which there can be a delivery report."""
        return tuple(phone for phone in self.phones if not phone.startswith(KUWAIT))


def wants_report(tracked: Tracked, now: datetime) -> bool:
    """Whether to ask for the delivery report rather than for the status."""
    return bool(tracked.abroad) and now - tracked.sent_at >= DLR_AFTER


def next_check(tracked: Tracked, now: datetime, *, settled: bool) -> datetime | None:
    """When to ask again; None where nothing more can be learned."""
    if settled or tracked.checks + 1 >= len(CHECKS):
        return None
    return max(now, tracked.sent_at + CHECKS[tracked.checks + 1])


def from_report(word: str) -> State | None:
    """What a word in a delivery report means; unknown words change nothing."""
    word = word.strip().casefold()
    if word in DELIVERED:
        return State.DELIVERED
    return State.UNDELIVERED if word in UNDELIVERED else None
