"""Times of day in a time zone as instants: each is reached once, also where clocks change. Pure."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from kwtsms_bot.kuwait_time import KUWAIT_TZ

KUWAIT_ZONE_NAME = "Asia/Kuwait"
_SECOND = timedelta(seconds=1)


def zone_named(name: str) -> tzinfo:
    """Returns the time zone of that name; Kuwait's needs no time zone database."""
    return KUWAIT_TZ if name == KUWAIT_ZONE_NAME else ZoneInfo(name)


def wall_time(instant: datetime, zone: tzinfo) -> datetime:
    """Returns what clocks in `zone` show at an instant."""
    return instant.astimezone(zone).replace(tzinfo=None)


def instant_of(wall: datetime, zone: tzinfo) -> datetime:
    """Returns the instant at which clocks in `zone` show `wall`.

    A time that is shown twice is the first of both; one that is skipped is the first after it.
    """
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_time(instant, zone) == wall:
        return instant
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _first_after_change(before, instant, zone)


def _first_after_change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Returns the second between two instants from which clocks are as at the later one."""
    offset = after.astimezone(zone).utcoffset()
    low, high = 0, int((after - before) / _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if (before + middle * _SECOND).astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return before + high * _SECOND
