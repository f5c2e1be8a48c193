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

from kwtsms_bot.balance.samples import DAY, Sample, usage_by_complete_day

WINDOW = timedelta(days=30)  # Four whole weeks, and the begun days at both ends.
MIN_DAYS = 2  # Whole days of the past, before anything is said.
HORIZON_DAYS = 365  # Days; what lasts longer is not reckoned.
RANGE_DEVIATIONS = 1.28  # Standard deviations to either side: 80% of a normal distribution.


@dataclass(frozen=True, slots=True)
class Forecast:
    """For how many days the credits last, and the range; None: longer than `HORIZON`."""

    min_days: int
    likely_days: int | None
    max_days: int | None


@dataclass(frozen=True, slots=True)
class _UsageRate:
    """What is used in each 24 hours from now on by weekday, and how far days are from that."""

    by_day: tuple[float, ...]  # Seven of them; then they come again.
    deviation: float  # A standard deviation.


def forecast(samples: Sequence[Sample], now: datetime, zone: tzinfo) -> Forecast | None:
    """What the samples of the last four weeks say; None: too little, or nothing was used."""
    recent = [one for one in samples if now - WINDOW <= one.at <= now]
    used = {day: float(amount) for day, amount in usage_by_complete_day(recent, zone).items()}
    if len(used) < MIN_DAYS or not any(used.values()):
        return None
    rate, remaining = _usage_rate(used, now.astimezone(zone)), float(recent[-1].available)
    min_days = _days_left(remaining, rate, RANGE_DEVIATIONS)
    return Forecast(
        min_days=HORIZON_DAYS if min_days is None else min_days,
        likely_days=_days_left(remaining, rate, 0),
        max_days=_days_left(remaining, rate, -RANGE_DEVIATIONS),
    )


def _usage_rate(used: Mapping[date, float], now: datetime) -> _UsageRate:
    overall = fmean(used.values())
    by_weekday = [[amount for day, amount in used.items() if day.weekday() == n] for n in range(7)]
    averages = [fmean(amounts) if len(amounts) > 1 else overall for amounts in by_weekday]
    squares = sum((amount - averages[day.weekday()]) ** 2 for day, amount in used.items())
    # Each average that was taken of the same days makes them look closer to it than they are.
    fitted = max(1, sum(len(amounts) > 1 for amounts in by_weekday))
    elapsed = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)) / DAY
    first = now.weekday()
    by_day = (
        averages[(first + n) % 7] * (1 - elapsed) + averages[(first + n + 1) % 7] * elapsed
        for n in range(7)
    )
    return _UsageRate(tuple(by_day), sqrt(squares / max(1, len(used) - fitted)))


def _days_left(remaining: float, rate: _UsageRate, width: float) -> int | None:
    """How many days the credits last, where days use more than usual by `width` spreads."""
    need = 0.0
    for day in range(HORIZON_DAYS):
        need += rate.by_day[day % 7]
        if need + width * rate.deviation * sqrt(day + 1) > remaining:
            return day
    return None
