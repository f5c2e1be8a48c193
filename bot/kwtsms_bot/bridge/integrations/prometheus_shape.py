"""The shape that Alertmanager and Grafana share: a group of alerts with labels. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kwtsms_bot.bridge.integrations.body import read_object, unknown_shape
from kwtsms_bot.bridge.integrations.fields import (
    MAX_TEXT,
    MAX_TITLE,
    as_count,
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
from kwtsms_bot.bridge.integrations.request import MAX_ALERTS, WebhookRequest
from kwtsms_bot.bridge.models import AlertBatch, AlertSeverity, AlertStatus, Incoming

_ANNOTATIONS = ("summary", "title", "description", "message", "runbook_url", "Error")
PLACES = ("instance", "host", "hostname", "pod", "service")


@dataclass(frozen=True, slots=True)
class ReportedAlert:
    """One entry of `alerts`, with what the entries have in common."""

    entry: Mapping[str, Any] = field(repr=False)
    labels: dict[str, str] = field(repr=False)
    annotations: Mapping[str, str] = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)

    @property
    def status(self) -> AlertStatus:
        """The alert's own status: that of the body is `firing` if one alert is."""
        resolved = as_text(self.entry.get("status")).casefold() == "resolved"
        return AlertStatus.RESOLVED if resolved else AlertStatus.FIRING

    @property
    def title(self) -> str:
        """The summary that its author wrote, else the name of the rule, else a label."""
        written = (self.annotations.get("summary"), self.annotations.get("title"))
        name = first_text((*written, self.labels.get("alertname")), MAX_TITLE)
        return name or next((f"{key}={value}" for key, value in self.labels.items()), "")

    @property
    def text(self) -> str:
        """The description that its author wrote; of a rule that failed, Grafana's error."""
        names = ("description", "message", "Error")
        return first_text((self.annotations.get(name) for name in names), MAX_TEXT)

    @property
    def severity(self) -> AlertSeverity | None:
        """The severity of the labels."""
        words = (self.labels.get("severity"), self.labels.get("priority"))
        return next((one for word in words if (one := as_severity(word)) is not None), None)

    @property
    def where(self) -> str:
        """The machine or service of the labels."""
        return as_host(first_text(self.labels.get(name) for name in PLACES))

    @property
    def key(self) -> str:
        """The fingerprint, or a digest of the labels: that is what the fingerprint is."""
        fingerprint = as_text(self.entry.get("fingerprint"))
        return as_key(fingerprint or digest(repr(sorted(self.labels.items())))[:32])

    @property
    def times(self) -> tuple[datetime | None, datetime | None]:
        """The start, and the end of a resolved alert."""
        ended = self.status is AlertStatus.RESOLVED
        started_at = as_time(self.entry.get("startsAt"))
        return started_at, as_time(self.entry.get("endsAt")) if ended else None

    def url(self, *names: str) -> str:
        """The runbook, else the first of the entry's own addresses, else the sender's."""
        own = (self.entry.get(name) for name in names)
        return as_url((self.annotations.get("runbook_url"), *own, self.body.get("externalURL")))


def read_group(
    request: WebhookRequest, to_incoming: Callable[[ReportedAlert], Incoming]
) -> AlertBatch:
    """Reads a group of alerts; entries without a title are skipped, and so are too many.

    Raises:
        WebhookRefused: the body is no such group.
    """
    body = read_object(request)
    entries = body.get("alerts")
    if not isinstance(entries, list):
        raise unknown_shape(body, "a list of alerts")
    labels = as_labels(body.get("commonLabels"))  # Read once, whatever their number.
    annotations = _annotations(body.get("commonAnnotations"))
    found = [
        to_incoming(
            ReportedAlert(
                entry=one,
                labels=labels | as_labels(one.get("labels")),
                annotations=annotations | _annotations(one.get("annotations")),
                body=body,
            )
        )
        for one in entries
        if isinstance(one, dict)
    ]
    titled = [one for one in found if one.title]
    if entries and not titled:
        raise unknown_shape(body, "alerts with labels")
    kept = most_severe(titled)
    return AlertBatch(
        alerts=tuple(kept),
        skipped=len(entries) - len(kept),
        more=as_count(body.get("truncatedAlerts")),
    )


def most_severe(alerts: list[Incoming]) -> list[Incoming]:
    """The alerts in their order; of more than 5,000, only the most severe that fire."""
    if len(alerts) <= MAX_ALERTS:
        return alerts
    by_rank = sorted(range(len(alerts)), key=lambda at: _rank(alerts[at]), reverse=True)
    return [alerts[at] for at in sorted(by_rank[:MAX_ALERTS])]


def group_key(body: Mapping[str, Any]) -> str | None:
    """The sender's key of the group; None if it groups nothing."""
    return as_key(as_text(body.get("groupKey"), MAX_TEXT)) or None


def without_private(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels without those that begin with `__`."""
    return {key: value for key, value in labels.items() if not key.startswith("__")}


def _annotations(value: Any) -> dict[str, str]:
    """The annotations that are read, which have a text."""
    texts = ((name, as_text(as_mapping(value).get(name), MAX_TEXT)) for name in _ANNOTATIONS)
    return {name: text for name, text in texts if text}


def _rank(alert: Incoming) -> tuple[bool, int]:
    severity = AlertSeverity.ERROR if alert.severity is None else alert.severity
    return alert.status is AlertStatus.FIRING, severity


def join_texts(texts: Iterable[str]) -> str:
    """The texts that are not empty, with commas between them."""
    return ", ".join(one for one in texts if one)
