"""When to warn about the balance."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.alerts.balance import Kind, Level, Standing, Thresholds, due

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
THRESHOLDS = Thresholds(Decimal(200), Decimal(50), DAY)


def kind(standing: Standing, available: int, at: datetime = AT) -> Kind | None:
    """The kind of notice that is due, if any."""
    notice = due(THRESHOLDS, standing, Decimal(available), at)
    return notice.kind if notice else None


@pytest.mark.parametrize(
    ("before", "available", "expected"),
    [
        (Level.FINE, 200, None),
        (Level.FINE, 199, Kind.LOW),
        (Level.LOW, 150, None),
        (Level.LOW, 49, Kind.CRITICAL),
        (Level.LOW, 201, None),
        (Level.LOW, 219, None),
        (Level.LOW, 220, Kind.ALL_CLEAR),
        (Level.LOW, 50, None),
        (Level.CRITICAL, 51, None),
        (Level.CRITICAL, 54, None),
        (Level.CRITICAL, 55, None),
        (Level.CRITICAL, 100, None),
        (Level.CRITICAL, 219, None),
        (Level.CRITICAL, 1000, Kind.ALL_CLEAR),
        (Level.CRITICAL, 10, None),
    ],
)
def test_each_crossing_is_told_once(before: Level, available: int, expected: Kind | None) -> None:
    """A warning when a threshold is crossed, none while it stays so, one all-clear well above."""
    assert kind(Standing(before, AT), available) is expected


def test_the_first_look_is_taken_for_a_crossing() -> None:
    """An account that is low when it is seen first is warned about; a fine one is not mentioned."""
    assert kind(Standing(), 199) is Kind.LOW
    assert kind(Standing(), 200) is None


def test_a_reminder_comes_after_a_day() -> None:
    """While the balance stays low the warning is repeated after `remind_after`, not before."""
    standing = Standing(Level.LOW, AT)

    assert kind(standing, 150, AT + DAY - timedelta(seconds=1)) is None
    assert kind(standing, 150, AT + DAY) is Kind.REMINDER


def test_a_clock_that_was_ahead_keeps_no_reminder_back() -> None:
    """A warning that was told next year is long enough ago."""
    assert kind(Standing(Level.LOW, AT + 365 * DAY), 150) is Kind.REMINDER
    assert kind(Standing(Level.LOW, AT + timedelta(hours=1)), 150) is None


def test_a_fine_balance_is_never_reminded_of() -> None:
    """An all-clear is told once."""
    assert kind(Standing(Level.FINE, AT), 1000, AT + 10 * DAY) is None


def told(balances: list[int]) -> list[tuple[int, Kind]]:
    """The notices that such looks lead to within a day, each with the number of its look."""
    standing, found = Standing(), []
    for minute, available in enumerate(balances):
        at = AT + timedelta(minutes=minute)
        now = kind(standing, available, at)
        level = THRESHOLDS.level(Decimal(available), standing.level)
        standing = Standing(level, at if now else standing.told_at)
        if now:
            found.append((minute, now))
    return found


def test_a_threshold_that_was_left_behind_is_crossed_anew() -> None:
    """From critical up to low nothing is told; down to critical again is a crossing again."""
    assert told([1000, 40, 100, 40]) == [(1, Kind.CRITICAL), (3, Kind.CRITICAL)]


@given(st.lists(st.integers(0, 300), max_size=60))
def test_a_balance_that_hovers_is_told_once(balances: list[int]) -> None:
    """The same warning comes twice only where the balance rose a tenth above its threshold."""
    edges = {Kind.LOW: 220, Kind.CRITICAL: 55, Kind.ALL_CLEAR: 0}
    notices = told(balances)

    for kind_, edge in edges.items():
        looks = [number for number, one in notices if one is kind_]
        for first, second in pairwise(looks):
            between = balances[first:second]
            assert max(between) >= edge
            assert kind_ is not Kind.ALL_CLEAR or min(between) < 200
