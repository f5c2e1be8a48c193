"""The schedules of the configuration with their overrides and calendars, in memory. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kwtsms_bot.bridge.on_call.calendar import CalendarEvent
from kwtsms_bot.bridge.on_call.rotation import Rotation, daily_hours
from kwtsms_bot.bridge.on_call.schedule import (
    OVERRIDE_RANK,
    OnCall,
    Period,
    Shift,
    on_call_at,
    people_at,
    periods,
)
from kwtsms_bot.config.on_call import ScheduleSettings
from kwtsms_bot.config.phonebook import Phonebook

AHEAD = timedelta(days=14)  # How far gaps and unknown names are searched for.
_SHORTEST_HORIZON = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Override:
    """A person who is on call for a time, in place of who is scheduled."""

    schedule: str
    contact: str
    starts_at: datetime
    ends_at: datetime
    created_by: str = ""


@dataclass(frozen=True, slots=True)
class LoadedCalendar:
    """The events of a calendar; nothing is known of the time after `end`."""

    events: tuple[CalendarEvent, ...]
    end: datetime


class DutyRoster:
    """The people on call by each schedule; overrides and calendars are set as they change."""

    def __init__(self, schedules: Mapping[str, ScheduleSettings], phonebook: Phonebook) -> None:
        self._schedules, self._phonebook = schedules, phonebook
        self._rotations = {
            name: _rotation(settings, phonebook)
            for name, settings in schedules.items()
            if settings.people
        }
        self._overrides: dict[str, list[Shift]] = {}
        self._authors: dict[tuple[str, datetime], str] = {}
        self._calendars: dict[str, LoadedCalendar] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the schedules."""
        return tuple(self._schedules)

    def settings(self, schedule: str) -> ScheduleSettings:
        """Returns the configuration of a schedule."""
        return self._schedules[schedule]

    def set_overrides(self, overrides: Sequence[Override]) -> None:
        """Replaces all overrides; of two at a time, the later in order counts."""
        self._overrides, self._authors = {}, {}
        for number, one in enumerate(overrides):
            shift = Shift(
                one.starts_at,
                one.ends_at,
                self._phonebook.names(one.contact),
                OVERRIDE_RANK + number,
            )
            self._overrides.setdefault(one.schedule, []).append(shift)
            self._authors[one.schedule, one.starts_at] = one.created_by

    def set_calendar(self, schedule: str, loaded: LoadedCalendar | None) -> None:
        """Replaces the events of a schedule's calendar; None: it is not known."""
        if loaded is None:
            self._calendars.pop(schedule, None)
        else:
            self._calendars[schedule] = loaded

    def is_known(self, schedule: str) -> bool:
        """Whether a schedule's people are known; those of a calendar are once it was read."""
        return schedule in self._rotations or schedule in self._calendars

    def people(self, schedule: str, at: datetime) -> tuple[str, ...]:
        """Returns the contacts who are on call, or else those of the fallback.

        There are none if the schedule has no fallback, or is not in the configuration.
        """
        if schedule not in self._schedules:
            return ()
        shifts = self._shifts(schedule, at, at + timedelta(seconds=1))
        return people_at(shifts, at) or self.fallback(schedule)

    def fallback(self, schedule: str) -> tuple[str, ...]:
        """Returns the contacts who are on call when nobody else is."""
        return self._phonebook.names(self._schedules[schedule].fallback or "")

    def on_call(self, schedule: str, at: datetime) -> OnCall:
        """Returns who is on call, until when, and who is next."""
        horizon = self._horizon(schedule, at)
        shifts = [one for one in self._shifts(schedule, at, horizon) if one.people]
        return on_call_at(shifts, at, horizon, self.fallback(schedule))

    def author_of(self, schedule: str, at: datetime) -> str:
        """Returns who made the override that begins at a time; empty if there is none."""
        return self._authors.get((schedule, at), "")

    def periods(self, schedule: str, start: datetime, end: datetime) -> tuple[Period, ...]:
        """Returns who is on call from `start` to `end`, without the fallback."""
        return periods(tuple(self._shifts(schedule, start, end)), start, end)

    def gaps(self, schedule: str, start: datetime, end: datetime) -> tuple[Period, ...]:
        """Returns the times when nobody is on call though someone must be."""
        settings = self._schedules[schedule]
        found = [one for one in self.periods(schedule, start, end) if not one.people]
        if settings.hours is None:
            return tuple(found)
        hours = tuple(daily_hours(settings.hours, settings.zone, start, end))
        return tuple(
            Period(max(one.starts_at, opens), min(one.ends_at, closes), ())
            for one in found
            for opens, closes in hours
            if max(one.starts_at, opens) < min(one.ends_at, closes)
        )

    def unknown_names(self, schedule: str, start: datetime, end: datetime) -> tuple[str, ...]:
        """Returns the names in the calendar's titles that are not in the phone book."""
        loaded = self._calendars.get(schedule)
        events = loaded.events if loaded else ()
        named = (
            name
            for one in events
            if one.starts_at < end and start < one.ends_at
            for name in one.names
        )
        return tuple(name for name in dict.fromkeys(named) if not self._phonebook.names(name))

    def _horizon(self, schedule: str, at: datetime) -> datetime:
        """Returns the time until which changes of a schedule are known."""
        rotation = self._rotations.get(schedule)
        if rotation is not None:
            return at + max(_SHORTEST_HORIZON, rotation.every * (len(rotation.people) + 1))
        loaded = self._calendars.get(schedule)
        return max(loaded.end if loaded else at, at + _SHORTEST_HORIZON)

    def _shifts(self, schedule: str, start: datetime, end: datetime) -> Iterator[Shift]:
        rotation, loaded = self._rotations.get(schedule), self._calendars.get(schedule)
        if rotation is not None:
            yield from rotation.shifts(start, end)
        if loaded is not None:
            yield from self._calendar_shifts(loaded.events, start, end)
        yield from (
            one
            for one in self._overrides.get(schedule, ())
            if one.people and one.starts_at < end and start < one.ends_at
        )

    def _calendar_shifts(
        self, events: Iterable[CalendarEvent], start: datetime, end: datetime
    ) -> Iterator[Shift]:
        """Yields the shifts of events that name somebody; others count as nobody's."""
        for one in events:
            if one.starts_at < end and start < one.ends_at and (people := self._known(one.names)):
                yield Shift(one.starts_at, one.ends_at, people, one.rank)

    def _known(self, names: Iterable[str]) -> tuple[str, ...]:
        """Returns the contacts that names in a title mean."""
        return tuple(dict.fromkeys(each for name in names for each in self._phonebook.names(name)))


def _rotation(settings: ScheduleSettings, phonebook: Phonebook) -> Rotation:
    if settings.begins is None:
        raise ValueError("a rotation has a beginning")  # The configuration was checked.
    return Rotation(
        tuple(phonebook.names(one) for one in settings.people),
        settings.begins,
        settings.every,
        settings.zone,
        settings.hours,
    )
