"""The forecast of the days until the credits run out."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.balance.forecast import HORIZON_DAYS, Forecast, forecast
from kwtsms_bot.balance.samples import Sample
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from support.database import AT

DAY = timedelta(days=1)
FRIDAY = datetime(2026, 11, 20, tzinfo=KUWAIT_TZ)
WEEKEND = (4, 5)


def days(*balances: int) -> list[Sample]:
    """One sample per day, the last of them now."""
    last = len(balances) - 1
    return [Sample(AT - timedelta(days=last - n), Decimal(one)) for n, one in enumerate(balances)]


@pytest.mark.parametrize(
    ("balances", "found"),
    [
        ((1000, 900, 800, 700), Forecast(7, 7, 7)),
        ((100, 50, 1050, 1000, 950), Forecast(25, 28, 31)),
        ((1000, 1000, 1000), None),
        ((1000, 900), None),  # No complete day.
        ((), None),
    ],
)
def test_days_left(balances: tuple[int, ...], found: Forecast | None) -> None:
    """The forecast is an average with a range that follows from how much the days differ."""
    assert forecast(days(*balances), AT, KUWAIT_TZ) == found


def month(uses: Callable[[date], float], start: float = 10_000) -> list[Sample]:
    """Four weeks of samples at midnight in Kuwait, the last at `FRIDAY`."""
    samples, balance = [], Decimal(start)
    for number in range(28, -1, -1):
        at = FRIDAY - timedelta(days=number)
        samples.append(Sample(at, balance))
        balance -= Decimal(uses(at.date()))
    return samples


def left(samples: list[Sample], credits_left: int) -> list[Sample]:
    """A copy of the history, shifted so that `credits_left` remain now."""
    moved = credits_left - samples[-1].available
    return [Sample(one.at, one.available + moved) for one in samples]


def works(day: date) -> float:
    """The credits used on `day`: none on Kuwait's weekend, Friday and Saturday."""
    return 0 if day.weekday() in WEEKEND else 100


def test_each_weekday_has_its_own_pace() -> None:
    """On a Friday, 250 credits last four days because of the weekend; the average says three."""
    samples = left(month(works), 250)

    assert forecast(samples, FRIDAY, KUWAIT_TZ) == Forecast(4, 4, 4)


def test_the_rest_of_a_begun_day_counts() -> None:
    """At noon on a Thursday, only half a day of sending is left before the weekend."""
    noon = FRIDAY - DAY / 2
    history = month(works)[:-1]
    samples = left([*history, Sample(noon, history[-1].available - 50)], 99)

    assert forecast(samples, noon, KUWAIT_TZ) == Forecast(2, 2, 2)


def test_a_gap_in_the_samples_is_distributed_among_its_days() -> None:
    """Usage during a gap is spread over its days, not added to the day of the next sample."""
    history = month(lambda _: 100)
    samples = left([*history[:10], *history[17:]], 1000)

    assert forecast(samples, FRIDAY, KUWAIT_TZ) == Forecast(10, 10, 10)


def test_a_clock_that_was_ahead_does_not_spoil_the_forecast() -> None:
    """A sample from the future is ignored."""
    samples = [*left(month(works), 250), Sample(FRIDAY + 400 * DAY, Decimal(0))]

    assert forecast(samples, FRIDAY, KUWAIT_TZ) == Forecast(4, 4, 4)


def test_the_truth_lies_in_the_range_four_times_out_of_five() -> None:
    """The test simulates 300 accounts that send at random, each with its own weekday pattern."""
    chance = Random(20)
    hits = [_foreseen(chance) for _ in range(300)]

    assert 0.7 <= sum(hits) / len(hits) <= 0.95


def _foreseen(chance: Random) -> bool:
    """Whether an account runs dry within the forecast's range."""
    usual = [chance.uniform(20, 200) for _ in range(7)]

    def uses(day: date) -> float:
        return round(max(0, chance.gauss(usual[day.weekday()], 40)))

    credits_left = chance.randint(500, 3000)
    found = forecast(left(month(uses), credits_left), FRIDAY, KUWAIT_TZ)
    day, rest = 0, float(credits_left)
    while (rest := rest - uses((FRIDAY + day * DAY).date())) >= 0:
        day += 1
    return found is not None and found.min_days <= day <= (found.max_days or HORIZON_DAYS)


@given(st.lists(st.integers(0, 10**6), max_size=20))
def test_the_range_is_a_range(balances: list[int]) -> None:
    """For any samples, the range begins at 0 or later and contains the likely figure."""
    found = forecast(days(*balances), AT, KUWAIT_TZ)

    if found is not None:
        assert (
            0
            <= found.min_days
            <= (HORIZON_DAYS if found.likely_days is None else found.likely_days)
        )
        assert found.max_days is None or (
            found.likely_days is not None and found.likely_days <= found.max_days
        )


def test_what_lasts_longer_than_a_year_is_not_reckoned() -> None:
    """Credits that last longer than the horizon have no likely figure."""
    found = forecast(left(month(lambda _: 1), 10_000), FRIDAY, KUWAIT_TZ)

    assert found == Forecast(HORIZON_DAYS, None, None)
