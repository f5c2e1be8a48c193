"""The sections `bridge.oncall` and `bridge.drill` of config.yaml: schedules, and a weekly test.

Reads no file.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SecretStr,
    WithJsonSchema,
    model_validator,
)

from kwtsms_bot.config.bridge_fields import EndpointName
from kwtsms_bot.config.fields import (
    Duration,
    GroupId,
    QuietHours,
    Section,
    TimeOfDay,
    TimeZone,
    parse_time_of_day,
    zone,
)
from kwtsms_bot.config.phonebook import Handle
from kwtsms_client.settings import is_loopback

SCHEDULE_PREFIX = "oncall."  # Of a schedule, where contacts are named.
MIN_SLOT, MAX_SLOT = timedelta(hours=1), timedelta(days=366)
LIBRARIES = ("icalendar", "recurring_ical_events", "x_wr_timezone")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MIN_WITHIN, MAX_WITHIN = timedelta(minutes=2), timedelta(hours=1)
_WEEKLY_TIME = rf"({'|'.join(WEEKDAYS)})\s+([01]\d|2[0-3]):[0-5]\d"
_LOCAL_TIME = r"\d{4}-\d{2}-\d{2}([ T]\d{1,2}:\d{2}(:\d{2})?)?"


def schedule_of(name: str) -> str | None:
    """Returns the schedule that a name such as `oncall.ops` means; None if it means none."""
    return name.removeprefix(SCHEDULE_PREFIX) if name.startswith(SCHEDULE_PREFIX) else None


def parse_local_time(value: Any) -> Any:
    """Parses a date and a time of day without a zone, such as `2026-01-04 08:00`.

    Raises:
        ValueError: the value has another form, or there is no such date.
    """
    if isinstance(value, datetime) and value.tzinfo is None:
        return value
    if isinstance(value, date) and not isinstance(value, datetime):  # YAML reads one itself.
        return datetime.combine(value, time())
    text = value.strip() if isinstance(value, str) else ""
    if re.fullmatch(_LOCAL_TIME, text):
        with suppress(ValueError):  # There is no such date.
            return datetime.fromisoformat(re.sub(r"(?<=[ T])(\d):", r"0\1:", text))
    raise ValueError("expected a date and a time such as 2026-01-04 08:00")


def _check_calendar(value: SecretStr) -> SecretStr:
    location = value.get_secret_value()
    if not location.strip() or location != location.strip() or not location.isprintable():
        raise ValueError("expected an https:// address or the path of a file")
    if "://" not in location:
        return value
    parts = urlsplit(location)
    if parts.scheme == "https" and parts.hostname:
        return value
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return value
    raise ValueError(
        "expected an https:// address (http:// only for this machine), or the path of a file"
    )


LocalTime = Annotated[
    datetime,
    BeforeValidator(parse_local_time),
    PlainSerializer(lambda value: f"{value:%Y-%m-%d %H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_LOCAL_TIME}\s*$"}),
]
CalendarLocation = Annotated[SecretStr, AfterValidator(_check_calendar)]


class ScheduleSettings(Section):
    """Who is on call: people who take turns, or the events of a calendar."""

    people: tuple[Handle, ...] = Field(default=(), examples=[["noura", "fahad"]])
    """Contacts and groups of the phone book, who take turns in this order."""
    begins: LocalTime | None = Field(default=None, alias="from", examples=["2026-01-04 08:00"])
    """When the first of them begins: a date and the time of day of the handover."""
    every: Duration = Field(default=timedelta(days=7), examples=["7d"])
    """How long each turn is: 1d, 7d or 14d."""
    hours: QuietHours | None = Field(default=None, examples=["07:00-19:00"])
    """The hours of each day in which someone must be on call; without it, all."""
    calendar: CalendarLocation | None = Field(default=None, examples=["${ONCALL_ICS}"])
    """The https address of an iCalendar feed, or the path of a file; its titles name contacts."""
    handover: TimeOfDay = Field(default=time(8), examples=["08:00"])
    """The time of day at which all-day events of the calendar begin and end."""
    allow_private: bool = Field(default=False, examples=[False])
    """true accepts a calendar at an address of your own network."""
    fallback: Handle | None = Field(default=None, examples=["lead"])
    """The contact or group that is on call when nobody else is."""
    user_group: GroupId | None = Field(default=None, examples=["S0123ABCD"])
    """A Slack user group that always has the people on call; it needs usergroups:write."""
    timezone: TimeZone = Field(default="Asia/Kuwait", examples=["Asia/Kuwait"])
    """The time zone of days and times of day."""

    @property
    def zone(self) -> tzinfo:
        """The time zone that `timezone` names."""
        return zone(self.timezone)

    @model_validator(mode="after")
    def _check_kind(self) -> "ScheduleSettings":
        if bool(self.people) == bool(self.calendar):
            raise ValueError("expected either people and from, or calendar")
        if self.people and self.begins is None:
            raise ValueError("expected from, when the first turn begins, such as 2026-01-04 08:00")
        if self.calendar and self.begins is not None:
            raise ValueError("a calendar has its own times, so remove from")
        if not MIN_SLOT <= self.every <= MAX_SLOT:
            raise ValueError("every: expected a time between 1h and 366d")
        if self.calendar and any(find_spec(one) is None for one in LIBRARIES):
            raise ValueError("calendar: it needs pip install 'kwtsms-bridge[oncall]'")
        if self.calendar and not self.allow_private:
            self._check_public(self.calendar.get_secret_value())
        return self

    @staticmethod
    def _check_public(location: str) -> None:
        host = urlsplit(location).hostname if "://" in location else None
        try:
            is_private = host is not None and (is_loopback(host) or not ip_address(host).is_global)
        except ValueError:
            is_private = False  # A name; its address is checked when it is fetched.
        if is_private:
            raise ValueError("calendar: it is in your own network; allow_private: true accepts it")

    def names(self) -> Iterator[tuple[str, str]]:
        """Yields each key that names people, and a name."""
        for one in dict.fromkeys(self.people):
            yield "people", one
        if self.fallback:
            yield "fallback", self.fallback


@dataclass(frozen=True, slots=True)
class WeeklyTime:
    """A time of day on one day of each week; day 0 is Monday."""

    day: int
    time: time

    def __str__(self) -> str:
        """The time as it is written in config.yaml."""
        return f"{WEEKDAYS[self.day]} {self.time:%H:%M}"


def parse_weekly_time(value: Any) -> Any:
    """Parses `Sun 10:00`; a time that is parsed already is returned as it is.

    Raises:
        ValueError: the value has another form.
    """
    if isinstance(value, WeeklyTime):
        return value
    text = value.strip() if isinstance(value, str) else ""
    if not re.fullmatch(_WEEKLY_TIME, text, re.IGNORECASE):
        raise ValueError("expected a day and a time of day such as Sun 10:00")
    day, time_of_day = text.split()
    return WeeklyTime(WEEKDAYS.index(day.title()), parse_time_of_day(time_of_day))


WeeklyTimeField = Annotated[
    WeeklyTime,
    BeforeValidator(parse_weekly_time),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_WEEKLY_TIME}\s*$"}),
]


class DrillSettings(Section):
    """A weekly test: an SMS to who is on call, who acknowledges it in Slack."""

    at: WeeklyTimeField = Field(examples=["Sun 10:00"])
    """When: a day (Mon to Sun) and a time of day."""
    receiver: EndpointName = Field(examples=["ops"])
    """The receiver whose first people are texted: one credit each."""
    within: Duration = Field(default=timedelta(minutes=10), examples=["10m"])
    """How long an acknowledgement counts."""
    timezone: TimeZone = Field(default="Asia/Kuwait", examples=["Asia/Kuwait"])
    """Whose day and time of day it is."""

    @model_validator(mode="after")
    def _check_within(self) -> "DrillSettings":
        if not MIN_WITHIN <= self.within <= MAX_WITHIN:
            raise ValueError("within: expected a time between 2m and 1h")
        return self

    @property
    def zone(self) -> tzinfo:
        """The time zone that `timezone` names."""
        return zone(self.timezone)
