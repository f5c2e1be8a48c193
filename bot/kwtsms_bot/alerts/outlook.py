"""How long the credits last, guessed from what has been used lately. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

WINDOW = timedelta(days=14)
ENOUGH = timedelta(days=2)  # Of history, before anything is said.
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """The balance at one moment."""

    at: datetime
    available: Decimal


@dataclass(frozen=True, slots=True)
class Outlook:
    """For how many days the credits last: at the pace of the busiest day, and on average."""

    at_least: int
    likely: int


def outlook(samples: Sequence[Sample], now: datetime) -> Outlook | None:
    """What the samples of the last two weeks say; None: too little, or nothing was used.

    A rise is a top-up and uses nothing.
    """
    lately = [one for one in samples if now - one.at <= WINDOW]
    if not lately or now - lately[0].at < ENOUGH:
        return None
    by_day: dict[int, Decimal] = {}
    for before, after in pairwise(lately):
        used = max(Decimal(0), before.available - after.available)
        day = (now - after.at) // DAY
        by_day[day] = by_day.get(day, Decimal(0)) + used
    total, busiest = sum(by_day.values(), Decimal(0)), max(by_day.values(), default=Decimal(0))
    if not total:
        return None
    days = Decimal((now - lately[0].at) / DAY)
    left = lately[-1].available
    return Outlook(int(left / busiest), int(left * days / total))
