"""Values of foreign data as texts, times, labels and severities, within bounds. Pure."""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from kwtsms_bot.bridge.models import AlertSeverity

MAX_TITLE = 1024
MAX_TEXT = 6 * 1024
MAX_KEY = 255
MAX_LABELS = 64
MAX_LABEL = 256
MAX_URL = 2048
_CUT_KEY = 190
_CUT_DIGITS = 18  # A number of more digits is no time.
# What a database or a log can't store: control characters, and halves of characters.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_PORT = re.compile(r"([^:]+|\[[^\[\]]*\]):\d{1,5}")
_MIN_YEAR, _MAX_YEAR = 1971, 9000  # Year 1 is Go's zero time: none.
_SEVERITY_WORDS = {
    AlertSeverity.CRITICAL: "critical crit fatal emergency page disaster high p1 sev1 down unreach",
    AlertSeverity.ERROR: "error err major average p2 failure",
    AlertSeverity.WARNING: "warning warn minor p3 unusual unknown",
    AlertSeverity.INFO: "info information p4 p5 debug success",
    AlertSeverity.NONE: "none",
}
SEVERITIES = {
    word: severity for severity, words in _SEVERITY_WORDS.items() for word in words.split()
} | {"not classified": AlertSeverity.INFO}


def as_text(value: Any, limit: int = MAX_LABEL) -> str:
    """The value as a text of at most `limit` characters; empty for lists, objects and null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    if isinstance(value, int):
        return str(value)[:limit] if abs(value) < 10**MAX_KEY else ""
    if not isinstance(value, str):
        return ""
    text = value[: limit * 2].replace("\r\n", "\n").replace("\r", "\n")
    return _UNSTORABLE.sub("", text).strip()[:limit]


def first_text(values: Iterable[Any], limit: int = MAX_LABEL) -> str:
    """The first of the values that is a text with something in it."""
    return next((text for one in values if (text := as_text(one, limit))), "")


def as_mapping(value: Any) -> Mapping[str, Any]:
    """The value, if it is an object; otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def as_labels(value: Any) -> dict[str, str]:
    """The labels of an object: those with a text, at most 64."""
    pairs = ((as_text(key), as_text(one)) for key, one in as_mapping(value).items())
    return dict(islice(((key, one) for key, one in pairs if key and one), MAX_LABELS))


def as_key(*parts: str) -> str:
    """The key that the parts make; a long one keeps its beginning and a digest of the whole."""
    key = "/".join(part for part in parts if part)
    if len(key) <= MAX_KEY:
        return key
    return f"{key[:_CUT_KEY]}#{digest(key)}"


def digest(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def as_count(value: Any) -> int:
    """The value as a count of things; 0 if it is none."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return min(value, 10**9) if is_count else 0


def as_severity(value: Any) -> AlertSeverity | None:
    """The severity that a word names; None if there is none, or an unknown one."""
    return SEVERITIES.get(as_text(value).casefold())


def as_time(value: Any, zone: tzinfo = UTC) -> datetime | None:
    """A time in UTC, from ISO 8601 or seconds since 1970; `zone` is that of times without one."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            time = datetime.fromtimestamp(value, UTC)
        else:
            time = _parse_time(as_text(value), zone)
        time = time.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return time if _MIN_YEAR <= time.year <= _MAX_YEAR else None


def _parse_time(text: str, zone: tzinfo) -> datetime:
    if text.isascii() and text.isdigit() and len(text) <= _CUT_DIGITS:
        return datetime.fromtimestamp(int(text), UTC)
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=zone)


def as_host(text: str) -> str:
    """The host that an address names, without its port: `db01` for `db01:9100`."""
    if "://" in text:
        return url_host(text) or text
    match = _PORT.fullmatch(text)
    return match[1].strip("[]") if match else text


def url_host(url: str) -> str:
    """The host of a URL; empty if there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def as_url(values: Iterable[Any]) -> str:
    """The first of the values that is the address of a web page."""
    texts = (as_text(one, MAX_URL) for one in values)
    return next((one for one in texts if re.match(r"https?://[^\s<>|]+$", one)), "")
