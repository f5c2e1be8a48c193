"""Limits on what may be accepted, and the check against them. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

HOUR = timedelta(hours=1)


class Limit(StrEnum):
    """The kind of a limit."""

    PERSON = "person"  # Messages of one person in an hour.
    NUMBER = "number"  # Messages to one phone in an hour.
    DAY = "day"  # Credits of all people from midnight to midnight in Kuwait.


@dataclass(frozen=True, slots=True)
class Allowance:
    """The configured limits; None: unlimited."""

    messages_per_hour: int | None = None
    per_number_per_hour: int | None = None
    credits_per_day: int | None = None
    duplicate_window: timedelta | None = None  # An author sends a text to a number once in it.


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage so far, as far as it matters for one message."""

    # When the oldest message that counts was sent; None: there are fewer than the limit.
    author_since: datetime | None
    busiest_since: datetime | None  # Likewise, of the number that reached its limit last.
    spent_today: int


@dataclass(frozen=True, slots=True)
class QuotaExceeded:
    """A limit that a message would exceed."""

    limit: Limit
    maximum: int
    remaining: int
    ends_at: datetime


class QuotaExceededError(Exception):
    """The message was not accepted; `exceeded` says which limit, and when it ends."""

    def __init__(self, exceeded: QuotaExceeded) -> None:
        super().__init__(f"over the limit: {exceeded.limit}, {exceeded.maximum}")
        self.exceeded = exceeded


class DuplicateMessage(Exception):
    """The message was not accepted: the same person has just sent it to one of these numbers."""


UNLIMITED = Allowance()


def check_limits(
    allowance: Allowance, usage: Usage, credits_needed: int, day_ends_at: datetime
) -> QuotaExceeded | None:
    """Returns the first limit that a message of so many credits would exceed."""
    maximum = allowance.messages_per_hour
    if maximum is not None and usage.author_since is not None:
        return QuotaExceeded(Limit.PERSON, maximum, 0, usage.author_since + HOUR)
    maximum = allowance.per_number_per_hour
    if maximum is not None and usage.busiest_since is not None:
        return QuotaExceeded(Limit.NUMBER, maximum, 0, usage.busiest_since + HOUR)
    maximum = allowance.credits_per_day
    if maximum is not None and usage.spent_today + credits_needed > maximum:
        return QuotaExceeded(Limit.DAY, maximum, max(0, maximum - usage.spent_today), day_ends_at)
    return None
