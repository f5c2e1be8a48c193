"""Limits on what may be accepted, and the check against them. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

HOUR = timedelta(hours=1)


class Limit(StrEnum):
    """The kind of a limit."""

    PERSON = "person"  # Messages of one person in an hour.
    NUMBER = "number"  # Messages to one phone in an hour.
    TEXT = "text"  # Numbers to which one person sends the same text in an hour.
    SPENDING = "spending"  # Credits of one person in an hour.
    DAY = "day"  # Credits of all people from midnight to midnight in Kuwait.


@dataclass(frozen=True, slots=True)
class Allowance:
    """The configured limits; None: unlimited."""

    messages_per_hour: int | None = None
    per_number_per_hour: int | None = None
    credits_per_day: int | None = None
    duplicate_window: timedelta | None = None  # An author sends a text to a number once in it.
    numbers_per_text: int | None = None  # Of one person in an hour.
    credits_per_hour: int | None = None  # Of one person, without what was approved.
    approve_credits: int | None = None  # From so many in an hour on, a second person approves.
    urgent_credits: int = 0  # Of the day's credits, kept for messages more urgent than this one.


@dataclass(frozen=True, slots=True)
class Spending:
    """The credits that one person spent within the hour, and when the first of them were spent."""

    credits: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage so far, as far as it matters for one message."""

    # When the oldest message that counts was sent; None: there are fewer than the limit.
    author_since: datetime | None
    busiest_since: datetime | None  # Likewise, of the number that reached its limit last.
    spent_today: int
    spending: Spending | None = None  # The author's; None: it does not matter.


@dataclass(frozen=True, slots=True)
class QuotaExceeded:
    """A limit that a message would exceed."""

    limit: Limit
    maximum: int
    remaining: int
    ends_at: datetime
    urgent_credits: int = 0  # Of the day's credits, kept for more urgent messages.


class QuotaExceededError(Exception):
    """The message was not accepted; `exceeded` says which limit, and when it ends."""

    def __init__(self, exceeded: QuotaExceeded) -> None:
        super().__init__(f"over the limit: {exceeded.limit}, {exceeded.maximum}")
        self.exceeded = exceeded


class DuplicateMessage(Exception):
    """The message was not accepted: the same person has just sent it to one of these numbers."""


class ApprovalNeeded(Exception):
    """The message was not accepted: with those of the last hour, a second person approves it."""


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
    exceeded = _check_day(allowance, usage, credits_needed, day_ends_at)
    if exceeded is not None:
        return exceeded
    maximum, spending = allowance.credits_per_hour, usage.spending
    if maximum is not None and spending is not None and spending.credits + credits_needed > maximum:
        left = max(0, maximum - spending.credits)
        return QuotaExceeded(Limit.SPENDING, maximum, left, spending.since + HOUR)
    return None


def _check_day(
    allowance: Allowance, usage: Usage, credits_needed: int, day_ends_at: datetime
) -> QuotaExceeded | None:
    if allowance.credits_per_day is None:
        return None
    kept = allowance.urgent_credits
    left = allowance.credits_per_day - kept - usage.spent_today
    if credits_needed <= left:
        return None
    return QuotaExceeded(Limit.DAY, allowance.credits_per_day, max(0, left), day_ends_at, kept)
