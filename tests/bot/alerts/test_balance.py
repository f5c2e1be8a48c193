"""When to warn about the balance."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.alerts.balance import Kind, Level, Notice, Thresholds, Told, due

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
THRESHOLDS = Thresholds(Decimal(200), Decimal(50), DAY)


def kind(told: Told | None, available: int, at: datetime = AT) -> Kind | None:
    """The kind of notice that is due, if any."""
    notice = due(THRESHOLDS, told, Decimal(available), at)
    return notice.kind if notice else None


@pytest.mark.parametrize(
    ("before", "available", "expected"),
    [
        (None, 1000, None),
        (None, 199, Kind.LOW),
        (None, 49, Kind.CRITICAL),
        (Level.FINE, 200, None),
        (Level.FINE, 199, Kind.LOW),
        (Level.LOW, 150, None),
        (Level.LOW, 49, Kind.CRITICAL),
        (Level.LOW, 201, None),
        (Level.LOW, 219, None),
        (Level.LOW, 220, Kind.ALL_CLEAR),
        (Level.CRITICAL, 51, None),
        (Level.CRITICAL, 100, None),
        (Level.CRITICAL, 1000, Kind.ALL_CLEAR),
        (Level.CRITICAL, 10, None),
    ],
)
def test_each_crossing_is_told_once(
    before: Level | None, available: int, expected: Kind | None
) -> None:
    """A warning when a threshold is crossed, none while it stays so, one all-clear well above."""
    told = Told(before, AT) if before else None

    assert kind(told, available) is expected


def test_a_reminder_comes_after_a_day() -> None:
    """While the balance stays low the warning is repeated after `remind_after`, not before."""
    told = Told(Level.LOW, AT)

    assert kind(told, 150, AT + DAY - timedelta(seconds=1)) is None
    assert kind(told, 150, AT + DAY) is Kind.REMINDER


def test_a_fine_balance_is_never_reminded_of() -> None:
    """An all-clear is told once."""
    assert kind(Told(Level.FINE, AT), 1000, AT + 10 * DAY) is None


@given(st.lists(st.integers(0, 1000), max_size=50))
def test_no_two_warnings_of_one_kind_without_a_change(balances: list[int]) -> None:
    """Whatever the balances do within a day, the same thing is not told twice in a row."""
    told: Told | None = None
    notices: list[Notice] = []
    for minute, available in enumerate(balances):
        at = AT + timedelta(minutes=minute)
        notice = due(THRESHOLDS, told, Decimal(available), at)
        if notice:
            notices.append(notice)
            told = Told(notice.level, at)

    kinds = [notice.kind for notice in notices]
    assert all(first is not second for first, second in pairwise(kinds))
