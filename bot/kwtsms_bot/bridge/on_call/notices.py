"""Notices for a channel: handovers, at the time and a day ahead, and flaws ahead. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from kwtsms_bot.bridge.on_call.duty_roster import AHEAD, DutyRoster
from kwtsms_bot.bridge.on_call.schedule import Period
from kwtsms_bot.bridge.on_call.wall_time import instant_of, wall_time
from kwtsms_bot.config.on_call import ScheduleSettings

ANNOUNCED_FOR = timedelta(hours=1)  # A handover that is longer ago is no news.
ANNOUNCED_AHEAD = timedelta(hours=24)
GAPS_AHEAD = timedelta(hours=72)
DAILY_AT = time(9)  # In the time zone of the schedule.
_BEFORE = timedelta(days=3)  # Who was on call last: no calendar is expanded for longer.


class OnCallNoticeKind(StrEnum):
    """Kind of a notice, as the database names it."""

    HANDOVER = "handover"
    AHEAD = "ahead"
    FLAWS = "flaws"


@dataclass(frozen=True, slots=True)
class NoticeKey:
    """Identity of a notice: it is announced once."""

    schedule: str
    kind: OnCallNoticeKind
    at: datetime  # The time that it is about.


@dataclass(frozen=True, slots=True)
class Handover:
    """A change of the people on call; times without anybody between them do not count."""

    at: datetime
    people: tuple[str, ...]
    before: tuple[str, ...]
    began_at: datetime  # When those before began, as far as it is known.


@dataclass(frozen=True, slots=True)
class OnCallNotice:
    """Notice for a channel, and for the people that it names."""

    key: NoticeKey
    people: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    gaps: tuple[Period, ...] = ()
    unknown_names: tuple[str, ...] = ()
    changed_by: str = ""  # The Slack user who made the override.


def handovers(roster: DutyRoster, schedule: str, start: datetime, end: datetime) -> list[Handover]:
    """Returns the handovers after `start`, until `end`."""
    found = []
    last: Period | None = None
    for one in roster.periods(schedule, start - _BEFORE, end + timedelta(seconds=1)):
        if not one.people:
            continue
        if last is not None and set(one.people) == set(last.people):
            last = Period(last.starts_at, one.ends_at, last.people)
            continue
        if start < one.starts_at:
            before, began_at = (last.people, last.starts_at) if last else ((), start)
            found.append(Handover(one.starts_at, one.people, before, began_at))
        last = one
    return found


def due_notices(roster: DutyRoster, schedule: str, now: datetime) -> Iterator[OnCallNotice]:
    """Yields the notices that are due, also those that were announced already."""
    for one in handovers(roster, schedule, now - ANNOUNCED_FOR, now + ANNOUNCED_AHEAD):
        if one.at <= now:
            key = NoticeKey(schedule, OnCallNoticeKind.HANDOVER, one.at)
            author = roster.author_of(schedule, one.at)
            yield OnCallNotice(key, one.people, one.before, changed_by=author)
        elif one.at - ANNOUNCED_AHEAD > one.began_at:  # Else the last handover named them as next.
            key = NoticeKey(schedule, OnCallNoticeKind.AHEAD, one.at)
            yield OnCallNotice(key, one.people, one.before)
    if not roster.is_known(schedule):  # That is reported apart, if it lasts.
        return
    gaps = tuple(
        one
        for one in roster.gaps(schedule, now, now + AHEAD)
        if one.starts_at < now + GAPS_AHEAD  # Shown with its real end.
    )
    unknown_names = roster.unknown_names(schedule, now, now + AHEAD)
    if gaps or unknown_names:
        key = NoticeKey(schedule, OnCallNoticeKind.FLAWS, _day_of(roster.settings(schedule), now))
        yield OnCallNotice(key, gaps=gaps, unknown_names=unknown_names)


def _day_of(settings: ScheduleSettings, now: datetime) -> datetime:
    """Returns when the day of daily notices began."""
    today = wall_time(now, settings.zone).date()
    begins = instant_of(datetime.combine(today, DAILY_AT), settings.zone)
    if begins > now:
        yesterday = today - timedelta(days=1)
        begins = instant_of(datetime.combine(yesterday, DAILY_AT), settings.zone)
    return begins
