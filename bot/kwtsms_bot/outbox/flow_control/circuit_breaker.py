"""Sending is held while the gateway's answers cannot be read, and goes on by itself. Pure.

    open ──3 unreadable answers in a row──► shut ──a question is answered──► one call may try it
     ▲                                     ▲    │                             │
     │                                     └────┘ no answer: again, later     │
     │                                     ▲                                  │
     │                                     └── no readable answer ────────────┤
     └── a readable answer ───────────────────────────────────────────────────┘

What leaves while no answer can be read becomes unknown, and a person has to decide about each: a
campaign would be lost so within seconds, and urgent ones first. Nothing is lost by what waits. A
question costs nothing, and where questions are answered but sends are not, one number is risked at
a time, ever more seldom.

What cannot be sent (no connection) is proven not to have left: it is tried again and counts for
nothing here. A refusal is an answer.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from kwtsms_bot.i18n.translator import N_

FAILURE_THRESHOLD = 3  # So many in a row.
PROBE_DELAYS = (5, 10, 20, 30, 60, 120, 300)  # Seconds between two tries; the last one repeats.
OPEN_REASON = N_("kwtSMS's answers cannot be read, so nothing is sent until one can.")


class ResponseKind(Enum):
    """What came back of a call."""

    READABLE = auto()  # Something that can be read, be it a refusal.
    UNREADABLE = auto()  # It left, and what came back cannot be read.
    NOT_SENT = auto()  # It did not leave.


@dataclass(frozen=True, slots=True)
class BreakerState:
    """How sending stands, for all replicas; the times are the database's."""

    failures: int = 0  # Unreadable answers in a row.
    opened_at: datetime | None = None  # When it was held; None: it is not.
    open: bool = False  # Nothing may leave, not even one call that tries it.
    failed_probes: int = 0  # Tries since then, as far as they make the next one later.
    next_probe_at: datetime | None = None  # The next of them.


CLOSED = BreakerState()


def after_call(
    state: BreakerState, response: ResponseKind, *, trial: bool, now: datetime
) -> BreakerState:
    """How it stands once a call has come to something; `trial`: it was let out to try it."""
    if response is ResponseKind.READABLE:
        return CLOSED
    if state.opened_at is not None:  # What had left before is no news.
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
    """How it stands once a question has come to something."""
    if not state.open:
        return state
    return replace(state, open=False, next_probe_at=now) if answered else _reopen(state, now)


def _reopen(state: BreakerState, now: datetime) -> BreakerState:
    failed_probes = min(state.failed_probes + 1, len(PROBE_DELAYS) - 1)
    return replace(
        state,
        open=True,
        failed_probes=failed_probes,
        next_probe_at=now + timedelta(seconds=PROBE_DELAYS[failed_probes]),
    )
