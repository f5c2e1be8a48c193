"""The sandbox's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from kwtsms_sandbox.clock import Clock

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_it_follows_the_real_clock() -> None:
    """The clock follows the real one unless it is frozen."""
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_time_passes_at_once() -> None:
    """An advance moves both the time of day and the monotonic seconds."""
    clock = Clock(START)
    before = clock.monotonic()
    clock.advance(90)

    assert clock.now() == START + timedelta(seconds=90)
    assert clock.monotonic() - before == pytest.approx(90)


def test_frozen() -> None:
    """A frozen clock keeps its time until it is advanced."""
    clock = Clock(START)

    assert clock.now() == clock.now() == START
    assert clock.monotonic() == 0


def test_it_never_goes_back() -> None:
    """A negative advance is an error."""
    with pytest.raises(ValueError, match="only goes forward"):
        Clock().advance(-1)
