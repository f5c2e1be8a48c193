"""Sentry's webhooks of an internal integration: issue alerts, metric alerts and issues.

https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from kwtsms_bot.bridge.integrations.body import read_object, unknown_shape
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
    first_text,
)
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.models import AlertBatch, AlertSeverity, AlertStatus, Incoming

RESOURCE = "sentry-hook-resource"
_EVENT, _METRIC, _ISSUE = "event_alert", "metric_alert", "issue"
# Other resources are of no alert: installation, comment, error and those to come.
_DATA = {_EVENT: "event", _METRIC: "metric_alert", _ISSUE: "issue"}
_METRIC_SEVERITIES = {"critical": AlertSeverity.CRITICAL, "warning": AlertSeverity.WARNING}
_RESOLVED = "resolved"
_ISSUE_ACTIONS = {
    "created": AlertStatus.FIRING,
    "unresolved": AlertStatus.FIRING,
    "resolved": AlertStatus.RESOLVED,
    "archived": AlertStatus.RESOLVED,
    "ignored": AlertStatus.RESOLVED,
}
# The state is in the severity already: `Critical: Too many errors`.
_PREFIX = re.compile(r"^(Critical|Warning|Resolved): +")
_PROJECT = re.compile(r"/projects/[^/]+/([^/]+)/")
Body = Mapping[str, Any]


def parse(request: WebhookRequest, _options: ParseOptions) -> AlertBatch:
    """Reads one alert, or the change of an issue.

    Raises:
        WebhookRefused: the body is of another shape than its resource has.
    """
    body = read_object(request)
    data = as_mapping(body.get("data"))
    resource = request.header(RESOURCE) or _resource_of(data)
    if not resource or not as_text(body.get("action")):
        raise unknown_shape(body, "action and data with an event, a metric_alert or an issue")
    if resource not in _DATA:
        return AlertBatch((), ignored=1)
    if not as_mapping(data.get(_DATA[resource])):
        raise unknown_shape(data, f"data.{_DATA[resource]}")
    found = _READERS[resource](as_text(body.get("action")).casefold(), data)
    if found is not None and not (found.key and found.title):
        raise unknown_shape(data, "an id and a title")
    return AlertBatch((found,)) if found else AlertBatch((), ignored=1)


def _resource_of(data: Body) -> str:
    """The resource of a body that came without its header."""
    return next((name for name, key in _DATA.items() if as_mapping(data.get(key))), "")


def _read_event(_action: str, data: Body) -> Incoming:
    event = as_mapping(data.get("event"))
    rule = first_text(
        (data.get("triggered_rule"), as_mapping(data.get("issue_alert")).get("title"))
    )
    return Incoming(
        key=as_key(first_text((event.get("issue_id"), event.get("event_id")))),
        status=AlertStatus.FIRING,
        title=first_text((event.get("title"), event.get("message"), rule), MAX_TITLE),
        text=as_text(event.get("culprit"), MAX_TEXT),
        severity=as_severity(event.get("level")),
        kind=rule,
        where=_project(event.get("url")),
        url=as_url((event.get("web_url"),)),
        started_at=as_time(event.get("datetime")),
        labels=as_labels({**_tags(event.get("tags")), "rule": rule, "resource": _EVENT}),
    )


def _read_metric(action: str, data: Body) -> Incoming | None:
    metric = as_mapping(data.get("metric_alert"))
    rule = as_mapping(metric.get("alert_rule"))
    ended = action == _RESOLVED
    if not ended and action not in _METRIC_SEVERITIES:
        return None
    written = as_text(data.get("description_title"), MAX_TITLE)
    name = first_text((rule.get("name"), metric.get("title")), MAX_TITLE)
    number = first_text((metric.get("id"), metric.get("identifier")))
    projects = metric.get("projects")
    return Incoming(
        key=as_key(_METRIC, number) if number else "",
        status=AlertStatus.RESOLVED if ended else AlertStatus.FIRING,
        title=_PREFIX.sub("", written) or name,
        text=as_text(data.get("description_text"), MAX_TEXT).replace("\\n", "\n"),
        severity=_METRIC_SEVERITIES.get(action),
        kind=name,
        where=first_text(projects) if isinstance(projects, list) else "",
        url=as_url((data.get("web_url"),)),
        started_at=as_time(metric.get("date_started")),
        ended_at=as_time(metric.get("date_closed")) if ended else None,
        labels=as_labels(
            {"rule": rule.get("name"), "environment": rule.get("environment"), "resource": _METRIC}
        ),
    )


def _read_issue(action: str, data: Body) -> Incoming | None:
    issue = as_mapping(data.get("issue"))
    status = _ISSUE_ACTIONS.get(action)
    if status is None:  # Assigned, or an action to come.
        return None
    project = as_mapping(issue.get("project"))
    return Incoming(
        key=as_key(as_text(issue.get("id"))),
        status=status,
        title=as_text(issue.get("title"), MAX_TITLE),
        text=as_text(issue.get("culprit"), MAX_TEXT),
        severity=as_severity(issue.get("level")),
        where=first_text((project.get("slug"), project.get("name"))),
        url=as_url((issue.get("web_url"), issue.get("permalink"))),
        labels=as_labels({"issue": issue.get("shortId"), "resource": _ISSUE}),
    )


_READERS: Mapping[str, Callable[[str, Body], Incoming | None]] = {
    _EVENT: _read_event,
    _METRIC: _read_metric,
    _ISSUE: _read_issue,
}


def _project(url: Any) -> str:
    """The project of an event, which only the address of the API names."""
    found = _PROJECT.search(as_text(url, MAX_URL))
    return as_text(found[1]) if found else ""


def _tags(written: Any) -> dict[str, Any]:
    """The tags of an event: a list of pairs."""
    pairs = [one for one in written if isinstance(one, list)] if isinstance(written, list) else []
    return {as_text(one[0]): one[1] for one in pairs if len(one) == 2}
