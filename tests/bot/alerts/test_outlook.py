"""How long the credits last."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.alerts.outlook import Outlook, Sample, outlook
from support.database import AT


def days(*balances: int) -> list[Sample]:
    """A balance for each day, the last of them now."""
    last = len(balances) - 1
    return [Sample(AT - timedelta(days=last - n), Decimal(one)) for n, one in enumerate(balances)]


@pytest.mark.parametrize(
    ("balances", "found"),
    [
        ((1000, 900, 800, 700), Outlook(7, 7)),
        ((1000, 990, 980, 780), Outlook(3, 10)),
        ((100, 50, 1050, 1000), Outlook(20, 30)),  # A top-up uses nothing.
        ((1000, 1000, 1000), None),
        ((1000, 900), None),  # Too little of the past.
        ((), None),
    ],
)
def test_days_left(balances: tuple[int, ...], found: Outlook | None) -> None:
    """On average, and at the pace of the busiest day."""
    assert outlook(days(*balances), AT) == found


@given(st.lists(st.integers(0, 10**6), max_size=20))
def test_the_range_is_a_range(balances: list[int]) -> None:
    """Never below nothing, and the busiest day never promises more than the average one."""
    found = outlook(days(*balances), AT)

    assert found is None or 0 <= found.at_least <= found.likely + 1
