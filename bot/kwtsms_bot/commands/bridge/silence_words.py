"""Reads a silence as a person types it: what is muted, for how long, and why. Pure.

A7F3K 2h                                       one incident
site=shuwaikh alertname="Link down" 2h cable   whatever matches
site=shuwaikh until 08:00                      to the next 08:00
site=shuwaikh from 22:00 until 06:00           in the future
site=shuwaikh every fri 22:00 for 8h backup    each week
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import Enum

from kwtsms_bot.config.fields import parse_duration, parse_time_of_day
from kwtsms_bot.i18n.translator import N_

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=7)
MAX_CONDITIONS, MAX_VALUE, MAX_REASON = 8, 120, 200
DAY, WEEK = timedelta(days=1), timedelta(days=7)
FROM, UNTIL = ("from", "من"), ("until", "till", "حتى")
FOR, EVERY = ("for", "لمدة"), ("every", "كل")
DAYS = (
    ("mon", "monday", "الاثنين", "الإثنين"),
    ("tue", "tuesday", "الثلاثاء"),
    ("wed", "wednesday", "الأربعاء"),
    ("thu", "thursday", "الخميس"),
    ("fri", "friday", "الجمعة"),
    ("sat", "saturday", "السبت"),
    ("sun", "sunday", "الأحد"),
)
_REF = re.compile(r"[A-Za-z0-9]{5}")
_CONDITION = re.compile(r"([^\s=\"]{1,60})=(?:\"([^\"]*)\"|(\S+))")
_DURATION = re.compile(r"\d{1,6}[smhd]")


class SilenceFault(Enum):
    """Fault of a typed silence."""

    NO_TARGET = N_("Name the incident's ID, or what to silence, such as site=shuwaikh.")
    NO_TIME = N_("Say for how long, such as 2h or until 08:00.")
    BAD_TIME = N_("Expected a time of day such as 08:00, or a length such as 30m, 2h or 1d.")
    BAD_DAY = N_("Expected a day of the week, such as fri.")
    TOO_SHORT = N_("A silence lasts at least a minute.")
    TOO_LONG = N_("A silence lasts 7 days at most.")
    TOO_MANY = N_("A silence has 8 conditions at most.")
    BAD_CONDITION = N_("A condition has one * at most and 120 characters at most.")


class SilenceSyntaxError(Exception):
    """A typed silence can't be read; `fault` says why."""

    def __init__(self, fault: SilenceFault) -> None:
        super().__init__(fault.name)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class SilenceRequest:
    """A silence as a person asks for it."""

    incident_ref: str | None
    conditions: Mapping[str, tuple[str, ...]]
    starts_at: datetime
    ends_at: datetime
    is_weekly: bool
    reason: str


def read_silence(text: str, now: datetime, zone: tzinfo) -> SilenceRequest:
    """Reads what follows the command.

    Raises:
        SilenceSyntaxError: it can't be read.
    """
    ref, conditions, rest = _read_target(text)
    words = rest.split()
    starts_at, ends_at, is_weekly, used = _read_time(words, now, zone)
    if ends_at - starts_at < SHORTEST:
        raise SilenceSyntaxError(SilenceFault.TOO_SHORT)
    if ends_at - starts_at > LONGEST or (is_weekly and ends_at - starts_at == LONGEST):
        raise SilenceSyntaxError(SilenceFault.TOO_LONG)
    reason = " ".join(words[used:])[:MAX_REASON]
    return SilenceRequest(ref, conditions, starts_at, ends_at, is_weekly, reason)


def _read_target(text: str) -> tuple[str | None, dict[str, tuple[str, ...]], str]:
    """Returns the incident or the conditions, and the text after them."""
    text = text.strip()
    conditions: dict[str, tuple[str, ...]] = {}
    while found := _CONDITION.match(text):
        value = found[3] if found[2] is None else found[2]
        if value.count("*") > 1 or not 0 < len(value) <= MAX_VALUE:
            raise SilenceSyntaxError(SilenceFault.BAD_CONDITION)
        conditions[found[1]] = (*conditions.get(found[1], ()), value)
        text = text[found.end() :].lstrip()
    if len(conditions) > MAX_CONDITIONS:
        raise SilenceSyntaxError(SilenceFault.TOO_MANY)
    if conditions:
        return None, conditions, text
    first, _, rest = text.partition(" ")
    is_ref = _REF.fullmatch(first) and not (first.isalpha() or first.isdigit())
    if not is_ref:
        raise SilenceSyntaxError(SilenceFault.NO_TARGET)
    return first.upper(), {}, rest


def _read_time(
    words: Sequence[str], now: datetime, zone: tzinfo
) -> tuple[datetime, datetime, bool, int]:
    """Returns start, end, whether it is weekly, and how many words say so."""
    first = words[0].casefold() if words else ""
    if first in EVERY:
        return _read_weekly(words, now, zone)
    if first in FROM:
        starts_at = _next(_time_of_day(words, 1), now, zone)
        ends_at, used = _read_end(words, 2, starts_at, zone)
        return starts_at, ends_at, False, used
    ends_at, used = _read_end(words, 0, now, zone)
    return now, ends_at, False, used


def _read_weekly(
    words: Sequence[str], now: datetime, zone: tzinfo
) -> tuple[datetime, datetime, bool, int]:
    day = words[1].casefold() if len(words) > 1 else ""
    weekday = next((number for number, names in enumerate(DAYS) if day in names), None)
    if weekday is None:
        raise SilenceSyntaxError(SilenceFault.BAD_DAY)
    at = _time_of_day(words, 2)
    today = now.astimezone(zone).date()
    begin = today - timedelta(days=(today.weekday() - weekday) % 7)
    starts_at = datetime.combine(begin, at, zone).astimezone(now.tzinfo)
    ends_at, used = _read_end(words, 3, starts_at, zone)
    if ends_at <= now:  # This week's is over.
        starts_at, ends_at = starts_at + WEEK, ends_at + WEEK
    return starts_at, ends_at, True, used


def _read_end(
    words: Sequence[str], position: int, starts_at: datetime, zone: tzinfo
) -> tuple[datetime, int]:
    """Returns the end that these words give a silence, and the position after them."""
    word = words[position].casefold() if len(words) > position else ""
    if word in UNTIL:
        return _next(_time_of_day(words, position + 1), starts_at, zone), position + 2
    if word in FOR:
        position += 1
        word = words[position].casefold() if len(words) > position else ""
    if not _DURATION.fullmatch(word):
        raise SilenceSyntaxError(SilenceFault.BAD_TIME if word else SilenceFault.NO_TIME)
    try:
        lasts: timedelta = parse_duration(word)
    except ValueError as error:
        is_zero = int(word[:-1]) == 0
        fault = SilenceFault.TOO_SHORT if is_zero else SilenceFault.TOO_LONG
        raise SilenceSyntaxError(fault) from error
    return starts_at + lasts, position + 1


def _time_of_day(words: Sequence[str], position: int) -> time:
    if len(words) <= position:
        raise SilenceSyntaxError(SilenceFault.NO_TIME)
    try:
        found: time = parse_time_of_day(words[position])
    except ValueError as error:
        raise SilenceSyntaxError(SilenceFault.BAD_TIME) from error
    return found


def _next(at: time, after: datetime, zone: tzinfo) -> datetime:
    """Returns the first moment after `after` at which clocks of the zone show this time."""
    today = after.astimezone(zone).date()
    for days in range(3):
        found = datetime.combine(today + timedelta(days=days), at, zone).astimezone(after.tzinfo)
        if found > after:
            return found
    raise AssertionError("a day has every time of day")
