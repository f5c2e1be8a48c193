"""Schedules for tests, as config.yaml writes them, and calendars of a few lines."""

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kwtsms_bot.bridge.on_call.duty_roster import DutyRoster
from kwtsms_bot.config.on_call import ScheduleSettings
from kwtsms_bot.config.phonebook import Phonebook

NAMES = ("noura", "fahad", "sara", "lead", "mona")
PHONEBOOK = Phonebook.model_validate(
    {
        "contacts": {name: f"+9655550010{number}" for number, name in enumerate(NAMES)},
        "groups": {"team": ["noura", "fahad"]},
    }
)
KUWAIT = ZoneInfo("Asia/Kuwait")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def schedule_values(**settings: Any) -> dict[str, Any]:
    """A schedule as in config.yaml: three people who change on Sundays, unless said otherwise."""
    rotation = {"people": NAMES[:3], "from": "2026-01-04 08:00", "every": "7d"}
    return settings if "calendar" in settings else rotation | settings


def schedule(**settings: Any) -> ScheduleSettings:
    """Such a schedule."""
    return ScheduleSettings.model_validate(schedule_values(**settings))


def roster(**settings: Any) -> DutyRoster:
    """A roster with this schedule alone, named `ops`."""
    return DutyRoster({"ops": schedule(**settings)}, PHONEBOOK)


def local(text: str, zone: tzinfo = KUWAIT) -> datetime:
    """The instant of a time of day in a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def hours_from(start: datetime, days: int = 400) -> list[datetime]:
    """Each hour of so many days."""
    return [start + number * HOUR for number in range(days * 24)]


def event(title: str, start: str, *lines: str, uid: str = "") -> str:
    """An event; `start` is what follows DTSTART, and `lines` are its other lines."""
    found = ["BEGIN:VEVENT", f"UID:{uid or title + start}", f"SUMMARY:{title}", f"DTSTART{start}"]
    return "\r\n".join([*found, *lines, "END:VEVENT"])


def calendar(*events: str, zone: str = "") -> bytes:
    """A calendar with these events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN"]
    lines += [f"X-WR-TIMEZONE:{zone}"] if zone else []
    return "\r\n".join([*lines, *events, "END:VCALENDAR", ""]).encode()


def write_calendar(folder: Path, *events: str) -> str:
    """Writes a calendar to a file; returns its path."""
    file = folder / "team.ics"
    file.write_bytes(calendar(*events))
    return str(file)
