"""What Alertmanager, Grafana and Zabbix write into an event of PagerDuty. Pure.

https://github.com/prometheus/alertmanager/blob/main/template/default.tmpl
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kwtsms_bot.bridge.integrations.fields import (
    MAX_TEXT,
    as_host,
    as_severity,
    as_text,
    first_text,
)
from kwtsms_bot.bridge.integrations.prometheus_shape import PLACES
from kwtsms_bot.bridge.models import AlertSeverity

# `[FIRING:2] HostDown (db01)`; Zabbix's subject is `Problem: HostDown`.
_STATE = re.compile(r"^(?:\[(?:FIRING|RESOLVED)[^\[\]]{0,40}\] +|Problem: +)")
_LINE = re.compile(r"^ - (\w{1,100}) = (.*)$", re.MULTILINE)
_VALUE = re.compile(r"^Value: (.*)$", re.MULTILINE)
_LABELS, _ANNOTATIONS = "Labels:", "Annotations:"
_DESCRIPTIONS = ("description", "message", "summary")
_TIME = re.compile(r"[\d\s.:/TZ+-]+")  # A date or a time by itself says nothing.


@dataclass(frozen=True, slots=True)
class ForwardedGroup:
    """A group of alerts that came as the text of one event: what its first alert says."""

    text: str
    values: str
    where: str
    severity: AlertSeverity | None


def plain_summary(summary: str) -> str:
    """The summary without the state, which the event has already."""
    return _STATE.sub("", summary) or summary


def read_group(details: Any) -> ForwardedGroup | None:
    """The group that Alertmanager or Grafana put into the details; None if there is none."""
    if not isinstance(details, dict) or "num_firing" not in details:
        return None
    written = first_text((details.get("firing"), details.get("resolved")), MAX_TEXT)
    head, _, rest = written.partition(_ANNOTATIONS)
    labels, annotations = _first_values(head), _first_values(rest.partition(_LABELS)[0])
    value = _VALUE.search(head)
    count = as_text(details.get("num_firing"))
    is_several = count.isascii() and count.isdecimal() and int(count[:9]) > 1
    return ForwardedGroup(
        text=first_text((annotations.get(name) for name in _DESCRIPTIONS), MAX_TEXT),
        values=f"{count} alerts" if is_several else as_text(value[1]) if value else "",
        where=as_host(first_text(labels.get(name) for name in PLACES)),
        severity=as_severity(labels.get("severity")),
    )


def first_detail(details: Any) -> str:
    """The first text of the details that is more than a time, or the details themselves."""
    if not isinstance(details, dict):
        return as_text(details, MAX_TEXT)
    texts = (one for one in details.values() if isinstance(one, str))
    return first_text((one for one in texts if not _TIME.fullmatch(one)), MAX_TEXT)


def _first_values(written: str) -> Mapping[str, str]:
    """The lines ` - name = value`; of two with one name, the first."""
    return dict(reversed([(name, as_text(value)) for name, value in _LINE.findall(written)]))
