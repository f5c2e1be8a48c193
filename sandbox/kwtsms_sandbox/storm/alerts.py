"""The bodies that monitoring tools post: an alert of a number, firing or over. Pure.

Written from each tool's documentation, not from the parsers that read them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

HOSTS_PER_RACK = 10
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StormAlert:
    """One alert of a storm; `run` keeps its name apart from those of other storms."""

    run: str
    number: int
    started_at: datetime
    ended_at: datetime | None = None

    @property
    def name(self) -> str:
        """The name of the failing host."""
        return f"{self.run}-{self.number}"

    @property
    def summary(self) -> str:
        """The problem, for people."""
        return f"Host {self.name} is down"


def _alertmanager(alert: StormAlert) -> Body:
    # https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    return _prometheus(alert, "4") | {"receiver": "storm", "truncatedAlerts": 0}


def _grafana(alert: StormAlert) -> Body:
    # https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
    return _prometheus(alert, "1") | {"title": alert.summary, "orgId": 1}


def _prometheus(alert: StormAlert, version: str) -> Body:
    status = "resolved" if alert.ended_at else "firing"
    rack = f"{alert.run}-rack-{alert.number // HOSTS_PER_RACK}"
    group = {"alertname": "HostDown", "rack": rack}
    end = alert.ended_at.isoformat() if alert.ended_at else "0001-01-01T00:00:00Z"
    one = {
        "status": status,
        "labels": group | {"instance": f"{alert.name}:9100", "severity": "critical"},
        "annotations": {"summary": alert.summary},
        "startsAt": alert.started_at.isoformat(),
        "endsAt": end,
        "fingerprint": alert.name,
    }
    common = {"groupLabels": group, "commonLabels": group, "commonAnnotations": {}}
    return {
        "version": version,
        "status": status,
        "groupKey": f'{{}}:{{alertname="HostDown", rack="{rack}"}}',
        "externalURL": "http://monitoring.example.com",
        "alerts": [one],
        **common,
    }


def _apprise(alert: StormAlert) -> Body:
    # https://github.com/caronc/apprise/wiki/Notify_Custom_JSON
    is_ended = alert.ended_at is not None
    return {
        "version": "1.0",
        "title": alert.summary,
        "message": "No answer to 3 pings.",
        "type": "success" if is_ended else "failure",
        "key": alert.name,
        "status": "resolved" if is_ended else "firing",
    }


def _healthchecks(alert: StormAlert) -> Body:
    # https://healthchecks.io/docs/configuring_notifications/
    return {
        "name": alert.name,
        "status": "up" if alert.ended_at else "down",
        "code": alert.name,
        "now": (alert.ended_at or alert.started_at).isoformat(),
        "tags": "storm",
        "exitstatus": "",
    }


def _native(alert: StormAlert) -> Body:
    return {
        "title": alert.summary,
        "text": "No answer to 3 pings.",
        "severity": "critical",
        "key": alert.name,
        "status": "resolved" if alert.ended_at else "firing",
        "at": (alert.ended_at or alert.started_at).isoformat(),
    }


def _pagerduty(alert: StormAlert) -> Body:
    # https://developer.pagerduty.com/docs/events-api-v2-overview
    payload = {
        "summary": alert.summary,
        "source": alert.name,
        "severity": "critical",
        "timestamp": alert.started_at.isoformat(),
    }
    return {
        "event_action": "resolve" if alert.ended_at else "trigger",
        "dedup_key": alert.name,
        "payload": payload,
    }


def _prtg(alert: StormAlert) -> Body:
    # https://www.paessler.com/manuals/prtg/list_of_placeholders_for_notifications
    return {
        "sensorid": alert.name,
        "device": alert.name,
        "sensor": "Ping",
        "status": "Down ended (now: Up)" if alert.ended_at else "Down",
        "message": "Request timed out",
    }


def _uptime_kuma(alert: StormAlert) -> Body:
    # https://github.com/louislam/uptime-kuma/blob/master/server/notification-providers/webhook.js
    at = alert.ended_at or alert.started_at
    heartbeat = {
        "monitorID": alert.name,
        "status": int(alert.ended_at is not None),
        "time": f"{at:%Y-%m-%d %H:%M:%S}.000",
        "msg": "timeout of 48000ms exceeded",
        "important": True,
    }
    monitor = {"id": alert.name, "name": alert.name, "type": "ping", "hostname": alert.name}
    return {"heartbeat": heartbeat, "monitor": monitor, "msg": alert.summary}


def _zabbix(alert: StormAlert) -> Body:
    # The parameters of the media type in deploy/zabbix.
    return {
        "event_id": alert.name,
        "event_value": "0" if alert.ended_at else "1",
        "event_update_status": "0",
        "event_name": alert.summary,
        "event_nseverity": "4",
        "host": alert.name,
    }


BODIES: Mapping[str, Callable[[StormAlert], Body]] = {
    "alertmanager": _alertmanager,
    "apprise": _apprise,
    "grafana": _grafana,
    "healthchecks": _healthchecks,
    "native": _native,
    "pagerduty": _pagerduty,
    "prtg": _prtg,
    "uptime-kuma": _uptime_kuma,
    "zabbix": _zabbix,
}


def alert_body(kind: str, alert: StormAlert, token: str) -> Body:
    """The body about an alert; PagerDuty's has the token in it."""
    body = BODIES[kind](alert)
    return body | {"routing_key": token} if kind == "pagerduty" else body
