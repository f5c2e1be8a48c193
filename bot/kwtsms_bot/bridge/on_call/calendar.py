"""The events of an iCalendar file as times and names. Pure, but not quick: see `expansion`.

All-day events begin and end at the handover; times without a zone are in that of the schedule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kwtsms_bot.bridge.on_call.calendar_components import normalize_events
from kwtsms_bot.bridge.on_call.calendar_text import UnreadableCalendar, check_size
from kwtsms_bot.bridge.on_call.event_title import parse_title
from kwtsms_bot.bridge.on_call.schedule import CALENDAR_OVERRIDE_RANK
from kwtsms_bot.bridge.on_call.wall_time import instant_of

MAX_OCCURRENCES = 20_000
# Times without a zone are a day away at most; all-day events end a day later at most.
_MARGIN = timedelta(days=2)
_LOWEST_PRIORITY = 9  # RFC 5545: 1 is the highest; 0 or none says nothing.


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """An event: its time, and the names in its title."""

    starts_at: datetime
    ends_at: datetime
    names: tuple[str, ...]
    rank: int = 0


@dataclass(frozen=True, slots=True)
class CalendarTerms:
    """Terms of reading: the schedule's time zone and handover, and the time that matters."""

    zone: tzinfo
    handover: time
    start: datetime
    end: datetime


def read_events(body: bytes, terms: CalendarTerms) -> tuple[CalendarEvent, ...]:
    """Returns the events from `start` to `end`, with repeated ones as often as they occur.

    Raises:
        UnreadableCalendar: it is no calendar, or one that is not accepted.
    """
    text = check_size(body)
    found = []
    for component in _occurrences(text, terms):
        event = _event_of(component, terms)
        if event and event.starts_at < terms.end and terms.start < event.ends_at:
            found.append(event)
        if len(found) > MAX_OCCURRENCES:
            raise UnreadableCalendar("its events repeat too often")
    return tuple(sorted(found, key=lambda one: (one.starts_at, one.names)))


def _occurrences(text: str, terms: CalendarTerms) -> Iterator[Any]:
    """Yields the components of events that may be in the time.

    Raises:
        UnreadableCalendar: the libraries cannot read it.
    """
    # They are slow to load, and an extra.
    import recurring_ical_events  # noqa: PLC0415
    from icalendar import Calendar  # noqa: PLC0415

    start, end = terms.start.astimezone(terms.zone), terms.end.astimezone(terms.zone)
    try:
        for calendar in Calendar.from_ical(text, multiple=True):
            normalize_events(calendar, terms.zone)
            query = recurring_ical_events.of(_with_zone(calendar), skip_bad_series=True)
            yield from query.between(start - _MARGIN, end + _MARGIN)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise UnreadableCalendar("its events can't be read") from error


def _with_zone(calendar: Any) -> Any:
    """Returns a calendar in the time zone of X-WR-TIMEZONE, if that is one."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - As above.
    from x_wr_timezone import X_WR_TIMEZONE, to_standard  # noqa: PLC0415

    named = str(calendar.pop(X_WR_TIMEZONE, "")).strip()
    named = WINDOWS_TO_OLSON.get(named, named)
    try:
        return to_standard(calendar, timezone=ZoneInfo(named)) if named else calendar
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return calendar


def _event_of(component: Mapping[str, Any], terms: CalendarTerms) -> CalendarEvent | None:
    """Returns the event of a component; None if nobody is on call by it."""
    title = component.get("SUMMARY", "")
    names, is_override = parse_title(str(title[0] if isinstance(title, list) else title))
    if not names or str(component.get("STATUS", "")).upper() == "CANCELLED":
        return None
    starts_at, ends_at = (_instant(component[key].dt, terms) for key in ("DTSTART", "DTEND"))
    if starts_at >= ends_at:
        return None
    rank = _priority_rank(component.get("PRIORITY"))
    return CalendarEvent(
        starts_at, ends_at, names, rank + (CALENDAR_OVERRIDE_RANK if is_override else 0)
    )


def _instant(value: date, terms: CalendarTerms) -> datetime:
    if not isinstance(value, datetime):
        return instant_of(datetime.combine(value, terms.handover), terms.zone)
    return (value if value.tzinfo else value.replace(tzinfo=terms.zone)).astimezone(UTC)


def _priority_rank(priority: Any) -> int:
    """Returns 9 for the highest priority, and 0 for none."""
    try:
        number = int(priority)
    except (TypeError, ValueError):
        return 0
    return _LOWEST_PRIORITY + 1 - number if 1 <= number <= _LOWEST_PRIORITY else 0
