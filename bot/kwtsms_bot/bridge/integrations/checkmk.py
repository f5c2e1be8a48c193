"""Checkmk: what our notification script in deploy/checkmk posts.

https://docs.checkmk.com/latest/en/notifications.html
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kwtsms_bot.bridge.integrations.body import read_fields, unknown_shape
from kwtsms_bot.bridge.integrations.fields import (
    MAX_TEXT,
    MAX_TITLE,
    as_key,
    as_labels,
    as_severity,
    as_text,
    as_time,
    as_url,
    first_text,
)
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.integrations.titles import by_script, state_title, unreachable_title
from kwtsms_bot.bridge.models import AlertBatch, AlertSeverity, AlertStatus, Incoming

_TYPES = {
    "PROBLEM": AlertStatus.FIRING,
    "RECOVERY": AlertStatus.RESOLVED,
    "ACKNOWLEDGEMENT": AlertStatus.ACKNOWLEDGED,
}
_WELL = frozenset({"OK", "UP"})
_UNREACHABLE = ("UNREACHABLE", "UNREACH", "UNRE")  # NOTIFY_HOSTSTATE, and its short forms.
# The state that begins an output, and the marks of its parts: both are said already.
_STATE = re.compile(r"^(?:OK|WARN(?:ING)?|CRIT(?:ICAL)?|UNKN(?:OWN)?) *[-:] +")
_MARKS = re.compile(r" ?\((?:!!?|\?|\.)\)")
_MICROSECONDS = 1_000_000


def parse(request: WebhookRequest, _options: ParseOptions) -> AlertBatch:
    """Reads one notification about a host or a service; downtimes and flapping are notes.

    Raises:
        WebhookRefused: the body names no host, or no type of notification.
    """
    fields = read_fields(request)
    host = as_text(fields.get("host"), MAX_TITLE)
    kind = as_text(fields.get("notification_type")).upper()
    if not (host and kind):
        raise unknown_shape(fields, "host, notification_type and state")
    return AlertBatch((_to_incoming(host, kind, fields),))


def _to_incoming(host: str, kind: str, fields: Mapping[str, Any]) -> Incoming:
    service = as_text(fields.get("service"), MAX_TITLE)
    state = as_text(fields.get("state")).upper()
    status = _TYPES.get(kind, AlertStatus.NOTE)
    if status is AlertStatus.FIRING and state in _WELL:
        status = AlertStatus.RESOLVED
    ended, time = status is AlertStatus.RESOLVED, _time(fields.get("micro_time"))
    about_service = by_script(service, f"{service} on {host}", f"{service} على {host}")
    unreachable = state in _UNREACHABLE
    about_host = unreachable_title(host) if unreachable else state_title(host, up=ended)
    return Incoming(
        key=as_key(host, service),
        status=status,
        title=(about_service if service else about_host)[:MAX_TITLE],
        text=_output(fields.get("output")),
        severity=AlertSeverity.CRITICAL if unreachable else as_severity(state),
        kind=service,
        where=as_text(fields.get("host")),
        url=as_url((fields.get("service_url"), fields.get("host_url"))),
        started_at=None if ended else time,
        ended_at=time if ended else None,
        labels=as_labels(
            {
                "site": fields.get("site"),
                "address": fields.get("host_address"),
                "state": first_text((state,)),
            }
        ),
    )


def _output(written: Any) -> str:
    """The output of a check, without its state."""
    text = as_text(written, MAX_TEXT)
    return _MARKS.sub("", _STATE.sub("", text)).strip() or text


def _time(written: Any) -> datetime | None:
    """The time of NOTIFY_MICROTIME: microseconds since 1970."""
    text = as_text(written)
    digits = text if text.isascii() and text.isdigit() else ""
    return as_time(int(digits[:18]) // _MICROSECONDS, UTC) if digits else None
