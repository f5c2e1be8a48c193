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
    first_text,
)
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.models import AlertBatch, AlertSeverity, AlertStatus, Incoming

# `Down ended (now: Up)`: what counts is the present state.
_PRESENT = re.compile(r"\(now: *([^()]{1,60})\)", re.IGNORECASE)
_ENDED = re.compile(r"\bended\b", re.IGNORECASE)
_ACKNOWLEDGED = re.compile(r"^down\b.*\backnowledged\b", re.IGNORECASE)
_UP, _PAUSED = "up", "paused"
_SEVERITIES = {
    "down": AlertSeverity.CRITICAL,
    "warning": AlertSeverity.WARNING,
    "unusual": AlertSeverity.WARNING,
    "unknown": AlertSeverity.WARNING,
}
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
        raise unknown_shape(written, "sensorid, device, sensor and status")
    state = _state(status)
    if state == _PAUSED:
        return AlertBatch((), ignored=1)
    reported, time = _status(status, state), _time(fields, options.timezone)
    ended = reported is AlertStatus.RESOLVED
    return AlertBatch(
        (
            Incoming(
                key=as_key(as_text(fields.get("sensorid")) or f"{device}/{sensor}"),
                status=reported,
                title=f"{name[: MAX_TITLE - 40]} {state[:39]}",
                text=first_text((fields.get("message"), fields.get("lastmessage")), MAX_TEXT),
                severity=_SEVERITIES.get(state.partition(" ")[0].casefold()),
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
    """The present state, in PRTG's own word; an end without one is `Up`."""
    present = _PRESENT.search(status)
    if present:
        return present[1].strip()
    if _ENDED.search(status):
        return "Up"
    state = status.partition("(")[0].strip() or status
    return _PAUSED if state.casefold().startswith(_PAUSED) else state


def _status(status: str, state: str) -> AlertStatus:
    word = state.partition(" ")[0].casefold()
    if word == _UP or (_ENDED.search(status) and word not in _SEVERITIES):
        return AlertStatus.RESOLVED
    return AlertStatus.ACKNOWLEDGED if _ACKNOWLEDGED.search(status) else AlertStatus.FIRING


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
