"""Netdata Cloud's webhook: alerts, nodes that can't be reached, and tests.

https://learn.netdata.cloud/docs/alerts-&-notifications/notifications/centralized-cloud-notifications/webhook
"""

import re
from collections.abc import Mapping
from typing import Any

from kwtsms_bot.bridge.integrations.body import read_object, unknown_shape
from kwtsms_bot.bridge.integrations.fields import (
    MAX_TEXT,
    MAX_TITLE,
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
from kwtsms_bot.bridge.integrations.titles import state_title
from kwtsms_bot.bridge.models import AlertBatch, AlertStatus, Incoming

CHALLENGE = "crc_token"  # A query by which Netdata checks who answers at the address.
_CLEAR = "clear"
# Only the message names it: `on db01`, but not `on average`.
_HOST = re.compile(
    r"\bon (?:node |host )?(?!(?:a|an|the|all|average|each|this)\b)(\w[\w.-]{0,250})"
)
_REACHABLE = {"true": True, "reachable": True, "false": False, "unreachable": False}
_LABELS = ("space", "family", "class", "chart", "context")


def parse(request: WebhookRequest, _options: ParseOptions) -> AlertBatch:
    """Reads an alert, a node that comes or goes, or a test.

    Raises:
        WebhookRefused: the body is none of them.
    """
    body = read_object(request)
    message = as_text(body.get("message"), MAX_TEXT)
    if _name(body):
        return AlertBatch((_read_alert(body, message),))
    up = _is_reachable(body)
    if up is not None:
        return AlertBatch((_read_reachability(body, message, up=up),))
    if message or as_text(body.get("token")):
        return AlertBatch((_read_test(body, message),))
    raise unknown_shape(body, "an alert, or a host and its status")


def _read_alert(body: Mapping[str, Any], message: str) -> Incoming:
    severity = as_text(body.get("severity")).casefold()
    value = as_text(message.partition(", ")[2])
    ended, time = severity == _CLEAR, as_time(body.get("date"))
    name, host = _name(body), _host(body, message)
    title = f"{name} on {host}" if host else name
    return Incoming(
        key=as_key(host, as_text(body.get("chart")), name),
        status=AlertStatus.RESOLVED if ended else AlertStatus.FIRING,
        title=title[:MAX_TITLE],
        text=as_text(body.get("info"), MAX_TEXT),
        severity=as_severity(severity),
        kind=as_text(name),
        where=host,
        values="" if value.casefold() == severity else value,
        url=as_url((body.get("alert_url"), body.get("alarm_url"))),
        started_at=None if ended else time,
        ended_at=time if ended else None,
        labels=as_labels({name: body.get(name) for name in _LABELS}),
    )


def _name(body: Mapping[str, Any]) -> str:
    """The name of the alert; Netdata called alerts alarms until 2023."""
    return first_text((body.get("alert"), body.get("alarm")), MAX_TITLE)


def _is_reachable(body: Mapping[str, Any]) -> bool | None:
    """Whether a node can be reached; None if the body is not about that."""
    status = as_mapping(body.get("status"))
    return _REACHABLE.get(first_text((status.get("reachable"), status.get("text"))).casefold())


def _read_reachability(body: Mapping[str, Any], message: str, *, up: bool) -> Incoming:
    host = _host(body, message) or "Netdata node"
    return Incoming(
        key=as_key("reachability", host),
        status=AlertStatus.RESOLVED if up else AlertStatus.FIRING,
        title=state_title(host, up=up),
        severity=as_severity(body.get("severity")),
        kind="reachability",
        where=host,
        url=as_url((body.get("url"),)),
    )


def _read_test(body: Mapping[str, Any], message: str) -> Incoming:
    """The button *Test*; its token must be typed into Netdata, so it is shown."""
    token = as_text(body.get("token"))
    title = message.partition("\n")[0][:MAX_TITLE] or "Netdata: test"
    text = f"Token: {token}" if token else ""
    return Incoming(digest(title)[:32], AlertStatus.FIRING, title, text=text, test=True)


def _host(body: Mapping[str, Any], message: str) -> str:
    found = _HOST.search(message)
    written = (body.get("host"), body.get("hostname"), body.get("node"))
    return first_text((*written, found[1].rstrip(".-") if found else ""))
