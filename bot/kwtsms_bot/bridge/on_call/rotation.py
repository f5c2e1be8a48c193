"""People who take turns: slots of the same length by the clock on the wall. Pure.

A slot begins at the same time of day all year, wherever the time zone is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from kwtsms_bot.bridge.on_call.schedule import Shift
from kwtsms_bot.bridge.on_call.wall_time import instant_of, wall_time

# Clocks jump by an hour, and once by a day where a country crossed the date line.
_LONGEST_JUMP = timedelta(days=2)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rotation:
    """Rotation of people, each for `every`; the first from `begins`, and in turn before it, too."""

    people: tuple[tuple[str, ...], ...]  # By slot.
    begins: datetime  # By the clock on the wall of `zone`.
    every: timedelta
    zone: tzinfo
    hours: tuple[time, time] | None = None  # Of a day; without it, all.

    def shifts(self, start: datetime, end: datetime) -> Iterator[Shift]:
        """Yields the shifts that begin before `end` and end after `start`."""
        slot = (wall_time(start, self.zone) - _LONGEST_JUMP - self.begins) // self.every
        starts_at = self._start(slot)
        while starts_at < end:
            ends_at = self._start(slot + 1)
            if ends_at > max(start, starts_at):
                people = self.people[slot % len(self.people)]
                for begin, finish in self._within_hours(starts_at, ends_at):
                    yield Shift(begin, finish, people)
            slot, starts_at = slot + 1, ends_at

    def _start(self, slot: int) -> datetime:
        return instant_of(self.begins + slot * self.every, self.zone)

    def _within_hours(
        self, starts_at: datetime, ends_at: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        """Yields the parts of a slot that are in `hours`."""
        if self.hours is None:
            yield starts_at, ends_at
            return
        for begin, finish in daily_hours(self.hours, self.zone, starts_at, ends_at):
            if max(begin, starts_at) < min(finish, ends_at):
                yield max(begin, starts_at), min(finish, ends_at)


def daily_hours(
    hours: tuple[time, time], zone: tzinfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yields these hours of each day from the one before `start` to that of `end`."""
    opens, closes = hours
    day = wall_time(start, zone).date() - _DAY
    last = wall_time(end, zone).date()
    while day <= last:
        closing_day = day if opens < closes else day + _DAY
        yield (
            instant_of(datetime.combine(day, opens), zone),
            instant_of(datetime.combine(closing_day, closes), zone),
        )
        day += _DAY
