"""PagerDuty's Events API v2, for all that can post to another address than PagerDuty's.

https://developer.pagerduty.com/docs/events-api-v2-overview
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kwtsms_bot.bridge.integrations.body import read_object
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
)
from kwtsms_bot.bridge.integrations.forwarded_alerts import (
    ForwardedGroup,
    first_detail,
    plain_summary,
    read_group,
)
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
    group = read_group(details)
    return AlertBatch(
        (
            Incoming(
                key=as_key(key) or digest(f"{summary}\n{source}")[:32],
                status=status,
                title=plain_summary(summary) or key[:MAX_TITLE],
                text=group.text if group else first_detail(details),
                severity=_severity(payload, group),
                kind=as_text(payload.get("class")),
                where=group.where if group else _place(source, event),
                values=group.values if group else "",
                url=as_url((_first_link(event.get("links")), event.get("client_url"))),
                started_at=_started_at(status, payload, options),
                labels=as_labels({name: payload.get(name) for name in _LABELS}),
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


def _severity(payload: Mapping[str, Any], group: ForwardedGroup | None) -> AlertSeverity | None:
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
