"""The rules for balance notices."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.balance.rules import BalanceLevel, BalanceState, NoticeKind, Thresholds, due_notice

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
THRESHOLDS = Thresholds(Decimal(200), Decimal(50), DAY)


def kind(state: BalanceState, available: int, at: datetime = AT) -> NoticeKind | None:
    """The kind of notice that is due, if any."""
    notice = due_notice(THRESHOLDS, state, Decimal(available), at)
    return notice.kind if notice else None


@pytest.mark.parametrize(
    ("before", "available", "expected"),
    [
        (BalanceLevel.FINE, 200, None),
        (BalanceLevel.FINE, 199, NoticeKind.LOW),
        (BalanceLevel.LOW, 150, None),
        (BalanceLevel.LOW, 49, NoticeKind.CRITICAL),
        (BalanceLevel.LOW, 201, None),
        (BalanceLevel.LOW, 219, None),
        (BalanceLevel.LOW, 220, NoticeKind.ALL_CLEAR),
        (BalanceLevel.LOW, 50, None),
        (BalanceLevel.CRITICAL, 51, None),
        (BalanceLevel.CRITICAL, 54, None),
        (BalanceLevel.CRITICAL, 55, None),
        (BalanceLevel.CRITICAL, 100, None),
        (BalanceLevel.CRITICAL, 219, None),
        (BalanceLevel.CRITICAL, 1000, NoticeKind.ALL_CLEAR),
        (BalanceLevel.CRITICAL, 10, None),
    ],
)
def test_each_crossing_is_notified_once(
    before: BalanceLevel, available: int, expected: NoticeKind | None
) -> None:
    """Crossing a threshold warns once; a balance well above it gives one all-clear."""
    assert kind(BalanceState(before, AT), available) is expected


def test_the_first_sample_counts_as_a_crossing() -> None:
    """An account whose first sample is low is warned about; a fine one gives no notice."""
    assert kind(BalanceState(), 199) is NoticeKind.LOW
    assert kind(BalanceState(), 200) is None


def test_a_reminder_comes_after_a_day() -> None:
    """While the balance stays low, the warning is repeated after `remind_after`, not earlier."""
    state = BalanceState(BalanceLevel.LOW, AT)

    assert kind(state, 150, AT + DAY - timedelta(seconds=1)) is None
    assert kind(state, 150, AT + DAY) is NoticeKind.REMINDER


def test_a_clock_that_was_ahead_keeps_no_reminder_back() -> None:
    """A warning dated a year ahead does not block the reminder."""
    assert kind(BalanceState(BalanceLevel.LOW, AT + 365 * DAY), 150) is NoticeKind.REMINDER
    assert kind(BalanceState(BalanceLevel.LOW, AT + timedelta(hours=1)), 150) is None


def test_a_fine_balance_is_never_reminded_of() -> None:
    """An all-clear is never repeated."""
    assert kind(BalanceState(BalanceLevel.FINE, AT), 1000, AT + 10 * DAY) is None


def due_notices(balances: list[int]) -> list[tuple[int, NoticeKind]]:
    """The notices for samples a minute apart, each with the index of its sample."""
    state, found = BalanceState(), []
    for minute, available in enumerate(balances):
        at = AT + timedelta(minutes=minute)
        now = kind(state, available, at)
        level = THRESHOLDS.level(Decimal(available), state.level)
        state = BalanceState(level, at if now else state.notified_at)
        if now:
            found.append((minute, now))
    return found


def test_a_threshold_that_was_left_behind_is_crossed_anew() -> None:
    """Rising from critical to low gives no notice; a later fall to critical warns again."""
    assert due_notices([1000, 40, 100, 40]) == [(1, NoticeKind.CRITICAL), (3, NoticeKind.CRITICAL)]


@given(st.lists(st.integers(0, 300), max_size=60))
def test_a_balance_that_hovers_is_notified_once(balances: list[int]) -> None:
    """A warning is repeated only if the balance rose a tenth above its threshold in between."""
    edges = {NoticeKind.LOW: 220, NoticeKind.CRITICAL: 55, NoticeKind.ALL_CLEAR: 0}
    notices = due_notices(balances)

    for kind_, edge in edges.items():
        indexes = [number for number, one in notices if one is kind_]
        for first, second in pairwise(indexes):
            between = balances[first:second]
            assert max(between) >= edge
            assert kind_ is not NoticeKind.ALL_CLEAR or min(between) < 200
