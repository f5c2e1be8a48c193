"""PagerDuty's Events API v2, for all that can post to another address than PagerDuty's.

https://developer.pagerduty.com/docs/events-api-v2-overview
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kwtsms_bot.bridge.integrations.body import read_object
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
    first_text,
)
from kwtsms_bot.bridge.integrations.prometheus_shape import PLACES
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.models import (
    AlertBatch,
    AlertSeverity,
    AlertStatus,
    Incoming,
    RefusalReason,
    WebhookRefused,
)

# https://developer.pagerduty.com/docs/events-api-v2-overview#size-limits
MAX_EVENT = 512 * 1024
_ACTIONS = {
    "trigger": AlertStatus.FIRING,
    "acknowledge": AlertStatus.ACKNOWLEDGED,
    "resolve": AlertStatus.RESOLVED,
}
_LABELS = ("component", "class", "group", "source")
# The default templates of Alertmanager and Grafana write `[FIRING:2] HostDown (db01)`, and the
# alerts as lines of text; Zabbix's subject is `Problem: HostDown`.
# https://github.com/prometheus/alertmanager/blob/main/template/default.tmpl
_STATE = re.compile(r"^(?:\[(?:FIRING|RESOLVED)[^\[\]]{0,40}\] +|Problem: +)")
_LINE = re.compile(r"^ - (\w{1,100}) = (.*)$", re.MULTILINE)
_VALUE = re.compile(r"^Value: (.*)$", re.MULTILINE)
_GROUP_LABELS, _GROUP_ANNOTATIONS = "Labels:", "Annotations:"
_DESCRIPTIONS = ("description", "message", "summary")
_TIME = re.compile(r"[\d\s.:/TZ+-]+")  # A date or a time by itself says nothing.


@dataclass(frozen=True, slots=True)
class _ForwardedGroup:
    """A group of alerts that came as the text of one event: what its first alert says."""

    text: str
    values: str
    where: str
    severity: AlertSeverity | None


def parse(request: WebhookRequest, options: ParseOptions) -> AlertBatch:
    """Reads one event.

    Raises:
        WebhookRefused: it has no action, or not what its action needs.
    """
    event = read_object(request)
    status = _ACTIONS.get(as_text(event.get("event_action")).casefold())
    payload = as_mapping(event.get("payload"))
    summary = as_text(payload.get("summary"), MAX_TITLE)
    key = as_text(event.get("dedup_key"), MAX_TEXT)
    if status is None:
        raise _missing("event_action")
    if status is AlertStatus.FIRING and not summary:
        raise _missing("payload.summary")
    if status is not AlertStatus.FIRING and not key:
        raise _missing("dedup_key")
    source, details = as_text(payload.get("source")), payload.get("custom_details")
    group = _read_group(details)
    return AlertBatch(
        (
            Incoming(
                key=as_key(key) or digest(f"{summary}\n{source}")[:32],
                status=status,
                title=_plain_summary(summary) or key[:MAX_TITLE],
                text=group.text if group else _first_detail(details),
                severity=_severity(payload, group),
                kind=as_text(payload.get("class")),
                where=group.where if group else _place(source, event),
                values=group.values if group else "",
                url=as_url((_first_link(event.get("links")), event.get("client_url"))),
                started_at=_started_at(status, payload, options),
                labels=as_labels({name: payload.get(name) for name in _LABELS}),
                has_end=bool(key),
            ),
        )
    )


def routing_key(request: WebhookRequest) -> str:
    """The token of an event.

    Raises:
        WebhookRefused: it has none, or the body is no JSON object.
    """
    key = as_text(read_object(request).get("routing_key"))
    if not key:
        raise _missing("routing_key")
    return key


def _started_at(
    status: AlertStatus, payload: Mapping[str, Any], options: ParseOptions
) -> datetime | None:
    is_start = status is AlertStatus.FIRING
    return as_time(payload.get("timestamp"), options.timezone) if is_start else None


def _missing(name: str) -> WebhookRefused:
    return WebhookRefused(RefusalReason.UNKNOWN_SHAPE, f"'{name}' is missing or blank")


def _severity(payload: Mapping[str, Any], group: _ForwardedGroup | None) -> AlertSeverity | None:
    """The severity of the event, or of its alerts: Alertmanager sends `error` for them all."""
    written = as_severity(payload.get("severity"))
    labelled = group.severity if group else None
    return max((one for one in (written, labelled) if one is not None), default=None)


def _place(source: str, event: Mapping[str, Any]) -> str:
    """The machine that the event is about; Zabbix writes `db01 : 192.0.2.11`."""
    is_client = source == as_text(event.get("client"))
    return "" if is_client else source.partition(" : ")[0]


def _first_link(links: Any) -> Any:
    """The address of the first link."""
    return as_mapping(links[0]).get("href") if isinstance(links, list) and links else None


def _plain_summary(summary: str) -> str:
    """The summary without the state, which the event has already."""
    return _STATE.sub("", summary) or summary


def _read_group(details: Any) -> _ForwardedGroup | None:
    """The group that Alertmanager or Grafana put into the details; None if there is none."""
    if not isinstance(details, dict) or "num_firing" not in details:
        return None
    written = first_text((details.get("firing"), details.get("resolved")), MAX_TEXT)
    head, _, rest = written.partition(_GROUP_ANNOTATIONS)
    labels, annotations = _first_values(head), _first_values(rest.partition(_GROUP_LABELS)[0])
    value = _VALUE.search(head)
    count = as_text(details.get("num_firing"))
    is_several = count.isascii() and count.isdecimal() and int(count[:9]) > 1
    return _ForwardedGroup(
        text=first_text((annotations.get(name) for name in _DESCRIPTIONS), MAX_TEXT),
        values=f"{count} alerts" if is_several else as_text(value[1]) if value else "",
        where=as_host(first_text(labels.get(name) for name in PLACES)),
        severity=as_severity(labels.get("severity")),
    )


def _first_detail(details: Any) -> str:
    """The first text of the details that is more than a time, or the details themselves."""
    if not isinstance(details, dict):
        return as_text(details, MAX_TEXT)
    texts = (one for one in details.values() if isinstance(one, str))
    return first_text((one for one in texts if not _TIME.fullmatch(one)), MAX_TEXT)


def _first_values(written: str) -> Mapping[str, str]:
    """The lines ` - name = value`; of two with one name, the first."""
    return dict(reversed([(name, as_text(value)) for name, value in _LINE.findall(written)]))
