"""How much may be accepted, and what is too much. Pure: the figures come from the store."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

HOUR = timedelta(hours=1)


class Limit(StrEnum):
    """What can be used up."""

    PERSON = "person"  # Messages of one person in an hour.
    NUMBER = "number"  # Messages to one phone in an hour.
    DAY = "day"  # Credits of all people from midnight to midnight in Kuwait.


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much is allowed; None: any amount."""

    messages_per_hour: int | None = None
    per_number_per_hour: int | None = None
    credits_per_day: int | None = None
    same_within: timedelta | None = None  # One text of one person to one number only once.


@dataclass(frozen=True, slots=True)
class Usage:
    """What has been used so far, as far as it matters for one message."""

    author_since: datetime | None  # When the oldest of as many messages as one may send was sent.
    busiest_since: datetime | None  # The same of the busiest of the numbers; None: none is full.
    spent_today: int


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that a message would go over."""

    limit: Limit
    most: int
    left: int
    ends_at: datetime


class OverLimit(Exception):
    """The message was not accepted; `breach` says which limit, and when it ends."""

    def __init__(self, breach: Breach) -> None:
        super().__init__(f"over the limit: {breach.limit}, {breach.most}")
        self.breach = breach


class SentBefore(Exception):
    """The message was not accepted: the same person has just sent it to one of these numbers."""


UNLIMITED = Allowance()


def breach(
    allowance: Allowance, usage: Usage, credits_needed: int, day_ends: datetime
) -> Breach | None:
    """The first limit that a message of so many credits would go over."""
    most = allowance.messages_per_hour
    if most is not None and usage.author_since is not None:
        return Breach(Limit.PERSON, most, 0, usage.author_since + HOUR)
    most = allowance.per_number_per_hour
    if most is not None and usage.busiest_since is not None:
        return Breach(Limit.NUMBER, most, 0, usage.busiest_since + HOUR)
    most = allowance.credits_per_day
    if most is not None and usage.spent_today + credits_needed > most:
        return Breach(Limit.DAY, most, max(0, most - usage.spent_today), day_ends)
    return None
