"""Types of the values in config.yaml: times, addresses, secrets, Slack's ids.

Pure, except for a check whether PostgreSQL's driver is installed.
"""

import re
from datetime import time, timedelta, tzinfo
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    WithJsonSchema,
)

from kwtsms_bot import kuwait_time
from kwtsms_client.countries import COUNTRIES

_DURATION = re.compile(r"(?!0+\D)(\d{1,6})\s*(s|m|h|d)")
_HOURS = re.compile(r"((?:[01]?\d|2[0-3]):[0-5]\d)\s*-\s*((?:[01]?\d|2[0-3]):[0-5]\d)")
_TIME = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d")
_LEADING_ZERO = re.compile(r"[-+]?0[\w]+", re.ASCII)
# Slack's rule: https://docs.slack.dev/interactivity/implementing-slash-commands
SLASH_COMMAND = r"^/[a-z0-9_-]{1,31}$"
MAX_PORT = 65535
MAX_DURATION = timedelta(days=3650)  # Longer is a typing mistake, and may overflow dates.
KUWAIT_ZONE_NAME = "Asia/Kuwait"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class AmbiguousNumber(str):
    """A number without quotes that begins with 0: YAML reads it as octal, people as decimal."""

    __slots__ = ()


def is_ambiguous_number(text: str) -> bool:
    """Whether YAML and people may read this unquoted text as two numbers: 060, 0x3C."""
    return bool(_LEADING_ZERO.fullmatch(text))


def _check_number(value: Any) -> Any:
    """Refuses what pydantic would convert, though nobody means it: `yes` as 1, 060 as 48."""
    if isinstance(value, bool):
        raise ValueError("expected a number")  # noqa: TRY004 - pydantic's rule for validators.
    if isinstance(value, AmbiguousNumber):
        digits = value.replace("_", "")
        number = f"write {int(digits)}" if digits.lstrip("+-").isdecimal() else "use decimal digits"
        raise ValueError(f"a number can't begin with 0: {number}, or quote it")  # noqa: TRY004
    return value


def parse_duration(value: Any) -> Any:
    """Parses `30s`, `15m`, `24h` or `7d`; a timedelta is returned as it is.

    Raises:
        ValueError: the value has another form, or is longer than `MAX_DURATION`.
    """
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError("expected a time such as 30s, 15m, 24h or 7d")
    duration = timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
    if duration > MAX_DURATION:
        raise ValueError(f"expected at most {MAX_DURATION.days}d")
    return duration


def format_duration(duration: timedelta) -> str:
    """A duration as it is written in config.yaml, in the largest unit that divides it."""
    seconds = int(duration.total_seconds())
    unit = next(unit for unit in "dhms" if seconds % _SECONDS[unit] == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"


def parse_quiet_hours(value: Any) -> Any:
    """Parses `21:00-09:00` as two times of day.

    Raises:
        ValueError: the value has another form, or the two times are equal.
    """
    match = _HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError("expected two times of day such as 21:00-09:00")
    begin, end = _time_of_day(match[1]), _time_of_day(match[2])
    if begin == end:
        raise ValueError("expected two different times such as 21:00-09:00")
    return begin, end


def parse_time_of_day(value: Any) -> Any:
    """Parses `08:00` as a time of day.

    Raises:
        ValueError: the value has another form, such as 0800 or 800.
    """
    if not isinstance(value, str) or not _TIME.fullmatch(value.strip()):
        raise ValueError("expected a time of day such as 08:00")
    return _time_of_day(value.strip())


def _time_of_day(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def zone(name: str) -> tzinfo:
    """Returns the time zone of that name; Kuwait's needs no time zone database.

    Raises:
        ValueError: no time zone of that name is known.
    """
    if name == KUWAIT_ZONE_NAME:
        return kuwait_time.KUWAIT_TZ
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError(
            f"expected the name of a time zone such as {KUWAIT_ZONE_NAME} "
            "(if others don't work, install tzdata)"
        ) from None


def _check_time_zone(value: str) -> str:
    zone(value)
    return value


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check_port(value: str) -> str:
    if int(value.rpartition(":")[2]) > MAX_PORT:
        raise ValueError(f"expected host:port, with a port up to {MAX_PORT}")
    return value


def _check_database_url(value: str) -> str:
    if re.match(r"sqlite:///[^:?]", value):  # A database in memory keeps nothing.
        return value
    if not value.startswith("postgresql://"):
        raise ValueError("expected sqlite:///file or postgresql://user:password@host/name")
    try:
        parts = urlsplit(value)
        complete = parts.port != 0 and "@" not in value.partition("@")[2]
    except ValueError:  # The port is not a number.
        complete = False
    if not (complete and value.removeprefix("postgresql://")):
        raise ValueError(
            "expected postgresql://user:password@host/name; in the password, write @ as %40, "
            ": as %3A, / as %2F, # as %23, ? as %3F and % as %25"
        )
    if find_spec("psycopg") is None:
        raise ValueError("PostgreSQL needs psycopg: pip install 'kwtsms-bridge[postgres]'")
    return value


def _check_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme == "https" and parts.hostname:
        return value
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return value
    raise ValueError("expected an https:// address (http:// only for this machine)")


def _require_prefix(prefix: str, where: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if not token.startswith(prefix):
            raise ValueError(f"expected a token that starts with {prefix} (find it under {where})")
        if not re.fullmatch(r"[\w%-]+", token.removeprefix(prefix), re.ASCII):
            raise ValueError(f"expected the token itself, got an example (find it under {where})")
        return value

    return AfterValidator(check)


def _check_filled(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip(" .…"):
        raise ValueError("expected a value, got an empty one or the example's dots")
    return value


def _check_secret_url(value: SecretStr) -> SecretStr:
    _check_url(value.get_secret_value())
    return value


def _check_country(value: str) -> str:
    if value not in COUNTRIES:
        raise ValueError("expected a country code that kwtsms-bridge supports")
    return value


def _check_name(value: str) -> str:
    if value != value.strip() or not value.strip(".…"):
        raise ValueError("expected a name without spaces around it")
    return value


def _check_distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    for later, value in enumerate(values):
        first = values.index(value)
        if first < later:
            # Named by position: the values may be secrets.
            raise ValueError(
                f"expected each value once, but number {later + 1} repeats number {first + 1}"
            )
    return values


Unambiguous = BeforeValidator(_check_number)  # For numbers, after their Field.
Distinct = AfterValidator(_check_distinct)
Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_DURATION.pattern}\s*$"}),
]
QuietHours = Annotated[
    tuple[time, time],
    BeforeValidator(parse_quiet_hours),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_HOURS.pattern}\s*$"}),
]
TimeOfDay = Annotated[
    time,
    BeforeValidator(parse_time_of_day),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_TIME.pattern}\s*$"}),
]
TimeZone = Annotated[str, AfterValidator(_check_time_zone)]
Country = Annotated[str, Field(pattern=r"^([1-9]\d{0,3}|all)$")]  # +1-242 has four digits.
HomeCountry = Annotated[str, Field(pattern=r"^[1-9]\d{0,2}$"), AfterValidator(_check_country)]
Url = Annotated[str, AfterValidator(_check_url)]
# The address itself is the password: anybody who knows it can call it.
SecretUrl = Annotated[SecretStr, AfterValidator(_check_secret_url)]
# A host's name, an IPv4 address, or an IPv6 address in brackets; and a port.
Address = Annotated[
    str,
    Field(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+):\d{1,5}$"),
    AfterValidator(_check_port),
]
DatabaseUrl = Annotated[
    str,
    AfterValidator(_check_database_url),
    WithJsonSchema({"type": "string", "pattern": "^(sqlite:///[^:?]|postgresql://.)"}),
]
Secret = Annotated[SecretStr, AfterValidator(_check_filled)]
BotToken = Annotated[
    SecretStr, _require_prefix("xoxb-", "OAuth & Permissions in your Slack app's settings")
]
AppToken = Annotated[
    SecretStr, _require_prefix("xapp-", "Basic Information, App-Level Tokens, in your Slack app")
]
UserId = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,20}$")]
GroupId = Annotated[str, Field(pattern=r"^S[A-Z0-9]{2,20}$")]
ChannelId = Annotated[str, Field(pattern=r"^[CGD][A-Z0-9]{2,20}$")]
Name = Annotated[str, AfterValidator(_check_name)]


class Section(BaseModel):
    """A part of the file: unknown keys are refused, and nothing changes after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )
