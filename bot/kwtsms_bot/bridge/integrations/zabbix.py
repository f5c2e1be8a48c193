"""Zabbix: the body of our media type, and that of its stock media type for Grafana OnCall.

A media type is a script, so there is no body that all of them share. Ours is in deploy/zabbix.
https://git.zabbix.com/projects/ZBX/repos/zabbix/browse/templates/media/grafana_oncall
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kwtsms_bot.bridge.integrations.body import parse_json, read_fields, unknown_shape
from kwtsms_bot.bridge.integrations.fields import (
    MAX_TEXT,
    MAX_TITLE,
    MAX_URL,
    as_key,
    as_labels,
    as_mapping,
    as_severity,
    as_text,
    as_time,
    as_url,
    digest,
    first_text,
)
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.models import (
    AlertBatch,
    AlertSeverity,
    AlertStatus,
    Incoming,
    WebhookRefused,
)

# What Zabbix leaves of a macro that it can't resolve: {EVENT.ID}, {$URL}, {#NAME}.
_MACRO = re.compile(r"\{[$#]?[A-Z][A-Z0-9_.:]{0,80}\}|\*UNKNOWN\*")
# The numbers stay the same where somebody gave the severities other names.
_SEVERITIES = {
    "0": AlertSeverity.INFO,
    "1": AlertSeverity.INFO,
    "2": AlertSeverity.WARNING,
    "3": AlertSeverity.ERROR,
    "4": AlertSeverity.CRITICAL,
    "5": AlertSeverity.CRITICAL,
}
_ENDED = frozenset({"0", "ok", "resolved"})
_ACKNOWLEDGED = re.compile(r"\backnowledged\b")
_SEVERITY_CHANGED = "changed severity"
# A line of the stock media type's message, and the field that says the same.
_LINE = re.compile(r"^(Host|Severity|Operational data): *([^\r\n]*)", re.MULTILINE)
_LINE_FIELDS = {"Host": "host", "Severity": "event_severity", "Operational data": "opdata"}
# The first line of the stock media type's message about an update.
_UPDATE = re.compile(r"(?P<action>[^\n]+) problem at \d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d\.?(?:\n|$)")
_UPDATE_END = "Current problem status is "  # Its last line; what people wrote is between them.
_NEW_SEVERITY = re.compile(rf"{_SEVERITY_CHANGED} from .+? to ([^,]+?)(?:,| and |$)")
TEST_TITLE = "Zabbix: test of the media type"


def parse(request: WebhookRequest, options: ParseOptions) -> AlertBatch:
    """Reads a problem, its update or its recovery.

    Raises:
        WebhookRefused: the body names no event.
    """
    written = read_fields(request)
    if "event_id" not in written and "alert_uid" not in written:
        raise unknown_shape(written, "event_id and event_name, or alert_uid and title")
    fields = {name: _without_macros(value) for name, value in written.items()}
    fields = fields if "event_id" in fields else _from_stock(fields)
    title = first_text((fields.get("event_name"), fields.get("subject")), MAX_TITLE)
    event = as_text(fields.get("event_id"))
    if event and title:
        return AlertBatch((_to_incoming(event, title, fields, options),))
    if not any(isinstance(one, str) and _MACRO.search(one) for one in written.values()):
        raise unknown_shape(written, "event_id and event_name with a value")
    return AlertBatch((Incoming(digest(title)[:32], AlertStatus.FIRING, TEST_TITLE, test=True),))


def _without_macros(value: Any) -> Any:
    """A value without its open macros, and without the gaps that they leave."""
    if not isinstance(value, str) or not _MACRO.search(value):
        return value
    return re.sub(r" {2,}", " ", _MACRO.sub("", value)).strip()


def _from_stock(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of ours that the stock media type's say; its message has some of them as lines."""
    message = as_text(fields.get("message"), MAX_TEXT)
    update = _UPDATE.match(message)
    lines = {_LINE_FIELDS[name]: text.strip() for name, text in _LINE.findall(message)}
    return {
        "event_id": fields.get("alert_uid"),
        "event_name": fields.get("title"),
        "event_value": fields.get("state"),
        "url": fields.get("link_to_upstream_details"),
        **(_stock_update(update, message) if update else lines or {"opdata": message}),
    }


def _stock_update(first_line: re.Match[str], message: str) -> dict[str, str]:
    """The fields of ours for what people did: only their words say it."""
    action = first_line["action"]
    written = message[first_line.end() :].partition(_UPDATE_END)[0]
    severity = _NEW_SEVERITY.search(action)
    return {
        "event_update_status": "1",
        "update_action": action,
        "update_message": written.strip(),
        "event_severity": severity[1] if severity else "",
    }


def _to_incoming(
    event: str, title: str, fields: Mapping[str, Any], options: ParseOptions
) -> Incoming:
    status = _status(fields)
    return Incoming(
        key=as_key(event),
        status=status,
        title=title,
        text=_text(status, fields),
        severity=_severity(fields),
        kind=title,
        where=first_text((fields.get("host"), fields.get("host_ip"))),
        url=_url(event, fields),
        started_at=_time(fields, "event_date", "event_time", options),
        ended_at=(
            _time(fields, "event_recovery_date", "event_recovery_time", options)
            if status is AlertStatus.RESOLVED
            else None
        ),
        labels=_tags(fields.get("event_tags")),
    )


def _status(fields: Mapping[str, Any]) -> AlertStatus:
    """The status; an update acknowledges, changes the severity, or is only a note."""
    if as_text(fields.get("event_value")).casefold() in _ENDED:
        return AlertStatus.RESOLVED
    if as_text(fields.get("event_update_status")) != "1":
        return AlertStatus.FIRING
    action = as_text(fields.get("update_action")).casefold()
    if _ACKNOWLEDGED.search(action):
        return AlertStatus.ACKNOWLEDGED
    return AlertStatus.FIRING if _SEVERITY_CHANGED in action else AlertStatus.NOTE


def _text(status: AlertStatus, fields: Mapping[str, Any]) -> str:
    """The measured value; of a note or an acknowledgement, the words of its author."""
    is_update = status in (AlertStatus.ACKNOWLEDGED, AlertStatus.NOTE)
    written = fields.get("update_message") if is_update else None
    return first_text((written, fields.get("opdata")), MAX_TEXT)


def _severity(fields: Mapping[str, Any]) -> AlertSeverity | None:
    number = _SEVERITIES.get(as_text(fields.get("event_nseverity")))
    return as_severity(fields.get("event_severity")) if number is None else number


def _time(
    fields: Mapping[str, Any], date: str, time: str, options: ParseOptions
) -> datetime | None:
    """A time of the server, which writes 2026.11.02 and 14:02:13."""
    day, hour = as_text(fields.get(date)).replace(".", "-"), as_text(fields.get(time))
    return as_time(f"{day} {hour}", options.timezone) if day and hour else None


def _url(event: str, fields: Mapping[str, Any]) -> str:
    """The address of the problem's page."""
    base = as_url((as_text(fields.get("zabbix_url"), MAX_URL).rstrip("/"),))
    trigger = as_text(fields.get("trigger_id"))
    page = f"{base}/tr_events.php?triggerid={trigger}&eventid={event}" if base and trigger else ""
    return as_url((fields.get("url"), page, base))


def _tags(written: Any) -> dict[str, str]:
    """The problem's tags, from a list or its JSON; a tag without a value is `true`."""
    try:
        tags = parse_json(written) if isinstance(written, str) and written else written
    except WebhookRefused:
        return {}
    found = [as_mapping(one) for one in tags] if isinstance(tags, list) else []
    return as_labels({as_text(one.get("tag")): one.get("value") or "true" for one in found})
