"""Amazon SNS with an alarm of CloudWatch, or any other text, as its message.

Whether the envelope is Amazon's is checked before it comes here.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kwtsms_bot.bridge.integrations.aws_events import (
    as_alarm,
    measured,
    plain_reason,
    read_event,
)
from kwtsms_bot.bridge.integrations.body import parse_json, read_object, unknown_shape
from kwtsms_bot.bridge.integrations.fields import (
    MAX_TEXT,
    MAX_TITLE,
    as_key,
    as_labels,
    as_mapping,
    as_text,
    as_time,
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

NOTIFICATION = "Notification"
SUBSCRIPTION = "SubscriptionConfirmation"
CONFIRMATIONS = (SUBSCRIPTION, "UnsubscribeConfirmation")
_OK, _NO_DATA = "OK", "INSUFFICIENT_DATA"
_STATES = ("ALARM", _OK, _NO_DATA)


def parse(request: WebhookRequest, options: ParseOptions) -> AlertBatch:
    """Reads one message; the confirmation of a subscription is one only if people must confirm.

    Raises:
        WebhookRefused: the body is no message of SNS.
    """
    body = read_object(request)
    kind, written = as_text(body.get("Type")), body.get("Message")
    if kind == SUBSCRIPTION and options.is_offline:
        return AlertBatch((_read_subscription(body),))
    if kind in CONFIRMATIONS:
        return AlertBatch((), ignored=1)
    if kind != NOTIFICATION or not isinstance(written, str):
        raise unknown_shape(body, "Type, TopicArn and Message")
    message = as_alarm(_as_object(written))
    if as_text(message.get("AlarmName")) and message.get("NewStateValue") in _STATES:
        return AlertBatch((_read_alarm(message, _topic(body)),))
    return AlertBatch((_read_text(body, message, written),))


def _as_object(written: str) -> Mapping[str, Any]:
    """The message as an object, if it is one."""
    try:
        return as_mapping(parse_json(written))
    except WebhookRefused:
        return {}


def _read_alarm(alarm: Mapping[str, Any], topic: str) -> Incoming:
    name, state = as_text(alarm.get("AlarmName"), MAX_TITLE), alarm["NewStateValue"]
    ended, time = state == _OK, as_time(alarm.get("StateChangeTime"))
    trigger = as_mapping(alarm.get("Trigger"))
    reason = as_text(alarm.get("NewStateReason"), MAX_TEXT)
    values = "" if ended or state == _NO_DATA else measured(reason)
    return Incoming(
        key=as_key(as_text(alarm.get("AlarmArn"), MAX_TEXT) or name),
        status=AlertStatus.RESOLVED if ended else AlertStatus.FIRING,
        title=f"{name[: MAX_TITLE - 20]}: no data" if state == _NO_DATA else name,
        text=first_text((alarm.get("AlarmDescription"), plain_reason(reason)), MAX_TEXT),
        severity=AlertSeverity.WARNING if state == _NO_DATA else None,
        kind=as_text(name),
        where=first_text((*_dimensions(trigger), alarm.get("Region"))),
        values=values,
        started_at=None if ended else time,
        ended_at=time if ended else None,
        labels=as_labels(
            {
                "topic": topic,
                "account": alarm.get("AWSAccountId"),
                "region": alarm.get("Region"),
                "namespace": trigger.get("Namespace"),
                "metric": trigger.get("MetricName"),
            }
        ),
    )


def _read_subscription(body: Mapping[str, Any]) -> Incoming:
    """The address that confirms a subscription, for a person to open."""
    topic, written = _topic(body), as_text(body.get("SubscribeURL"), MAX_TEXT)
    scheme, _, rest = written.partition("://")
    return Incoming(
        key=as_key("subscription", topic),
        status=AlertStatus.FIRING,
        title=f"Amazon SNS: confirm the subscription to {topic or 'a topic'}",
        # Between colons, Slack would see an emoji.
        text=f"{scheme}://{rest.replace(':', '%3A')}" if rest else "",
        severity=AlertSeverity.INFO,
        labels=as_labels({"topic": topic}),
        has_end=False,
    )


def _read_text(body: Mapping[str, Any], message: Mapping[str, Any], written: str) -> Incoming:
    """A message of another service, or of a person: its subject, else its first line."""
    event = read_event(message)
    text = event.text if message else as_text(written, MAX_TEXT)
    topic = _topic(body)
    named = (event.title, body.get("Subject"), text.partition("\n")[0], topic)
    title = first_text(named, MAX_TITLE) or "Amazon SNS"
    return Incoming(
        key=digest("\n".join(one for one in (topic, title, event.where) if one))[:32],
        status=AlertStatus.FIRING,
        title=title,
        text="" if text == title else text,
        where=event.where,
        started_at=as_time(body.get("Timestamp")),
        labels=as_labels({"topic": topic}),
        has_end=False,
    )


def _topic(body: Mapping[str, Any]) -> str:
    """The name of the topic, without account and region."""
    return as_text(as_text(body.get("TopicArn"), MAX_TEXT).rpartition(":")[2])


def _dimensions(trigger: Mapping[str, Any]) -> Iterator[Any]:
    """The values of the dimensions: the instance or the queue; of an expression, its metrics'."""
    metrics = (as_mapping(one).get("MetricStat") for one in _list(trigger.get("Metrics")))
    stats = (as_mapping(as_mapping(one).get("Metric")) for one in metrics)
    for source in (trigger, *stats):
        for one in _list(source.get("Dimensions")):
            yield as_mapping(one).get("value")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
