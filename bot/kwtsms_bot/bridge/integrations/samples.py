"""A request for each kind of integration, to try its address with. Pure."""

from collections.abc import Mapping

from kwtsms_bot.config.bridge_fields import IntegrationKind

# Each is on one line and has no single quote, so that a shell passes it on as it is.
SAMPLE_BODIES: Mapping[IntegrationKind, str] = {
    "alertmanager": (
        '{"version": "4", "groupKey": "try", "status": "firing", "alerts": [{"status": "firing", '
        '"labels": {"alertname": "TryOut"}, "annotations": {"summary": "Trying the bridge"}, '
        '"fingerprint": "try"}]}'
    ),
    "apprise": '{"title": "Trying the bridge", "message": "It works.", "type": "failure"}',
    "checkmk": (
        '{"notification_type": "PROBLEM", "host": "try", "service": "Trying the bridge", '
        '"state": "CRIT", "output": "It works."}'
    ),
    "github": (
        '{"action": "completed", "workflow_run": {"name": "Trying the bridge", "workflow_id": 1, '
        '"head_branch": "main", "conclusion": "failure"}, "repository": {"full_name": "try/try", '
        '"default_branch": "main"}}'
    ),
    "grafana": (
        '{"groupKey": "try", "status": "firing", "alerts": [{"status": "firing", "labels": '
        '{"alertname": "TestAlert", "instance": "Grafana"}, "annotations": {"summary": '
        '"Notification test"}, "fingerprint": "try"}]}'
    ),
    "healthchecks": '{"name": "TEST", "status": "down", "code": "try"}',
    "native": '{"title": "Trying the bridge", "key": "try"}',
    "netdata": '{"message": "Trying the bridge on try", "alert": "try", "severity": "critical"}',
    "pagerduty": (
        '{"event_action": "trigger", "dedup_key": "try", "payload": {"summary": '
        '"Trying the bridge", "source": "try", "severity": "error"}}'
    ),
    "prtg": '{"sensorid": "1", "device": "Trying", "sensor": "the bridge", "status": "Down"}',
    "sentry": (
        '{"action": "triggered", "data": {"event": {"title": "Trying the bridge", "issue_id": '
        '"1", "level": "error"}, "triggered_rule": "try"}}'
    ),
    "sns": '{"Type": "Notification", "TopicArn": "try", "Message": "Trying the bridge"}',
    "uptime-kuma": '{"heartbeat": null, "monitor": null, "msg": "Trying the bridge"}',
    "zabbix": (
        '{"event_id": "1", "event_name": "Trying the bridge", "event_value": "1", '
        '"event_severity": "High", "host": "try"}'
    ),
}
