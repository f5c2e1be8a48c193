"""How long the credits last, guessed from what was used on such weekdays lately. Pure.

Each coming day is taken to use what its weekday used on average in the last four weeks; a weekday
that was seen less than twice, what a day used on average. How far the days of the past were from
that gives the range: four times out of five the truth should lie in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from math import sqrt
from statistics import fmean

from kwtsms_bot.alerts.samples import DAY, Sample, whole_days

WINDOW = timedelta(days=30)  # Four whole weeks, and the begun days at both ends.
ENOUGH = 2  # Whole days of the past, before anything is said.
HORIZON = 365  # Days; what lasts longer is not reckoned.
WIDTH = 1.28  # Standard deviations to either side: 80% of a normal distribution.


@dataclass(frozen=True, slots=True)
class Outlook:
    """For how many days the credits last, and the range; None: longer than `HORIZON`."""

    least: int
    likely: int | None
    most: int | None


@dataclass(frozen=True, slots=True)
class _Pace:
    """What is used in each 24 hours from now on by weekday, and how far days are from that."""

    coming: tuple[float, ...]  # Seven of them; then they come again.
    spread: float  # A standard deviation.


def outlook(samples: Sequence[Sample], now: datetime, zone: tzinfo) -> Outlook | None:
    """What the samples of the last four weeks say; None: too little, or nothing was used."""
    lately = [one for one in samples if now - WINDOW <= one.at <= now]
    used = {day: float(amount) for day, amount in whole_days(lately, zone).items()}
    if len(used) < ENOUGH or not any(used.values()):
        return None
    pace, left = _pace(used, now.astimezone(zone)), float(lately[-1].available)
    least = _days(left, pace, WIDTH)
    return Outlook(
        least=HORIZON if least is None else least,
        likely=_days(left, pace, 0),
        most=_days(left, pace, -WIDTH),
    )


def _pace(used: Mapping[date, float], here: datetime) -> _Pace:
    overall = fmean(used.values())
    seen = [[amount for day, amount in used.items() if day.weekday() == n] for n in range(7)]
    usual = [fmean(amounts) if len(amounts) > 1 else overall for amounts in seen]
    squares = sum((amount - usual[day.weekday()]) ** 2 for day, amount in used.items())
    # Each average that was taken of the same days makes them look closer to it than they are.
    fitted = max(1, sum(len(amounts) > 1 for amounts in seen))
    gone = (here - here.replace(hour=0, minute=0, second=0, microsecond=0)) / DAY
    first = here.weekday()
    coming = (
        usual[(first + n) % 7] * (1 - gone) + usual[(first + n + 1) % 7] * gone for n in range(7)
    )
    return _Pace(tuple(coming), sqrt(squares / max(1, len(used) - fitted)))


def _days(left: float, pace: _Pace, width: float) -> int | None:
    """How many days the credits last, where days use more than usual by `width` spreads."""
    need = 0.0
    for day in range(HORIZON):
        need += pace.coming[day % 7]
        if need + width * pace.spread * sqrt(day + 1) > left:
            return day
    return None
