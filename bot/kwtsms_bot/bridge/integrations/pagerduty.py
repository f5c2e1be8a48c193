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
    first_text,
)
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.models import (
    AlertBatch,
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
    source = as_text(payload.get("source"))
    return AlertBatch(
        (
            Incoming(
                key=as_key(key) or digest(f"{summary}\n{source}")[:32],
                status=status,
                title=summary or key[:MAX_TITLE],
                text=_details(payload.get("custom_details")),
                severity=as_severity(payload.get("severity")),
                kind=as_text(payload.get("class")),
                where=source,
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


def _details(value: Any) -> str:
    """The first text of the details, or the details themselves."""
    if isinstance(value, dict):
        return first_text((one for one in value.values() if isinstance(one, str)), MAX_TEXT)
    return as_text(value, MAX_TEXT)


def _first_link(links: Any) -> Any:
    """The address of the first link."""
    return as_mapping(links[0]).get("href") if isinstance(links, list) and links else None
