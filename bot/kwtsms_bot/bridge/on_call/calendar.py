"""The events of an iCalendar file as times and names. Pure, but not quick: see `expansion`.

Refuses what repeats more often than hourly, and what is too large. All-day events begin and end at
the handover; times without a zone are in that of the schedule.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kwtsms_bot.bridge.on_call.schedule import CALENDAR_OVERRIDE_RANK
from kwtsms_bot.bridge.on_call.wall_time import instant_of

MAX_BYTES, MAX_EVENTS, MAX_OCCURRENCES = 1_048_576, 2_000, 20_000
MAX_STARTS_A_DAY = 24
MAX_NAMES = 20  # Of an event.
# Times without a zone are a day away at most; all-day events end a day later at most.
_MARGIN = timedelta(days=2)
_RULE = re.compile(r"^(?:RRULE|EXRULE)[^:\n]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_SUB_DAILY = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_TIMES_OF_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
# What may have people's numbers and texts in it, and says nothing about who is on call.
_PRIVATE = re.compile(
    r"^(?:ATTACH|ATTENDEE|COMMENT|CONTACT|DESCRIPTION|GEO|LOCATION|ORGANIZER|URL|X-[^:\n]*"
    r"(?<!X-WR-TIMEZONE))(?:;[^\n]*)?:[^\n]*\n",
    re.IGNORECASE | re.MULTILINE,
)
_OVERRIDE = re.compile(r"\s*override\s*:", re.IGNORECASE)
_SEPARATOR = re.compile("[,;&+\u060c\u061b\n]")
_LOWEST_PRIORITY = 9  # RFC 5545: 1 is the highest; 0 or none says nothing.


class UnreadableCalendar(Exception):
    """A calendar is refused; the text is a fixed phrase, and quotes nothing."""


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
    return tuple(sorted(found, key=lambda one: one.starts_at))


def check_size(body: bytes) -> str:
    """Returns the text of a calendar whose size and rules are accepted.

    Raises:
        UnreadableCalendar: they are not.
    """
    if len(body) > MAX_BYTES:
        raise UnreadableCalendar("it is larger than 1 MiB")
    text = unfold(body.decode("utf-8-sig", errors="replace"))
    if not text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
        raise UnreadableCalendar("it is not a calendar")
    if not text.rstrip().upper().endswith("END:VCALENDAR"):
        raise UnreadableCalendar("it is incomplete")
    if len(re.findall(r"^BEGIN:VEVENT", text, re.IGNORECASE | re.MULTILINE)) > MAX_EVENTS:
        raise UnreadableCalendar("it has more than 2,000 events")
    if any(_is_sub_daily(match[1]) for match in _RULE.finditer(text)):
        raise UnreadableCalendar("an event repeats more often than hourly")
    return text


def without_private_parts(text: str) -> str:
    """Returns the text of a calendar without descriptions, places and participants."""
    return _PRIVATE.sub("", unfold(text))


def unfold(text: str) -> str:
    """Returns the text of a calendar with one property a line."""
    return re.sub(r"\n[ \t]", "", text.replace("\r\n", "\n").replace("\r", "\n"))


def _is_sub_daily(rule: str) -> bool:
    parts: dict[str, str] = {}
    for part in rule.upper().split(";"):
        key, _, value = part.partition("=")
        parts[key.strip()] = value.strip()
    starts = 1
    for key in _TIMES_OF_DAY:
        starts *= parts.get(key, "").count(",") + 1
    return parts.get("FREQ") in _SUB_DAILY or starts > MAX_STARTS_A_DAY


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
            calendar.subcomponents = [one for one in calendar.subcomponents if _has_times(one)]
            query = recurring_ical_events.of(_with_zone(calendar), skip_bad_series=True)
            yield from query.between(start - _MARGIN, end + _MARGIN)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise UnreadableCalendar("its events can't be read") from error


def _has_times(component: Any) -> bool:
    """Whether a component is no event, or one whose times can be read; others are left out."""
    if component.name != "VEVENT":
        return True
    keys = ("DTSTART", "DTEND") if "DTEND" in component else ("DTSTART",)
    try:
        return all(isinstance(component[key].dt, date) for key in keys)
    except (KeyError, AttributeError, ValueError):
        return False


def _with_zone(calendar: Any) -> Any:
    """Returns a calendar in the time zone of X-WR-TIMEZONE, if that is one."""
    from x_wr_timezone import X_WR_TIMEZONE, to_standard  # noqa: PLC0415 - As above.

    named = str(calendar.pop(X_WR_TIMEZONE, "")).strip()
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


def parse_title(title: str) -> tuple[tuple[str, ...], bool]:
    """Returns the names in a title such as `Noura, @fahad`, and whether `Override:` precedes."""
    override = _OVERRIDE.match(title)
    rest = title[override.end() :] if override else title
    parts = (one.strip().removeprefix("@").strip().casefold() for one in _SEPARATOR.split(rest))
    names = dict.fromkeys(one for one in parts if one)
    return tuple(names)[:MAX_NAMES], override is not None
