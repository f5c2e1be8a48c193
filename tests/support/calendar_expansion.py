"""Events of random calendars, and an expansion of them day by day, without any library."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from support.on_call import DAY, HOUR, NAMES, event

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ZONES = ("Asia/Kuwait", "Europe/London", "America/New_York", "Australia/Lord_Howe", "")
MORNING = datetime.fromisoformat("2025-06-01 08:00")
DAYS = 700  # From then on; nothing is expanded for longer.
Span = tuple[datetime, datetime, str]


@dataclass(frozen=True, slots=True)
class Series:
    """Shifts of one person that repeat; times are those of the clock on the wall of `zone`."""

    name: str
    start: datetime
    hours: int
    zone: str  # Empty: that of the schedule.
    freq: str
    interval: int = 1
    weekdays: tuple[str, ...] = ()  # Of a weekly rule; a monthly one has the weekday of `start`.
    week_start: str = "MO"
    count: int = 0  # Or no limit.
    left_out: frozenset[int] = frozenset()  # Numbers of starts.
    moved: Mapping[int, int] = field(default_factory=dict)  # By how many hours.


def all_starts(series: Series) -> list[datetime]:
    """The starts by the rule alone."""
    days = (series.start + number * DAY for number in range(DAYS))
    found = [day for day in days if _is_start(series, day)]
    return found[: series.count or None]


def spans(series: Series, zone: tzinfo) -> list[Span]:
    """The times of its person, exceptions applied."""
    place = ZoneInfo(series.zone) if series.zone else zone
    found = []
    for number, start in enumerate(all_starts(series)):
        if number not in series.left_out:
            wall = (start + series.moved.get(number, 0) * HOUR).replace(tzinfo=place)
            end = wall + series.hours * HOUR  # By the clock on the wall.
            found.append((wall.astimezone(UTC), end.astimezone(UTC), series.name))
    return found


def written(series: Series, uid: str) -> list[str]:
    """The events of a calendar with it, as tools write them."""
    starts = all_starts(series)
    times = [_property("EXDATE", starts[one], series.zone) for one in sorted(series.left_out)]
    found = [_event(series, series.start, f"RRULE:{_rule(series)}", *times, uid=uid)]
    for number, hours in series.moved.items():
        if number not in series.left_out:
            line = _property("RECURRENCE-ID", starts[number], series.zone)
            found.append(_event(series, starts[number] + hours * HOUR, line, uid=uid))
    return found


@st.composite
def all_series(draw: st.DrawFn) -> Series:
    """Series with exceptions, which repeat by days, weeks or months."""
    start = MORNING + draw(st.integers(0, 300)) * DAY + draw(st.integers(0, 23)) * HOUR
    weekdays = draw(st.sets(st.sampled_from(WEEKDAYS))) | {WEEKDAYS[start.weekday()]}
    numbers = st.integers(0, 2)
    return Series(
        draw(st.sampled_from(NAMES)),
        start,
        draw(st.sampled_from((4, 12, 24, 168))),
        draw(st.sampled_from(ZONES)),
        draw(st.sampled_from(("DAILY", "WEEKLY", "WEEKLY", "MONTHLY"))),
        draw(st.integers(1, 3)),
        tuple(one for one in WEEKDAYS if one in weekdays),
        draw(st.sampled_from(("MO", "SU", "SA"))),
        draw(st.sampled_from((0, 3, 30))),
        draw(st.frozensets(numbers, max_size=2)),
        draw(st.dictionaries(numbers, st.sampled_from((-3, 5, 30, 500)), max_size=2)),
    )


def _is_start(series: Series, day: datetime) -> bool:
    start = series.start
    if series.freq == "DAILY":
        return (day - start).days % series.interval == 0
    if series.freq == "WEEKLY":
        weeks = (_week(series, day) - _week(series, start)).days // 7
        return weeks % series.interval == 0 and WEEKDAYS[day.weekday()] in series.weekdays
    months = (day.year - start.year) * 12 + day.month - start.month
    is_same_place = day.weekday() == start.weekday() and _place(day) == _place(start)
    return months % series.interval == 0 and is_same_place


def _week(series: Series, day: datetime) -> datetime:
    """The first day of a week."""
    return day - (day.weekday() - WEEKDAYS.index(series.week_start)) % 7 * DAY


def _place(day: datetime) -> int:
    """Which of its month's Sundays a Sunday is; -1 for the last one in a month."""
    last = monthrange(day.year, day.month)[1]
    return -1 if day.day + 7 > last else (day.day - 1) // 7 + 1


def _rule(series: Series) -> str:
    parts = [f"FREQ={series.freq}", f"INTERVAL={series.interval}", f"WKST={series.week_start}"]
    if series.freq == "WEEKLY":
        parts.append(f"BYDAY={','.join(series.weekdays)}")
    if series.freq == "MONTHLY":
        parts.append(f"BYDAY={_place(series.start)}{WEEKDAYS[series.start.weekday()]}")
    return ";".join(parts + ([f"COUNT={series.count}"] if series.count else []))


def _event(series: Series, start: datetime, *lines: str, uid: str) -> str:
    end = _property("DTEND", start + timedelta(hours=series.hours), series.zone)
    begin = _property("", start, series.zone)
    return event(series.name, begin, end, *lines, uid=uid)


def _property(name: str, wall: datetime, zone: str) -> str:
    return f"{name}{f';TZID={zone}' if zone else ''}:{wall:%Y%m%dT%H%M%S}"
