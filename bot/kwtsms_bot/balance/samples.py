"""Derives usage from balance samples: credits used each day, and used outside the bot. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """The balance at one moment.

    If no call was in flight, `own_cost` is the cost of our calls since the last such moment, and
    `uncertain_cost` what calls of unknown outcome may have cost in addition.
    """

    at: datetime
    available: Decimal
    own_cost: Decimal | None = None
    uncertain_cost: Decimal = Decimal(0)


def midnight(day: date, zone: tzinfo) -> datetime:
    """Returns the time at which `day` begins in `zone`."""
    return datetime.combine(day, time(), zone)


def usage_by_day(samples: Sequence[Sample], zone: tzinfo) -> dict[date, Decimal]:
    """Returns the credits used on each day that the samples touch; a rise is a top-up, not use.

    Usage between two samples of different days is spread evenly over the time between them.
    """
    used: dict[date, Decimal] = {one.at.astimezone(zone).date(): Decimal(0) for one in samples}
    for before, after in pairwise(samples):
        drop = max(Decimal(0), before.available - after.available)
        for day, share in _time_shares(before.at, after.at, zone):
            used[day] = used.get(day, Decimal(0)) + drop * share
    return used


def usage_by_complete_day(samples: Sequence[Sample], zone: tzinfo) -> dict[date, Decimal]:
    """Returns the credits used on each day that the samples cover from midnight to midnight."""
    if not samples:
        return {}
    first, last = samples[0].at, samples[-1].at
    return {
        day: amount
        for day, amount in usage_by_day(samples, zone).items()
        if first <= midnight(day, zone) and midnight(day + DAY, zone) <= last
    }


def closing_balances(samples: Sequence[Sample], zone: tzinfo) -> dict[date, Decimal]:
    """The last balance seen on each day."""
    return {one.at.astimezone(zone).date(): one.available for one in samples}


def external_usage(samples: Sequence[Sample], since: datetime, until: datetime) -> Decimal:
    """The credits that left the account from `since` to `until`, and not by a call of ours.

    The possible cost of calls of unknown outcome is left out. A top-up between two samples hides
    what was used between them.
    """
    known = [one for one in samples if one.own_cost is not None]
    total = Decimal(0)
    for before, after in pairwise(known):
        if since <= after.at < until:
            unexplained = (
                before.available - after.available - (after.own_cost or 0) - after.uncertain_cost
            )
            total += max(Decimal(0), unexplained)
    return total


def _time_shares(begin: datetime, end: datetime, zone: tzinfo) -> list[tuple[date, Decimal]]:
    """Returns the share of the time from `begin` to `end` that lies on each day."""
    first, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
    if first == last:
        return [(first, Decimal(1))]
    found = []
    for number in range((last - first).days + 1):
        day = first + DAY * number
        overlap = min(end, midnight(day + DAY, zone)) - max(begin, midnight(day, zone))
        found.append((day, Decimal(overlap / (end - begin))))
    return found
