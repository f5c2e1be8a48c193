"""Alertmanager's webhook, version 4.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from kwtsms_bot.bridge.integrations.fields import as_text
from kwtsms_bot.bridge.integrations.prometheus_shape import ReportedAlert, group_key, read_group
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.models import AlertBatch, Incoming

# `notification_reason`, since Alertmanager 0.33; before, repeats are recognised by their state.
REPEAT = "repeat interval elapsed"


def parse(request: WebhookRequest, _options: ParseOptions) -> AlertBatch:
    """Reads a group of Alertmanager.

    Raises:
        WebhookRefused: the body is none.
    """
    return read_group(request, _to_incoming)


def _to_incoming(alert: ReportedAlert) -> Incoming:
    started_at, ended_at = alert.times
    return Incoming(
        key=alert.key,
        status=alert.status,
        title=alert.title,
        text=alert.text,
        severity=alert.severity,
        kind=alert.labels.get("alertname", ""),
        where=alert.where,
        url=alert.url("generatorURL"),
        started_at=started_at,
        ended_at=ended_at,
        labels=alert.labels,
        group=group_key(alert.body),
        repeat=as_text(alert.body.get("notification_reason")) == REPEAT,
    )
