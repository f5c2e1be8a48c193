"""Requests as each tool makes them, for the demo's page. Pure.

Each has a number, so that every press of a button is another alert.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from kwtsms_bot.cli.bridge.request_file import RecordedRequest
from kwtsms_bot.demo import vendor_samples

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FORMS = ("prtg",)
# By which a tool says what its body is about.
HEADERS = {
    "github": {"X-GitHub-Event": "workflow_run"},
    "sentry": {"Sentry-Hook-Resource": "metric_alert"},
}
ENDLESS = "0001-01-01T00:00:00Z"  # How Prometheus' family writes that something has not ended.
HOSTS_PER_RACK = 10
Body = dict[str, Any]


def sample(
    kind: str, number: int, *, started_at: datetime, ended_at: datetime | None = None
) -> RecordedRequest:
    """Returns a tool's request about its alert of this number: it fires, or has ended."""
    body = BODIES[kind](number, started_at, ended_at)
    if kind in FORMS:
        return RecordedRequest("POST", urlencode(body).encode(), FORM)
    return _request(body, HEADERS.get(kind, {}))


def storm_sample(
    storm: int, rack: int, *, started_at: datetime, ended_at: datetime | None = None
) -> RecordedRequest:
    """Returns Alertmanager's request about the hosts of a rack: one of the groups of a storm."""
    group = {"alertname": "HostDown", "rack": f"{storm}-{rack:03}", "severity": "critical"}
    alerts = [
        _prometheus_alert(
            group | {"instance": f"host-{rack:03}-{host}:9100"},
            {"summary": f"host-{rack:03}-{host} is unreachable"},
            started_at,
            ended_at,
        )
        for host in range(HOSTS_PER_RACK)
    ]
    return _request(_prometheus_body("4", group, alerts))


def _request(body: Body, headers: Mapping[str, str] = MappingProxyType({})) -> RecordedRequest:
    written = json.dumps(body, ensure_ascii=False).encode()
    return RecordedRequest("POST", written, {**JSON, **headers})


def _alertmanager(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    labels = {
        "alertname": "DiskAlmostFull",
        "instance": f"db{number:02}:9100",
        "severity": "critical",
        "site": "shuwaikh",
    }
    annotations = {
        "summary": f"/var on db{number:02} is 96% full",
        "description": "Less than 4% of /var is left.",
    }
    alert = _prometheus_alert(labels, annotations, started_at, ended_at)
    return _prometheus_body("4", labels, [alert])


def _grafana(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    labels = {"alertname": f"Checkout errors {number}", "severity": "critical", "team": "web"}
    annotations = {
        "summary": f"5% of checkouts fail in shop {number}",
        "description": "More than 2% for five minutes.",
    }
    alert = _prometheus_alert(labels, annotations, started_at, ended_at)
    return _prometheus_body("1", labels, [alert])


def _prometheus_alert(
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    started_at: datetime,
    ended_at: datetime | None,
) -> Body:
    return {
        "status": "resolved" if ended_at else "firing",
        "labels": dict(labels),
        "annotations": dict(annotations),
        "startsAt": started_at.isoformat(),
        "endsAt": ended_at.isoformat() if ended_at else ENDLESS,
    }


def _prometheus_body(version: str, group: Mapping[str, str], alerts: list[Body]) -> Body:
    return {
        "version": version,
        "groupKey": json.dumps(group, sort_keys=True),
        "status": alerts[0]["status"],
        "receiver": "kwtsms",
        "groupLabels": dict(group),
        "commonLabels": dict(group),
        "commonAnnotations": {},
        "externalURL": "http://monitoring.example.com",
        "alerts": alerts,
    }


def _apprise(number: int, _started_at: datetime, ended_at: datetime | None) -> Body:
    return {
        "version": "1.0",
        "title": f"Backup {number} failed",
        "message": "rsync ended with code 23",
        "attachments": [],
        "type": "success" if ended_at else "failure",
        "key": f"backup-{number}",
        "status": "resolved" if ended_at else "firing",
    }


def _healthchecks(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    return {
        "name": f"Payroll export {number}",
        "status": "up" if ended_at else "down",
        "code": f"5f6c2a4e-0000-4000-8000-{number:012}",
        "now": (ended_at or started_at).isoformat(),
        "tags": "payroll",
        "exitstatus": "",
    }


def _native(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    return {
        "title": f"درجة الحرارة في غرفة الخوادم {number} بلغت 41",
        "status": "resolved" if ended_at else "firing",
        "severity": "critical",
        "key": f"room-{number}/temperature",
        "text": "التكييف متوقف.",
        "at": (ended_at or started_at).isoformat(),
    }


def _uptime_kuma(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    name, up = f"Shop {number}", ended_at is not None
    at = ended_at or started_at
    message = "200 - OK" if up else "timeout of 48000ms exceeded"
    return {
        "heartbeat": {
            "monitorID": number,
            "status": int(up),
            "time": f"{at:%Y-%m-%d %H:%M:%S}.000",
            "msg": message,
            "important": True,
        },
        "monitor": {
            "id": number,
            "name": name,
            "type": "http",
            "url": f"https://shop{number}.example.com/health",
        },
        "msg": f"[{name}] [{'✅ Up' if up else '🔴 Down'}] {message}",
    }


BODIES: Mapping[str, Callable[[int, datetime, datetime | None], Body]] = {
    "alertmanager": _alertmanager,
    "apprise": _apprise,
    "checkmk": vendor_samples.checkmk,
    "github": vendor_samples.github,
    "grafana": _grafana,
    "healthchecks": _healthchecks,
    "native": _native,
    "netdata": vendor_samples.netdata,
    "pagerduty": vendor_samples.pagerduty,
    "prtg": vendor_samples.prtg,
    "sentry": vendor_samples.sentry,
    "sns": vendor_samples.sns,
    "uptime-kuma": _uptime_kuma,
    "zabbix": vendor_samples.zabbix,
}
