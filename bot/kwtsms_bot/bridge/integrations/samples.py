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
    "grafana": (
        '{"groupKey": "try", "status": "firing", "alerts": [{"status": "firing", "labels": '
        '{"alertname": "TestAlert", "instance": "Grafana"}, "annotations": {"summary": '
        '"Notification test"}, "fingerprint": "try"}]}'
    ),
    "healthchecks": '{"name": "TEST", "status": "down", "code": "try"}',
    "native": '{"title": "Trying the bridge", "key": "try"}',
    "uptime-kuma": '{"heartbeat": null, "monitor": null, "msg": "Trying the bridge"}',
}
