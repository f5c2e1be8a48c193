"""PRTG's notification by an HTTP action: a form whose fields are placeholders.

https://www.paessler.com/manuals/prtg/execute_http_action_notification
"""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from kwtsms_bot.bridge.integrations.body import read_fields, unknown_shape
from kwtsms_bot.bridge.integrations.fields import (
    MAX_TEXT,
    MAX_TITLE,
    as_key,
    as_labels,
    as_text,
    as_time,
    as_url,
    digest,
    first_text,
)
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.models import AlertBatch, AlertSeverity, AlertStatus, Incoming

# `Down ended (now: Up)`: what counts is the present state.
_PRESENT = re.compile(
    r"\((?:now|jetzt|ahora|maintenant|agora|nu|сейчас|теперь): *([^()]{1,60})\)", re.IGNORECASE
)
_ENDED = re.compile(r"\bended\b", re.IGNORECASE)
_ACKNOWLEDGED = re.compile(r"\b(?:acknowledged|bestätigt)\b", re.IGNORECASE)
_OCCASION = re.compile(r" +(?:ESCALATION|REPEAT)$")  # The occasion of a notification.
_DOWN, _UP, _PAUSED = "down", "up", "paused"
# PRTG speaks the language of its installation; a word that is not here is an alert.
_WORDS = {
    "fehler": _DOWN,
    "warnung": "warning",
    "ungewöhnlich": "unusual",
    "unbekannt": "unknown",
    "ok": _UP,
    "disponible": _UP,
    "disponível": _UP,
    "pausiert": _PAUSED,
}
# %colorofstate is the same in all languages.
# https://github.com/PagerDuty/public-support-scripts
_COLORS = {
    "#d71920": _DOWN,
    "#ffcb05": "warning",
    "#f59c00": "unusual",
    "#808282": "unknown",
    "#b4cc38": _UP,
    "#447fc1": _PAUSED,
}
_SEVERITIES = {
    _DOWN: AlertSeverity.CRITICAL,
    "warning": AlertSeverity.WARNING,
    "unusual": AlertSeverity.WARNING,
    "unknown": AlertSeverity.WARNING,
}
_KNOWN = frozenset({*_SEVERITIES, _UP, _PAUSED})
TEST_TITLE = "PRTG: test of the notification"
_PLACEHOLDER = re.compile(r"%[a-z]{2,30}")  # One that PRTG did not fill in.
# 02/11/2026 14:02:13 or 11/2/2026 2:02:13 PM: the month comes first where hours have AM and PM.
_TIME = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}),? +(\d{1,2}):(\d{2})(?::(\d{2}))?(?: *([AP]M))?",
    re.IGNORECASE,
)
_NOON = 12
_LABELS = {"group": "group", "probe": "probe", "priority": "priority", "host": "host"}


def parse(request: WebhookRequest, options: ParseOptions) -> AlertBatch:
    """Reads the state of one sensor.

    Raises:
        WebhookRefused: the body names no sensor, or no state.
    """
    written = read_fields(request)
    fields = {name: _without_placeholders(value) for name, value in written.items()}
    device = first_text((fields.get("device"), fields.get("server")), MAX_TITLE)
    sensor = first_text((fields.get("sensor"), fields.get("name")), MAX_TITLE)
    name = " ".join(part for part in (device, sensor) if part)[:MAX_TITLE]
    status = first_text((fields.get("status"), fields.get("state")))
    if not (name and status):
        if any(fields[key] != value for key, value in written.items()):
            return AlertBatch((_test(),))
        raise unknown_shape(written, "sensorid, device, sensor and status")
    state = _state(status)
    word = _word(state, first_text((fields.get("color"), fields.get("colorofstate"))))
    reported, time = _status(status, word), _time(fields, options.timezone)
    if word == _PAUSED and reported is not AlertStatus.RESOLVED:
        return AlertBatch((), ignored=1)
    ended = reported is AlertStatus.RESOLVED
    return AlertBatch(
        (
            Incoming(
                key=as_key(as_text(fields.get("sensorid")) or f"{device}/{sensor}"),
                status=reported,
                title=f"{name[: MAX_TITLE - 40]} {state[:39]}",
                text=first_text((fields.get("message"), fields.get("lastmessage")), MAX_TEXT),
                severity=_SEVERITIES.get(word),
                kind=name,
                where=device,
                url=as_url((fields.get("link"), fields.get("linksensor"))),
                started_at=None if ended else time,
                ended_at=time if ended else None,
                labels=as_labels({name: fields.get(key) for name, key in _LABELS.items()}),
            ),
        )
    )


def _without_placeholders(value: Any) -> Any:
    return "" if isinstance(value, str) and _PLACEHOLDER.fullmatch(value.strip()) else value


def _state(status: str) -> str:
    """The present state, in PRTG's own words; an end without one is `Up`."""
    present = _PRESENT.search(status)
    if present:
        return present[1].strip()
    if _ENDED.search(status):
        return "Up"
    return _OCCASION.sub("", status.partition("(")[0].strip() or status)


def _word(state: str, color: str) -> str:
    """The English word for a state, by its name or else by its color; empty if neither is known."""
    name = state.partition(" ")[0].casefold()
    word = _WORDS.get(name, name)
    return word if word in _KNOWN else _COLORS.get(color.casefold(), "")


def _status(status: str, word: str) -> AlertStatus:
    has_ended = bool(_ENDED.search(status) or _PRESENT.search(status))
    if word == _UP or (has_ended and word == _PAUSED) or (_ENDED.search(status) and not word):
        return AlertStatus.RESOLVED
    is_acknowledged = word == _DOWN and _ACKNOWLEDGED.search(status)
    return AlertStatus.ACKNOWLEDGED if is_acknowledged else AlertStatus.FIRING


def _test() -> Incoming:
    """A notification without a sensor, whose placeholders PRTG can't fill in."""
    return Incoming(digest(TEST_TITLE)[:32], AlertStatus.FIRING, TEST_TITLE, test=True)


def _time(fields: Mapping[str, Any], zone: tzinfo) -> datetime | None:
    """Since when the state is what it is, in one of the forms of PRTG's languages."""
    written = first_text((fields.get("since"), fields.get("datetime")))
    return as_time(_iso_time(written) or written, zone)


def _iso_time(written: str) -> str:
    """The time in the form of ISO 8601; empty if it is in none of PRTG's forms."""
    found = _TIME.search(written)
    if found is None:
        return ""
    first, second, year, hour, minute, seconds, half = found.groups()
    month, day = (first, second) if half else (second, first)
    hours = int(hour)
    if half:
        hours = hours % _NOON + (_NOON if half.upper() == "PM" else 0)
    return f"{year}-{month:0>2}-{day:0>2} {hours:02}:{minute}:{seconds or '00'}"
