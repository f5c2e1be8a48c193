"""At night only what is severe, or has stood long, is texted at once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.silences.night import Night, make_night
from kwtsms_bot.config.bridge_receivers import NightSettings
from kwtsms_bot.kuwait_time import KUWAIT_TZ

ERROR, CRITICAL = AlertSeverity.ERROR, AlertSeverity.CRITICAL


def night(hours: str = "22:00-07:00", **more: object) -> Night:
    """A night in Kuwait."""
    return make_night(NightSettings.model_validate({"hours": hours, **more}))


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    """A time in Kuwait on a day of December 2026."""
    return datetime(2026, 12, day, hour, minute, tzinfo=KUWAIT_TZ)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at(21, 59), None),
        (at(22, 0), at(7, 0, day=3)),
        (at(2, 0), at(7, 0)),
        (at(6, 59), at(7, 0)),
        (at(7, 0), None),
    ],
)
def test_an_error_waits_for_the_morning(now: datetime, until: datetime | None) -> None:
    """From the first moment of the night to its last."""
    assert night().waits_until(ERROR, now, now) == until
    assert night().waits_until(CRITICAL, now, now) is None


def test_what_has_stood_long_enough_waits_no_more() -> None:
    """`after` counts from when it fires; the morning may come before."""
    one = night(after="10m")

    assert one.waits_until(ERROR, at(2, 0), at(2, 0)) == at(2, 10)
    assert one.waits_until(ERROR, at(2, 0), at(2, 10)) is None
    assert one.waits_until(ERROR, at(6, 55), at(6, 55)) == at(7, 0)


def test_hours_within_a_day_are_no_night_around_midnight() -> None:
    """13:00-15:00 is a pause at noon."""
    one = night("13:00-15:00")

    assert one.waits_until(ERROR, at(14), at(14)) == at(15)
    assert one.waits_until(ERROR, at(15), at(15)) is None
    assert one.waits_until(ERROR, at(0), at(0)) is None


@given(
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=730)),
    st.sampled_from(["Asia/Kuwait", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_it_ends_in_the_morning_of_its_zone(after: timedelta, zone: str) -> None:
    """Whatever clocks do, what waits ends within a night's length, by day, as clocks show it."""
    one, now = night(timezone=zone), datetime(2026, 1, 1, tzinfo=UTC) + after
    until = one.waits_until(ERROR, now, now)
    hour = now.astimezone(ZoneInfo(zone)).hour

    assert (until is not None) is (hour >= 22 or hour < 7)
    if until is not None:
        assert timedelta(0) < until - now <= timedelta(hours=10)
        assert f"{until.astimezone(ZoneInfo(zone)):%H:%M}" == "07:00"
        assert one.waits_until(ERROR, until, until) is None
