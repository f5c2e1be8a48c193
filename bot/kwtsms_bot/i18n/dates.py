"""Dates and times as people read them: `30 Nov 2026, 21:08 (Kuwait)`. Pure.

Every surface without a way of its own to show a time uses these; JSON and CSV use ISO 8601.
"""

from datetime import datetime, tzinfo

from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.kuwait_time import KUWAIT_TZ

MONTHS = (
    N_("Jan"),
    N_("Feb"),
    N_("Mar"),
    N_("Apr"),
    N_("May"),
    N_("Jun"),
    N_("Jul"),
    N_("Aug"),
    N_("Sep"),
    N_("Oct"),
    N_("Nov"),
    N_("Dec"),
)


def format_datetime(at: datetime, say: Language, *, zone: tzinfo = KUWAIT_TZ) -> str:
    """A date and time of day, followed by its time zone: `30 Nov 2026, 21:08 (Kuwait)`."""
    local = at.astimezone(zone)
    text = say(
        "{day} {month} {year}, {time}",
        day=local.day,
        month=say(MONTHS[local.month - 1]),
        year=local.year,
        time=f"{local:%H:%M}",
    )
    return _with_zone(text, local, say)


def format_short_datetime(at: datetime, say: Language) -> str:
    """A date without its year and a time of day in Kuwait, for lists: `30 Nov, 21:08`."""
    local = at.astimezone(KUWAIT_TZ)
    return say(
        "{day} {month}, {time}",
        day=local.day,
        month=say(MONTHS[local.month - 1]),
        time=f"{local:%H:%M}",
    )


def format_time(at: datetime, say: Language) -> str:
    """A time of day in Kuwait: `21:08 (Kuwait)`."""
    local = at.astimezone(KUWAIT_TZ)
    return _with_zone(f"{local:%H:%M}", local, say)


def _with_zone(text: str, local: datetime, say: Language) -> str:
    if local.tzinfo is KUWAIT_TZ:
        return say("{time} (Kuwait)", time=text)
    return f"{text} ({say.inline(f'{local:%Z}')})"
