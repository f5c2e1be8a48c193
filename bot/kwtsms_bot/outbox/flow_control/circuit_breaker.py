"""Circuit breaker: stops sending while the gateway's answers cannot be read. Pure.

    closed ──3 unreadable answers in a row──► open ──a probe is answered──► half-open: one trial
     ▲                                        ▲  │                              │
     │                                        └──┘ no answer: later again       │
     │                                        ▲                                 │
     │                                        └── no readable answer ───────────┤
     └── a readable answer ─────────────────────────────────────────────────────┘

A message that leaves while no answer can be read becomes unknown, and a person has to decide about
it: a campaign would be lost within seconds, urgent messages first. Queued messages lose nothing. A
probe costs nothing; where probes are answered but sends are not, one number is risked at a time, at
growing intervals.

A call that cannot be sent (no connection) is proven not to have left: it is retried, and opens
nothing. A refusal is a readable answer.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from kwtsms_bot.i18n.translator import N_

FAILURE_THRESHOLD = 3  # Unreadable answers in a row.
PROBE_DELAYS = (5, 10, 20, 30, 60, 120, 300)  # Seconds between two probes; the last one repeats.
# Seconds, at most, after a probe without an answer: it risked no message, and cost nothing.
MAX_UNANSWERED_DELAY = 60
OPEN_REASON = N_("Sending waits until kwtSMS sends readable answers again.")


class ResponseKind(Enum):
    """The kind of response to a call."""

    READABLE = auto()  # An answer that can be read, even a refusal.
    UNREADABLE = auto()  # The call left, and no readable answer came.
    NOT_SENT = auto()  # The call did not leave.


@dataclass(frozen=True, slots=True)
class BreakerState:
    """State of the circuit breaker, for all replicas; times are by the database's clock."""

    failures: int = 0  # Unreadable answers in a row.
    opened_at: datetime | None = None  # When it opened; None: it is closed.
    open: bool = False  # Nothing may leave, not even a trial call.
    failed_probes: int = 0  # Since then, up to where the delay stops growing.
    next_probe_at: datetime | None = None  # When the next probe is due.


CLOSED = BreakerState()


def after_call(
    state: BreakerState, response: ResponseKind, *, trial: bool, now: datetime
) -> BreakerState:
    """Returns the state after a call's response; `trial` marks the half-open breaker's call."""
    if response is ResponseKind.READABLE:
        return CLOSED
    if state.opened_at is not None:  # Calls that had left before say nothing new.
        return _reopen(state, now) if trial else state
    if response is ResponseKind.NOT_SENT:
        return state
    counted = replace(state, failures=state.failures + 1)
    if counted.failures < FAILURE_THRESHOLD:
        return counted
    return replace(
        counted, opened_at=now, open=True, next_probe_at=now + timedelta(seconds=PROBE_DELAYS[0])
    )


def after_probe(state: BreakerState, *, answered: bool, now: datetime) -> BreakerState:
    """Returns the state after a probe."""
    if not state.open:
        return state
    if answered:
        return replace(state, open=False, next_probe_at=now)
    return _reopen(state, now, longest=MAX_UNANSWERED_DELAY)


def _reopen(state: BreakerState, now: datetime, *, longest: int = PROBE_DELAYS[-1]) -> BreakerState:
    failed_probes = min(state.failed_probes + 1, len(PROBE_DELAYS) - 1)
    return replace(
        state,
        open=True,
        failed_probes=failed_probes,
        next_probe_at=now + timedelta(seconds=min(PROBE_DELAYS[failed_probes], longest)),
    )
