"""The section `bridge.drill` of config.yaml: the weekly test of the whole way. Reads no file."""

import re
from dataclasses import dataclass
from datetime import time, timedelta, tzinfo
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from kwtsms_bot.config.bridge_fields import EndpointName
from kwtsms_bot.config.fields import Duration, Section, TimeZone, parse_time_of_day, zone

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MIN_WITHIN, MAX_WITHIN = timedelta(minutes=2), timedelta(hours=1)
_PATTERN = rf"({'|'.join(WEEKDAYS)})\s+([01]\d|2[0-3]):[0-5]\d"


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
    if not re.fullmatch(_PATTERN, text, re.IGNORECASE):
        raise ValueError("expected a day and a time of day such as Sun 10:00")
    day, time_of_day = text.split()
    return WeeklyTime(WEEKDAYS.index(day.title()), parse_time_of_day(time_of_day))


WeeklyTimeField = Annotated[
    WeeklyTime,
    BeforeValidator(parse_weekly_time),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_PATTERN}\s*$"}),
]


class DrillSettings(Section):
    """A weekly test: an SMS to who is on call, who acknowledges it in Slack."""

    at: WeeklyTimeField = Field(examples=["Sun 10:00"])
    """When: a day (Mon to Sun) and a time of day."""
    receiver: EndpointName = Field(examples=["ops"])
    """The receiver whose first people are texted: one credit each."""
    within: Duration = Field(
        default=timedelta(minutes=10), ge=MIN_WITHIN, le=MAX_WITHIN, examples=["10m"]
    )
    """How long an acknowledgement counts."""
    timezone: TimeZone = Field(default="Asia/Kuwait", examples=["Asia/Kuwait"])
    """Whose day and time of day it is."""

    @property
    def zone(self) -> tzinfo:
        """The time zone that `timezone` names."""
        return zone(self.timezone)
