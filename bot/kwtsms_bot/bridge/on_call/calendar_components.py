"""The events of a calendar as the libraries read them, with their times made comparable.

Tools write what RFC 5545 does not allow, and people read it in one way only: a date as the end of
a rule counts as a whole day, and an event that ends before it begins is none.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

_LAST_SECOND = time(23, 59, 59)


def normalize_events(calendar: Any, zone: tzinfo) -> None:
    """Corrects a calendar's events in place; those without a usable time are left out."""
    calendar.subcomponents = [
        one for one in calendar.subcomponents if one.name != "VEVENT" or _has_times(one, zone)
    ]
    events = [one for one in calendar.subcomponents if one.name == "VEVENT"]
    _separate([one for one in events if "RECURRENCE-ID" not in one])
    series = {_uid(one): one for one in reversed(events) if "RECURRENCE-ID" not in one}
    for one in events:
        for rule in _all(one.get("RRULE")):
            _set_until(rule, one["DTSTART"].dt, zone)
        if "RECURRENCE-ID" in one and _uid(one) in series:
            _set_recurrence_id(one, series[_uid(one)]["DTSTART"].dt)


def _has_times(event: Any, zone: tzinfo) -> bool:
    """Whether the times of an event can be read; an end on the same day is made one day later."""
    try:
        start = event["DTSTART"].dt
        end = event["DTEND"].dt if "DTEND" in event else None
        length = event["DURATION"].dt if end is None and "DURATION" in event else timedelta()
    except (KeyError, AttributeError, ValueError):
        return False
    if not isinstance(start, date) or not (end is None or isinstance(end, date)):
        return False
    if end is not None and end == start and not isinstance(start, datetime):
        del event["DTEND"]  # Without an end, it is a day long.
        return True
    is_forward = end is None or _instant(start, zone) <= _instant(end, zone)
    return is_forward and isinstance(length, timedelta) and length >= timedelta()


def _separate(events: Iterable[Any]) -> None:
    """Gives events that share an identifier, but are not revisions of one, their own.

    People who write calendars by hand copy events with their UID.
    """
    first_by_uid: dict[str, Any] = {}
    for number, one in enumerate(events):
        first = first_by_uid.setdefault(_uid(one), one)
        is_same = all(first.get(key) == one.get(key) for key in ("DTSTART", "SUMMARY"))
        if not is_same and first.get("SEQUENCE", 0) == one.get("SEQUENCE", 0):
            one["UID"] = f"{_uid(one)} {number}"


def _set_until(rule: Any, start: date, zone: tzinfo) -> None:
    """Writes the end of a rule as its start is written: with a zone, without, or as a date."""
    for until in list(rule.get("UNTIL", ()))[:1]:
        if not isinstance(start, datetime):
            rule["UNTIL"] = [until.date() if isinstance(until, datetime) else until]
            return
        last = until if isinstance(until, datetime) else datetime.combine(until, _LAST_SECOND)
        if start.tzinfo is None:
            rule["UNTIL"] = [last.astimezone(zone).replace(tzinfo=None) if last.tzinfo else last]
            return
        aware = last if last.tzinfo else last.replace(tzinfo=start.tzinfo)
        rule["UNTIL"] = [aware.astimezone(UTC)]


def _set_recurrence_id(event: Any, start: date) -> None:
    """Completes the date of an exception with the time of day of its series."""
    day = event["RECURRENCE-ID"].dt
    if isinstance(start, datetime) and not isinstance(day, datetime):
        event["RECURRENCE-ID"].dt = datetime.combine(day, start.timetz())


def _instant(value: date, zone: tzinfo) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _uid(event: Any) -> str:
    return str(event.get("UID", ""))


def _all(value: Any) -> Iterator[Any]:
    """Yields the values of a property that may be given more than once."""
    if value is not None:
        yield from value if isinstance(value, list) else [value]
