"""What the balances seen tell of the past."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.alerts.samples import (
    Sample,
    at_end_of_days,
    left_without_us,
    used_by_day,
    whole_days,
)
from kwtsms_bot.kuwait import ZONE

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=ZONE)
TWENTIETH, TWENTY_FIRST, TWENTY_SECOND = (date(2026, 11, day) for day in (20, 21, 22))


def seen(*balances: int, every: timedelta = DAY) -> list[Sample]:
    """Such balances one after the other, from noon of the 20th on."""
    return [Sample(NOON + every * n, Decimal(one)) for n, one in enumerate(balances)]


def known(*looks: tuple[int, int, int]) -> list[Sample]:
    """A balance an hour, what our calls cost since the one before, and what they may have cost."""
    return [
        Sample(NOON + timedelta(hours=n), Decimal(left), Decimal(ours), Decimal(unsure))
        for n, (left, ours, unsure) in enumerate(looks)
    ]


def elsewhere(samples: list[Sample]) -> Decimal:
    """What left without us in the day after noon."""
    return left_without_us(samples, NOON, NOON + DAY)


def test_what_was_used_overnight_belongs_to_both_days() -> None:
    """From noon to noon, half of it to each."""
    assert used_by_day(seen(1000, 900), ZONE) == {TWENTIETH: 50, TWENTY_FIRST: 50}


def test_a_top_up_uses_nothing() -> None:
    """A rise is no use, and what was used before and after it counts."""
    used = used_by_day(seen(100, 90, 1090, 1080, every=timedelta(hours=1)), ZONE)

    assert used == {TWENTIETH: 20}


def test_only_days_seen_to_their_ends_are_whole() -> None:
    """The days of the first and the last sample are begun ones."""
    assert whole_days(seen(1000, 900, 800), ZONE) == {TWENTY_FIRST: 100}
    assert whole_days([], ZONE) == {}


def test_the_days_end_with_the_last_sample() -> None:
    """What the chart draws."""
    samples = seen(10, 9, 8, 7, every=DAY / 2)

    assert at_end_of_days(samples, ZONE) == {TWENTIETH: 10, TWENTY_FIRST: 8, TWENTY_SECOND: 7}


@given(st.lists(st.integers(0, 10_000), max_size=30), st.integers(1, 5 * 1440))
def test_nothing_is_lost_between_the_days(balances: list[int], minutes: int) -> None:
    """The days together used what the balance fell by, however the samples lie."""
    samples = seen(*balances, every=timedelta(minutes=minutes))
    fell = sum(max(0, a - b) for a, b in pairwise(balances))

    assert round(sum(used_by_day(samples, ZONE).values()), 6) == fell


def test_what_our_calls_cost_did_not_leave_without_us() -> None:
    """Of 182 credits, 100 were ours."""
    assert elsewhere(known((1000, 0, 0), (918, 50, 0), (818, 50, 0))) == 82


def test_what_may_have_been_ours_is_not_called_anothers() -> None:
    """A call of unknown outcome may have cost two of the three."""
    assert elsewhere(known((1000, 0, 0), (997, 0, 2))) == 1
    assert elsewhere(known((1000, 0, 0), (999, 0, 2))) == 0


def test_a_top_up_does_not_pay_for_what_left_at_another_time() -> None:
    """What left in one hour is not made up for by what came in the next."""
    assert elsewhere(known((1000, 0, 0), (950, 0, 0), (6000, 0, 0), (5990, 10, 0))) == 50


def test_looks_amid_a_call_are_passed_over() -> None:
    """A look that knows nothing of our calls ends no interval: the next quiet one does."""
    begin, end = known((1000, 0, 0), (900, 100, 0))
    amid = Sample(NOON + timedelta(minutes=30), Decimal(920))

    assert elsewhere([begin, amid, end]) == 0


def test_only_what_was_noticed_in_the_period_is_counted() -> None:
    """Noticed before it, or at its end, it is of another period."""
    samples = known((1000, 0, 0), (990, 0, 0))

    assert left_without_us(samples, NOON + timedelta(hours=2), NOON + DAY) == 0
    assert left_without_us(samples, NOON, NOON + timedelta(hours=1)) == 0
