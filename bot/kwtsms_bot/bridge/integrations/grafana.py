"""Grafana Alerting's webhook: Alertmanager's shape, with values and addresses of panels.

https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from kwtsms_bot.bridge.integrations.fields import as_mapping, as_text
from kwtsms_bot.bridge.integrations.prometheus_shape import (
    ReportedAlert,
    group_key,
    join_texts,
    read_group,
    without_private,
)
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.integrations.titles import by_script
from kwtsms_bot.bridge.models import AlertBatch, Incoming

TEST_ALERT = "TestAlert"  # The name that the button *Test* of a contact point gives.
# The rule's own name is in the label `rulename`, then.
_SUBSTITUTES = {
    "DatasourceNoData": ("no data", "لا توجد بيانات"),
    "DatasourceError": ("error", "خطأ"),
}
_MAX_VALUES = 5


def parse(request: WebhookRequest, _options: ParseOptions) -> AlertBatch:
    """Reads a group of Grafana.

    Raises:
        WebhookRefused: the body is none.
    """
    return read_group(request, _to_incoming)


def _to_incoming(alert: ReportedAlert) -> Incoming:
    name = alert.labels.get("alertname", "")
    kind, problem = alert.labels.get("rulename", ""), _SUBSTITUTES.get(name)
    started_at, ended_at = alert.times
    return Incoming(
        key=alert.key,
        status=alert.status,
        title=f"{kind}: {by_script(kind, *problem)}" if kind and problem else alert.title,
        text=alert.text,
        severity=alert.severity,
        kind=kind if kind and problem else name,
        where=alert.where,
        values=_values(alert),
        url=alert.url("panelURL", "dashboardURL", "generatorURL"),
        started_at=started_at,
        ended_at=ended_at,
        labels=without_private(alert.labels),
        group=group_key(alert.body),
        test=name == TEST_ALERT,
    )


def _values(alert: ReportedAlert) -> str:
    """The measured values, such as `A=5.02`; a condition's own 0 or 1 says nothing."""
    values = {
        as_text(key): as_text(value)
        for key, value in list(as_mapping(alert.entry.get("values")).items())[:_MAX_VALUES]
    }
    measured = {key: value for key, value in values.items() if value not in ("0", "1", "")}
    return join_texts(f"{key}={value}" for key, value in (measured or values).items())
