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

from kwtsms_bot.language import marked

UNREADABLE = 3  # So many in a row.
WAITS = (5, 10, 20, 30, 60, 120, 300)  # Seconds between two tries; the last one repeats.
REASON = marked("kwtSMS's answers cannot be read, so nothing is sent until one can.")


class Heard(Enum):
    """What came back of a call."""

    ANSWER = auto()  # Something that can be read, be it a refusal.
    NOTHING = auto()  # It left, and what came back cannot be read.
    NOT_ASKED = auto()  # It did not leave.


@dataclass(frozen=True, slots=True)
class Hold:
    """How sending stands, for all replicas; the times are the database's."""

    unread: int = 0  # Unreadable answers in a row.
    since: datetime | None = None  # When it was held; None: it is not.
    shut: bool = False  # Nothing may leave, not even one call that tries it.
    in_vain: int = 0  # Tries since then, as far as they make the next one later.
    next_at: datetime | None = None  # The next of them.


OPEN = Hold()


def after_call(hold: Hold, heard: Heard, *, trial: bool, now: datetime) -> Hold:
    """How it stands once a call has come to something; `trial`: it was let out to try it."""
    if heard is Heard.ANSWER:
        return OPEN
    if hold.since is not None:  # What had left before is no news.
        return _later(hold, now) if trial else hold
    if heard is Heard.NOT_ASKED:
        return hold
    counted = replace(hold, unread=hold.unread + 1)
    if counted.unread < UNREADABLE:
        return counted
    return replace(counted, since=now, shut=True, next_at=now + timedelta(seconds=WAITS[0]))


def after_question(hold: Hold, *, answered: bool, now: datetime) -> Hold:
    """How it stands once a question has come to something."""
    if not hold.shut:
        return hold
    return replace(hold, shut=False, next_at=now) if answered else _later(hold, now)


def _later(hold: Hold, now: datetime) -> Hold:
    in_vain = min(hold.in_vain + 1, len(WAITS) - 1)
    return replace(
        hold, shut=True, in_vain=in_vain, next_at=now + timedelta(seconds=WAITS[in_vain])
    )
