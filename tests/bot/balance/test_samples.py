"""Usage per day and external usage, calculated from the balance samples."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.balance.samples import (
    Sample,
    closing_balances,
    external_usage,
    usage_by_complete_day,
    usage_by_day,
)
from kwtsms_bot.kuwait_time import KUWAIT_TZ

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=KUWAIT_TZ)
TWENTIETH, TWENTY_FIRST, TWENTY_SECOND = (date(2026, 11, day) for day in (20, 21, 22))


def sample_series(*balances: int, every: timedelta = DAY) -> list[Sample]:
    """Samples of these balances, from noon of the 20th on."""
    return [Sample(NOON + every * n, Decimal(one)) for n, one in enumerate(balances)]


def hourly_samples(*readings: tuple[int, int, int]) -> list[Sample]:
    """Hourly samples: balance, own cost since the previous one, and uncertain cost."""
    return [
        Sample(NOON + timedelta(hours=n), Decimal(left), Decimal(ours), Decimal(unsure))
        for n, (left, ours, unsure) in enumerate(readings)
    ]


def external_usage_after_noon(samples: list[Sample]) -> Decimal:
    """The external usage in the day after noon."""
    return external_usage(samples, NOON, NOON + DAY)


def test_what_was_used_overnight_belongs_to_both_days() -> None:
    """Usage from noon to noon is split equally between the two days."""
    assert usage_by_day(sample_series(1000, 900), KUWAIT_TZ) == {TWENTIETH: 50, TWENTY_FIRST: 50}


def test_a_top_up_uses_nothing() -> None:
    """A rise is not usage, and the usage before and after it counts."""
    used = usage_by_day(sample_series(100, 90, 1090, 1080, every=timedelta(hours=1)), KUWAIT_TZ)

    assert used == {TWENTIETH: 20}


def test_only_days_sampled_to_their_ends_are_complete() -> None:
    """The days of the first and the last sample are incomplete."""
    assert usage_by_complete_day(sample_series(1000, 900, 800), KUWAIT_TZ) == {TWENTY_FIRST: 100}
    assert usage_by_complete_day([], KUWAIT_TZ) == {}


def test_the_days_end_with_the_last_sample() -> None:
    """The closing balances end with the last sample, for the chart."""
    samples = sample_series(10, 9, 8, 7, every=DAY / 2)

    assert closing_balances(samples, KUWAIT_TZ) == {
        TWENTIETH: 10,
        TWENTY_FIRST: 8,
        TWENTY_SECOND: 7,
    }


@given(st.lists(st.integers(0, 10_000), max_size=30), st.integers(1, 5 * 1440))
def test_nothing_is_lost_between_the_days(balances: list[int], minutes: int) -> None:
    """The daily usage adds up to the total fall of the balance, for any interval."""
    samples = sample_series(*balances, every=timedelta(minutes=minutes))
    fell = sum(max(0, a - b) for a, b in pairwise(balances))

    assert round(sum(usage_by_day(samples, KUWAIT_TZ).values()), 6) == fell


def test_what_our_calls_cost_did_not_leave_without_us() -> None:
    """Of 182 credits used, 100 were our own cost."""
    assert external_usage_after_noon(hourly_samples((1000, 0, 0), (918, 50, 0), (818, 50, 0))) == 82


def test_what_may_have_been_ours_is_not_called_anothers() -> None:
    """A call with an unknown outcome may have cost two of the three credits."""
    assert external_usage_after_noon(hourly_samples((1000, 0, 0), (997, 0, 2))) == 1
    assert external_usage_after_noon(hourly_samples((1000, 0, 0), (999, 0, 2))) == 0


def test_a_top_up_does_not_pay_for_what_left_at_another_time() -> None:
    """A top-up in the next hour does not hide usage in this one."""
    assert (
        external_usage_after_noon(
            hourly_samples((1000, 0, 0), (950, 0, 0), (6000, 0, 0), (5990, 10, 0))
        )
        == 50
    )


def test_samples_during_a_call_are_skipped() -> None:
    """A sample without an own cost ends no interval; the next complete sample does."""
    begin, end = hourly_samples((1000, 0, 0), (900, 100, 0))
    amid = Sample(NOON + timedelta(minutes=30), Decimal(920))

    assert external_usage_after_noon([begin, amid, end]) == 0


def test_only_what_was_noticed_in_the_period_is_counted() -> None:
    """Usage found before the period or at its end does not count."""
    samples = hourly_samples((1000, 0, 0), (990, 0, 0))

    assert external_usage(samples, NOON + timedelta(hours=2), NOON + DAY) == 0
    assert external_usage(samples, NOON, NOON + timedelta(hours=1)) == 0
