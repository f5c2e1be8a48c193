"""Messages that Amazon's services write as JSON: alarms, EventBridge's events and others. Pure.

https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kwtsms_bot.bridge.integrations.fields import (
    MAX_TEXT,
    MAX_TITLE,
    as_mapping,
    as_text,
    first_text,
)

# `[97.2 (02/11/26 11:00:00)] was greater than the threshold (90.0)`: the first value is the newest.
_MEASURED = re.compile(r"\[(-?[\d.]+(?:E-?\d+)?)[^\[\]]*\][^\[\]]*? threshold \((-?[\d.]+)\)")
_ALARM_ARN = re.compile(r"arn:[\w-]+:cloudwatch:[\w-]*:\d*:alarm:")
_SINCE = re.compile(r" at \w+ \d{1,2} \w+, \d{4} [\d:]+ UTC$")
_STATE_CHANGE = "CloudWatch Alarm State Change"
_TITLES = ("title", "Event Message")  # RDS has its news in the second.
_TEXTS = ("description", "Description", "message", "Message", "reason", "cause", "error", "Cause")
_STATES = ("state", "status", "lastStatus", "eventTypeCode")
_NAMES = ("instance-id", "db-instance-id", "clusterArn", "service")


@dataclass(frozen=True, slots=True)
class AwsEvent:
    """A message of a service: what it says, and about what."""

    title: str = ""
    text: str = ""
    where: str = ""


def measured(reason: str) -> str:
    """The newest value and its limit, such as `97.2 (limit 90)`; empty if there is none."""
    found = _MEASURED.search(reason)
    return f"{_number(found[1])} (limit {_number(found[2])})" if found else ""


def plain_reason(reason: str) -> str:
    """The reason of an alarm, with the names of other alarms in place of their ARNs."""
    return _SINCE.sub("", _ALARM_ARN.sub("", reason))


def as_alarm(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The alarm that a message is about, in the form of CloudWatch's own messages."""
    if message.get("detail-type") != _STATE_CHANGE:
        return message
    detail = as_mapping(message.get("detail"))
    state, configuration = as_mapping(detail.get("state")), as_mapping(detail.get("configuration"))
    metric = _metric(configuration.get("metrics"))
    return {
        "AlarmName": detail.get("alarmName"),
        "AlarmArn": _first(message.get("resources")),
        "AlarmDescription": configuration.get("description"),
        "NewStateValue": state.get("value"),
        "NewStateReason": state.get("reason"),
        "StateChangeTime": state.get("timestamp"),
        "Region": message.get("region"),
        "AWSAccountId": message.get("account"),
        "Trigger": {
            "Namespace": metric.get("namespace"),
            "MetricName": metric.get("name"),
            "Dimensions": [{"value": one} for one in as_mapping(metric.get("dimensions")).values()],
        },
    }


def read_event(message: Mapping[str, Any]) -> AwsEvent:
    """The event of a service, by the names that its fields usually have."""
    detail = as_mapping(message.get("detail"))
    kind = as_text(message.get("detail-type"), MAX_TITLE)
    state = first_text(detail.get(name) for name in _STATES)
    source = as_text(message.get("Source ID"))
    titles = (part.get(name) for part in (message, detail) for name in _TITLES)
    title = first_text(titles, MAX_TITLE) or ": ".join(one for one in (kind, state) if one)
    described = as_mapping(_first(detail.get("eventDescription"))).get("latestDescription")
    texts = [described, *(part.get(name) for part in (detail, message) for name in _TEXTS)]
    named = [*(detail.get(name) for name in _NAMES), source]
    return AwsEvent(title, first_text(texts, MAX_TEXT), _resource(message) or first_text(named))


def _resource(message: Mapping[str, Any]) -> str:
    """The name of the first resource, at the end of its ARN."""
    return re.split(r"[/:]", as_text(_first(message.get("resources")), MAX_TEXT))[-1]


def _metric(metrics: Any) -> Mapping[str, Any]:
    """The first metric of an alarm's configuration."""
    return as_mapping(as_mapping(as_mapping(_first(metrics)).get("metricStat")).get("metric"))


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _number(written: str) -> str:
    """A number without the zeros at its end: 90.0 is 90."""
    return written.rstrip("0").rstrip(".") if "." in written and "E" not in written else written
