"""Looks up who is on call at any time: reads the calendar there and then, and keeps nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kwtsms_bot.bridge.on_call.calendar_client import fetch
from kwtsms_bot.bridge.on_call.duty_roster import AHEAD, DutyRoster, Override
from kwtsms_bot.bridge.on_call.refresh import expand_calendar, source_of
from kwtsms_bot.bridge.on_call.schedule import OnCall
from kwtsms_bot.config.on_call import ScheduleSettings
from kwtsms_bot.config.phonebook import Phonebook

_PAST = timedelta(days=1)
# A change may be far away; the shorter time is tried first, because it is quick.
_SHORT, _LONG = timedelta(days=45), timedelta(days=400)


@dataclass(frozen=True, slots=True)
class OnCallResult:
    """The people on call, and what is wrong with the schedule."""

    on_call: OnCall
    unknown_names: tuple[str, ...]  # In the calendar, and not in the phone book.
    is_gap: bool  # Nobody is scheduled, in the hours in which someone must be.


async def find_on_call(
    name: str,
    settings: ScheduleSettings,
    phonebook: Phonebook,
    *,
    at: datetime,
    overrides: Sequence[Override] = (),
) -> OnCallResult:
    """Returns who is on call by a schedule at a time.

    Raises:
        CalendarUnavailable: its calendar cannot be fetched.
        UnreadableCalendar: its calendar is not accepted.
    """
    roster = DutyRoster({name: settings}, phonebook)
    roster.set_overrides(overrides)
    source = source_of(settings)
    body = None if source is None else (await fetch(source)).body
    if body is not None:
        roster.set_calendar(name, await expand_calendar(body, settings, at - _PAST, at + _SHORT))
        if roster.on_call(name, at).until is None:
            loaded = await expand_calendar(body, settings, at - _PAST, at + _LONG)
            roster.set_calendar(name, loaded)
    return OnCallResult(
        roster.on_call(name, at),
        roster.unknown_names(name, at, at + AHEAD),
        is_gap=bool(roster.gaps(name, at, at + timedelta(seconds=1))),
    )
