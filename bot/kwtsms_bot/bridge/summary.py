"""Alerts become incidents: what people see, are texted about and acknowledge. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from kwtsms_bot.bridge.models import (
    AlertSeverity,
    AlertStatus,
    IncidentSummary,
    Incoming,
    NotificationKind,
)
from kwtsms_bot.bridge.render.plain_text import plain_title


def group_alerts(alerts: Iterable[Incoming]) -> tuple[tuple[Incoming, ...], ...]:
    """The alerts of each incident: those of one group, or a single one without a group."""
    groups: dict[tuple[str, str], list[Incoming]] = {}
    for alert in alerts:
        name = ("key", alert.key) if alert.group is None else ("group", alert.group)
        groups.setdefault(name, []).append(alert)
    return tuple(map(tuple, groups.values()))


def first_alert(alerts: Sequence[Incoming]) -> Incoming:
    """The alert by which an incident is routed: the first that fires, else the first."""
    return next((one for one in alerts if one.status is AlertStatus.FIRING), alerts[0])


def summarize(
    alerts: Sequence[Incoming],
    severities: Mapping[str, AlertSeverity],
    *,
    ref: str,
    at: datetime,
    more: int = 0,
) -> IncidentSummary:
    """The incident that alerts make when they come at once; `severities` are by key.

    `more` counts alerts that the tool left out; their kind is that of the title.
    """
    firing = [one for one in alerts if one.status is AlertStatus.FIRING]
    counted = firing or list(alerts)
    worst = max(counted, key=lambda one: severities[one.key])
    starts = [min(one.started_at, at) for one in counted if one.started_at]
    return IncidentSummary(
        ref=ref,
        severity=severities[worst.key],
        title=worst.title,
        since=min(starts, default=at),
        kinds=count_kinds(counted, worst, more),
        notification=_notification(counted),
        text=worst.text,
        values=worst.values,
        where=worst.where,
        ended_at=None if firing else max((one.ended_at or at for one in counted), default=at),
    )


def count_kinds(
    alerts: Iterable[Incoming], titled: Incoming, more: int = 0
) -> tuple[tuple[str, int], ...]:
    """The alerts by kind: that of the title first, then the most frequent."""
    counts = Counter(kind_of(one) for one in alerts)
    counts[kind_of(titled)] += more
    first = (kind_of(titled), counts.pop(kind_of(titled)))
    return (first, *sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def kind_of(alert: Incoming) -> str:
    """The name by which alerts are counted together."""
    return plain_title(alert.kind or alert.title)


def _notification(alerts: Sequence[Incoming]) -> NotificationKind:
    if all(one.status is AlertStatus.RESOLVED for one in alerts):
        return NotificationKind.RESOLVED
    return NotificationKind.TEST if any(one.test for one in alerts) else NotificationKind.NEW
