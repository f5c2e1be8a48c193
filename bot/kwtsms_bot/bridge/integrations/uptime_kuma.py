"""Uptime Kuma's webhook: JSON, a form with the field `data`, or a GET request.

https://github.com/louislam/uptime-kuma/blob/master/server/notification-providers/webhook.js
"""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from kwtsms_bot.bridge.integrations.body import (
    is_form,
    parse_json,
    read_form,
    read_object,
    unknown_shape,
)
from kwtsms_bot.bridge.integrations.fields import (
    MAX_TEXT,
    MAX_TITLE,
    as_host,
    as_key,
    as_labels,
    as_mapping,
    as_severity,
    as_text,
    as_time,
    as_url,
    digest,
)
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.integrations.titles import state_title
from kwtsms_bot.bridge.models import AlertBatch, AlertSeverity, AlertStatus, Incoming

_DOWN, _UP = 0, 1  # 2 is pending, 3 is maintenance.
_PARTS = ("heartbeat", "monitor", "msg")
# `[Shop] [🔴 Down] timeout`: the name is in the title, and a phone shows no emoji.
_PREFIX = re.compile(r"\[[^\[\]]{0,255}\] ?\[[^\[\]]{0,40}\] ?")
# `[Shop][https://shop.example.com] Certificate will expire in 14 days`: a note, not a test.
_NOTE = re.compile(r"\[([^\[\]]{1,255})\] ?\[([^\[\]]{0,2048})\] ?(?=\S)")
_NO_HOST = ("https://", "http://")  # The address of a monitor that has none.


def parse(request: WebhookRequest, _options: ParseOptions) -> AlertBatch:
    """Reads one report of a monitor, a test, or a note about a certificate.

    Raises:
        WebhookRefused: there is neither a report nor a message.
    """
    body = _read(request)
    if not any(name in body for name in _PARTS):
        raise unknown_shape(body, "heartbeat, monitor and msg")
    heartbeat, monitor = as_mapping(body.get("heartbeat")), as_mapping(body.get("monitor"))
    message = as_text(body.get("msg"), MAX_TEXT)
    if not heartbeat or not monitor:
        if not message:
            raise unknown_shape(body, "a msg beside an empty heartbeat")
        return AlertBatch((_note(message),))
    status = heartbeat.get("status")
    if status not in (_DOWN, _UP) or isinstance(status, bool):
        return AlertBatch((), ignored=1)
    return AlertBatch((_report(heartbeat, monitor, message),))


def _read(request: WebhookRequest) -> Mapping[str, Any]:
    if is_form(request):
        fields = read_form(request).fields
        return as_mapping(parse_json(fields["data"])) if "data" in fields else _from_query(fields)
    return read_object(request) if request.body else _from_query(request.query)


def _from_query(query: Mapping[str, str]) -> Mapping[str, Any]:
    """The parts of a GET request, whose objects are JSON texts."""
    objects = {name: query.get(name, "") for name in ("heartbeat", "monitor")}
    known = {"msg": query["msg"]} if "msg" in query else {}
    return known | {name: parse_json(text) for name, text in objects.items() if text}


def _note(message: str) -> Incoming:
    """A test, or a note about a certificate: a message and nothing else."""
    line = message.partition("\n")[0]
    about = _NOTE.match(line)
    title = f"{about[1]}: {line[about.end() :]}" if about else line
    where = as_host(about[2]) if about else ""
    return Incoming(
        digest(line)[:32], AlertStatus.FIRING, title[:MAX_TITLE], where=as_text(where), test=True
    )


def _report(heartbeat: Mapping[str, Any], monitor: Mapping[str, Any], message: str) -> Incoming:
    up = heartbeat["status"] == _UP
    name = as_text(monitor.get("name"), MAX_TITLE) or as_text(monitor.get("pathName"), MAX_TITLE)
    name = name or f"Monitor {as_text(monitor.get('id'))}"
    tags = _tags(monitor)
    time = as_time(heartbeat.get("time"), UTC)
    url = as_text(monitor.get("url"))
    return Incoming(
        key=as_key(as_text(monitor.get("id")) or as_text(heartbeat.get("monitorID")) or name),
        status=AlertStatus.RESOLVED if up else AlertStatus.FIRING,
        title=state_title(name, up=up),
        text=as_text(heartbeat.get("msg"), MAX_TEXT) or _PREFIX.sub("", message, count=1),
        severity=_severity(tags),
        kind=name,
        where=as_text(monitor.get("hostname")) or ("" if url in _NO_HOST else as_host(url)),
        url=as_url((monitor.get("url"),)),
        started_at=as_time(heartbeat.get("lastDownTime"), UTC) if up else time,
        ended_at=time if up else None,
        labels=tags | _parent(monitor),
    )


def _tags(monitor: Mapping[str, Any]) -> dict[str, str]:
    """The monitor's tags by their names; a tag without a value has an empty one, and is `true`."""
    tags = monitor.get("tags")
    found = [as_mapping(one) for one in tags] if isinstance(tags, list) else []
    return as_labels({as_text(one.get("name")): one.get("value") or "true" for one in found})


def _severity(tags: Mapping[str, str]) -> AlertSeverity | None:
    """The severity of the tag of this name, in capitals or not."""
    words = (value for name, value in tags.items() if name.casefold() == "severity")
    return as_severity(next(words, ""))


def _parent(monitor: Mapping[str, Any]) -> dict[str, str]:
    """The group that the monitor is in: `Web` for the path `Web / Shop`."""
    parent = as_text(monitor.get("pathName")).rpartition(" / ")[0]
    return {"group": parent} if parent else {}
