"""The people on call at a time, until when, and who is next: from shifts that may overlap. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

# The highest rank wins. An event of a calendar has up to 9 by its priority, and more if it is an
# override; an override by a person is above them all, the newest first.
CALENDAR_OVERRIDE_RANK, OVERRIDE_RANK = 10, 100


@dataclass(frozen=True, slots=True)
class Shift:
    """People who are on call for a time, unless a shift of a higher rank covers it."""

    starts_at: datetime
    ends_at: datetime
    people: tuple[str, ...]
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    """Time in which the same people are on call; nobody, if there are none."""

    starts_at: datetime
    ends_at: datetime
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnCall:
    """The people on call at a time; `until` is None if no change is known."""

    at: datetime
    people: tuple[str, ...]
    until: datetime | None
    next: tuple[str, ...]
    is_fallback: bool  # Nobody is scheduled: the people are those of `fallback`.


def people_at(shifts: Iterable[Shift], at: datetime) -> tuple[str, ...]:
    """Returns the people of the highest rank whose shifts cover a time."""
    return _people_of([one for one in shifts if one.starts_at <= at < one.ends_at])


def periods(shifts: Iterable[Shift], start: datetime, end: datetime) -> tuple[Period, ...]:
    """Returns the periods from `start` to `end` without a hole; neighbours differ in people."""
    return tuple(_merge(_raw_periods(shifts, start, end)))


def on_call_at(
    shifts: Sequence[Shift], at: datetime, horizon: datetime, fallback: tuple[str, ...]
) -> OnCall:
    """Returns who is on call; changes after `horizon` are not known."""
    current, *later = periods(shifts, at, horizon)  # Neighbours differ.
    following = later[0] if later else None
    return OnCall(
        at,
        current.people or fallback,
        following.starts_at if following else None,
        (following.people or fallback) if following else (),
        is_fallback=not current.people and bool(fallback),
    )


def _people_of(active: Iterable[Shift]) -> tuple[str, ...]:
    """Returns the people of the highest rank, in the order in which their shifts began."""
    active = sorted(active, key=lambda one: one.starts_at)
    highest = max((one.rank for one in active), default=0)
    return tuple(
        dict.fromkeys(name for one in active if one.rank == highest for name in one.people)
    )


def _raw_periods(shifts: Iterable[Shift], start: datetime, end: datetime) -> Iterator[Period]:
    """Yields a period between each two times at which a shift begins or ends."""
    starting = sorted(
        (one for one in shifts if one.people and one.starts_at < min(end, one.ends_at)),
        key=lambda one: one.starts_at,
        reverse=True,
    )
    changes = (at for one in starting for at in (one.starts_at, one.ends_at))
    ordered = sorted({start, end, *(at for at in changes if start < at < end)})
    active: list[Shift] = []
    for begin, finish in pairwise(ordered):
        while starting and starting[-1].starts_at <= begin:
            active.append(starting.pop())
        active = [one for one in active if one.ends_at > begin]
        yield Period(begin, finish, _people_of(active))


def _merge(found: Iterable[Period]) -> Iterator[Period]:
    """Joins neighbours with the same people."""
    current: Period | None = None
    for one in found:
        if current is not None and set(current.people) == set(one.people):
            current = Period(current.starts_at, one.ends_at, current.people)
            continue
        if current is not None:
            yield current
        current = one
    if current is not None:
        yield current
