"""Forecasts how long the credits last, from recent usage by weekday. Pure.

Each coming day is assumed to use the average of its weekday in the last four weeks; a weekday that
was seen less than twice, the average of all days. The deviation of past days from that gives the
range: the truth should lie in it four times out of five.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from math import sqrt
from statistics import fmean

from kwtsms_bot.balance.samples import DAY, Sample, usage_by_complete_day

WINDOW = timedelta(days=30)  # Four whole weeks, and the incomplete days at both ends.
MIN_DAYS = 2  # Complete days in the past that a forecast needs.
HORIZON_DAYS = 365  # The forecast looks no further ahead.
RANGE_DEVIATIONS = 1.28  # Standard deviations to either side: 80% of a normal distribution.


@dataclass(frozen=True, slots=True)
class Forecast:
    """The days for which the credits last, and the range; None: longer than `HORIZON_DAYS`."""

    min_days: int
    likely_days: int | None
    max_days: int | None


@dataclass(frozen=True, slots=True)
class _UsageRate:
    """Usage in each 24 hours from now on, by weekday, and its deviation on past days."""

    by_day: tuple[float, ...]  # Seven of them, repeated each week.
    deviation: float  # A standard deviation.


def forecast(samples: Sequence[Sample], now: datetime, zone: tzinfo) -> Forecast | None:
    """Returns the forecast from the last four weeks; None with too little data or no usage."""
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
    # Each average fitted to these days makes them look closer to it than they are.
    fitted = max(1, sum(len(amounts) > 1 for amounts in by_weekday))
    elapsed = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)) / DAY
    first = now.weekday()
    by_day = (
        averages[(first + n) % 7] * (1 - elapsed) + averages[(first + n + 1) % 7] * elapsed
        for n in range(7)
    )
    return _UsageRate(tuple(by_day), sqrt(squares / max(1, len(used) - fitted)))


def _days_left(remaining: float, rate: _UsageRate, width: float) -> int | None:
    """Returns the days that the credits last if usage is `width` deviations above average."""
    need = 0.0
    for day in range(HORIZON_DAYS):
        need += rate.by_day[day % 7]
        if need + width * rate.deviation * sqrt(day + 1) > remaining:
            return day
    return None
