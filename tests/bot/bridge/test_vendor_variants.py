"""Variants of the vendors' requests, as their stock scripts and default templates write them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from kwtsms_bot.bridge.explanation import explain
from kwtsms_bot.bridge.integrations.request import WebhookRequest
from kwtsms_bot.bridge.integrations.samples import SAMPLE_BODIES
from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus, Incoming
from kwtsms_bot.config.bridge_fields import IntegrationKind
from support.bridge import form_request, json_request, parse, sample

FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED
ACKNOWLEDGED, NOTE = AlertStatus.ACKNOWLEDGED, AlertStatus.NOTE
CRITICAL, ERROR, WARNING = AlertSeverity.CRITICAL, AlertSeverity.ERROR, AlertSeverity.WARNING
AT = datetime(2026, 11, 2, 11, 5, tzinfo=UTC)
FIRING_TEXT = (
    "Labels:\n - alertname = HostDown\n - instance = db01:9100\n - severity = critical\n"
    "Annotations:\n - description = db01 has not answered for 5 minutes.\n"
    " - summary = db01 is down\nSource: http://prometheus.example.com/graph\n"
)


def only(kind: str, body: object) -> Incoming:
    """The only alert of a JSON body."""
    (alert,) = parse(kind, json_request(body)).alerts
    return alert


def shown(kind: str, request: WebhookRequest) -> str:
    """The text on the phone."""
    (text,) = explain(parse(kind, request), None, at=AT).texts
    return text.text


@pytest.mark.parametrize(
    ("action", "status", "severity"),
    [
        ("acknowledged", ACKNOWLEDGED, None),
        ("acknowledged and commented", ACKNOWLEDGED, None),
        ("unacknowledged", NOTE, None),
        ("commented", NOTE, None),
        ("changed severity from Warning to Disaster", FIRING, CRITICAL),
        ("commented and changed severity from High to Warning", FIRING, WARNING),
    ],
)
def test_zabbixs_stock_update(
    action: str, status: AlertStatus, severity: AlertSeverity | None
) -> None:
    """An update of the stock media type is known by its words, and isn't sent as a problem."""
    message = (
        f"Noura Ali {action} problem at 2026.11.02 14:05:13.\r\nOn it\r\n\r\n"
        "Current problem status is PROBLEM, age is 3m, acknowledged: No.\r\n"
    )
    alert = only("zabbix", sample("zabbix_oncall") | {"message": message})

    assert (alert.key, alert.status, alert.severity) == ("184211", status, severity)
    assert alert.text == ("" if status is FIRING else "On it")


def prometheus_event(**changes: Any) -> dict[str, Any]:
    """The event of Alertmanager's default templates, with other details."""
    details = {"firing": FIRING_TEXT, "num_firing": "1", "num_resolved": "0", "resolved": ""}
    return {
        "routing_key": "k",
        "event_action": "trigger",
        "dedup_key": "a" * 64,
        "client": "Alertmanager",
        "client_url": "http://alerts.example.com:9093/",
        "payload": {
            "summary": "[FIRING:1] HostDown (db01:9100 critical)",
            "source": "Alertmanager",
            "severity": "error",
            "custom_details": details | changes,
        },
    }


def test_alertmanagers_events_of_pagerduty() -> None:
    """The state, the sender and the lists of labels of the default templates are not texted."""
    one = shown("pagerduty", json_request(prometheus_event()))
    several = only("pagerduty", prometheus_event(firing=FIRING_TEXT * 3, num_firing="3"))

    assert one == (
        "CRIT HostDown (db01:9100 critical). Since 14:05. "
        "db01 has not answered for 5 minutes. A7F3K"
    )
    assert (several.values, several.where, several.severity) == ("3 alerts", "db01", CRITICAL)


def test_grafanas_events_of_pagerduty() -> None:
    """Grafana's have the measured values, too; a group without annotations has no text."""
    text = "\nValue: A=97.2\nLabels:\n - alertname = CPU\nAnnotations:\nSource: https://g.example\n"
    alert = only("pagerduty", prometheus_event(firing=text))

    assert (alert.text, alert.values, alert.where) == ("", "A=97.2", "")
    assert alert.severity is ERROR


def test_zabbixs_events_of_pagerduty() -> None:
    """Zabbix's own media type: neither the date is its text, nor the address its place."""
    event = prometheus_event() | {"client": "Zabbix"}
    event["payload"] = {
        "summary": "Problem: CPU is high",
        "source": "core-sw-1 : 192.0.2.11",
        "severity": "error",
        "custom_details": {
            "Event date": "2026.11.02",
            "Event time": "14:02:13",
            "Trigger opdata": "97 %",
        },
    }

    assert shown("pagerduty", json_request(event)) == (
        "ERR CPU is high. core-sw-1, since 14:05. 97 %. A7F3K"
    )


@pytest.mark.parametrize(
    ("status", "color", "expected", "severity"),
    [
        ("Fehler", "", FIRING, CRITICAL),
        ("Fehler (bestätigt)", "", ACKNOWLEDGED, CRITICAL),
        ("Fehler beendet (jetzt: OK)", "", RESOLVED, None),
        ("Warnung", "", FIRING, WARNING),
        ("Panne", "#d71920", FIRING, CRITICAL),
        ("Fonctionne", "#b4cc38", RESOLVED, None),
        ("Panne (avant: OK)", "", FIRING, None),
        ("Down ended (now: Paused)", "", RESOLVED, None),
        ("Down", "#b4cc38", FIRING, CRITICAL),
    ],
)
def test_prtgs_languages(
    status: str, color: str, expected: AlertStatus, severity: AlertSeverity | None
) -> None:
    """A state is known by its word, else by its color; an unknown one is an alert."""
    fields = {"device": "sw", "sensor": "Ping", "status": status, "color": color}
    (alert,) = parse("prtg", form_request(fields)).alerts

    assert (alert.status, alert.severity) == (expected, severity)


@pytest.mark.parametrize("status", ["Pausiert", "Paused"])
def test_prtgs_pause_in_its_languages(status: str) -> None:
    """A sensor that is paused begins nothing."""
    fields = {"device": "sw", "sensor": "Ping", "status": status}

    assert parse("prtg", form_request(fields)).ignored == 1


def test_prtgs_test_and_its_repeats() -> None:
    """Open placeholders are a test; the occasion of a notification is not in its title."""
    blank = {"sensorid": "%sensorid", "device": "%device", "sensor": "%name", "status": "%status"}
    (test,) = parse("prtg", form_request(blank)).alerts
    fields = {"device": "sw", "sensor": "Ping", "status": "Down ESCALATION"}

    assert (test.test, test.title) == (True, "PRTG: test of the notification")
    assert shown("prtg", form_request(fields)) == "CRIT sw Ping Down. Since 14:05. A7F3K"


@pytest.mark.parametrize(
    ("state", "output", "text"),
    [
        ("CRITICAL", "CRIT - 96% used (warn/crit at 80%/90%)(!!)", "CRIT Filesystem /var on db01"),
        ("CRIT", "Used: 96%(!!), inodes: 3%", "CRIT Filesystem /var on db01"),
    ],
)
def test_checkmks_output(state: str, output: str, text: str) -> None:
    """The state and its marks are not repeated in the text."""
    found = shown("checkmk", json_request(sample("checkmk") | {"state": state, "output": output}))

    assert found.startswith(f"{text}. ")
    assert "CRIT -" not in found
    assert "!!" not in found


@pytest.mark.parametrize(
    ("host", "title"),
    [("db01", "db01 is unreachable"), ("خادم", "خادم: تعذر الوصول إليه")],
)
def test_checkmks_unreachable_host(host: str, title: str) -> None:
    """A host behind one that is down is critical, and not said to be down itself."""
    body = sample("checkmk") | {"host": host, "service": "", "state": "UNREACHABLE"}
    alert = only("checkmk", body)

    assert (alert.title, alert.severity, alert.status) == (title, CRITICAL, FIRING)


def test_githubs_deleted_fork() -> None:
    """The `main` of a fork that is gone is still not ours."""
    body = sample("github_workflow_run")
    body["workflow_run"]["head_repository"] = None

    assert parse("github", json_request(body)).ignored == 1


def test_netdatas_alarms() -> None:
    """Until 2023, alerts were alarms; they are no tests."""
    body = sample("netdata_cloud_alert")
    renamed = {"alarm": body.pop("alert"), "alarm_url": body.pop("alert_url")}
    alert = only("netdata", body | renamed)

    assert alert == only("netdata", sample("netdata_cloud_alert"))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"reachable": "false"}, FIRING),
        ({"text": "unreachable"}, FIRING),
        ({"reachable": "true", "text": "reachable"}, RESOLVED),
    ],
)
def test_netdatas_reachability_in_words(status: dict[str, str], expected: AlertStatus) -> None:
    """A node that can't be reached is an alert and no test, however that is written."""
    alert = only("netdata", sample("netdata_reachability") | {"status": status})

    assert (alert.status, alert.test) == (expected, False)


def test_netdatas_message_without_a_host() -> None:
    """`on average` names no host."""
    body = sample("netdata_cloud_alert") | {"message": "CPU on average is 97%"}

    assert only("netdata", body).where == ""


def sns(message: object, subject: str | None = None) -> dict[str, Any]:
    """A message of SNS."""
    return sample("sns_notification_cloudwatch") | {
        "Message": json.dumps(message),
        "Subject": subject,
    }


def event(kind: str, detail: dict[str, Any], *resources: str) -> dict[str, Any]:
    """A message of SNS with an event of EventBridge."""
    return sns({"detail-type": kind, "source": "aws", "resources": resources, "detail": detail})


def test_a_composite_alarm() -> None:
    """A composite alarm names the alarms below it without their ARNs."""
    message = json.loads(sample("sns_notification_cloudwatch")["Message"])
    del message["Trigger"]
    message |= {
        "AlarmDescription": None,
        "NewStateReason": "arn:aws:cloudwatch:me-south-1:123456789012:alarm:cpu-high transitioned "
        "to ALARM at Monday 02 November, 2026 11:02:13 UTC",
    }

    assert shown("sns", json_request(sns(message))) == (
        "ERR cpu-high. Middle East (Bahrain), since 14:02. cpu-high transitioned to ALARM. A7F3K"
    )


def test_an_alarm_of_an_expression() -> None:
    """An alarm of several metrics is where the first of them is."""
    message = json.loads(sample("sns_notification_cloudwatch")["Message"])
    metric = {"Dimensions": [{"name": "LoadBalancer", "value": "app/shop"}]}
    message["Trigger"] = {"Metrics": [{"Id": "e1"}, {"MetricStat": {"Metric": metric}}]}
    message["NewStateReason"] = (
        "Threshold Crossed: 1 out of the last 1 datapoints [99.5 (02/11/26 11:00:00)] was greater "
        "than the threshold (90.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    alert = only("sns", sns(message))

    assert (alert.where, alert.values) == ("app/shop", "99.5 (limit 90)")


@pytest.mark.parametrize(("value", "status"), [("ALARM", FIRING), ("OK", RESOLVED)])
def test_an_alarm_by_eventbridge(value: str, status: AlertStatus) -> None:
    """An alarm that comes through EventBridge is the same alert, and ends."""
    body = event(
        "CloudWatch Alarm State Change",
        {
            "alarmName": "cpu-high",
            "state": {"value": value, "reason": "", "timestamp": "2026-11-02T11:02:13.417+0000"},
        },
        "arn:aws:cloudwatch:me-south-1:123456789012:alarm:cpu-high",
    )
    alert = only("sns", body)

    assert (alert.key, alert.status) == (
        only("sns", sample("sns_notification_cloudwatch")).key,
        status,
    )


def test_events_of_two_resources_are_two_alerts() -> None:
    """Events of two machines are two alerts, also if they say the same."""
    kind = "EC2 Instance State-change Notification"
    first, second = (
        only("sns", event(kind, {"state": "stopped"}, f"arn:aws:ec2:me-south-1:1:instance/{name}"))
        for name in ("i-1", "i-2")
    )

    assert first.key != second.key
    assert (first.title, first.where) == (f"{kind}: stopped", "i-1")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            sns(
                {"Source ID": "db1", "Event Message": "DB instance shutdown"},
                "RDS Notification Message",
            ),
            "ERR DB instance shutdown. db1, since 14:02. A7F3K",
        ),
        (
            event(
                "AWS Health Event",
                {
                    "eventTypeCode": "AWS_EC2_RETIREMENT",
                    "eventDescription": [{"latestDescription": "i-1 is going to be retired."}],
                },
            ),
            "ERR AWS Health Event: AWS_EC2_RETIREMENT. Since 14:02. "
            "i-1 is going to be retired. A7F3K",
        ),
        (sns({"error": "no space left"}), "ERR no space left. Since 14:02. A7F3K"),
    ],
)
def test_messages_of_other_services(body: dict[str, Any], text: str) -> None:
    """The phone shows what happened, and not only who wrote."""
    assert shown("sns", json_request(body)) == text


@pytest.mark.parametrize("kind", ["native", "apprise", "healthchecks", "prtg", "zabbix", "checkmk"])
def test_json_that_is_called_a_form(kind: IntegrationKind) -> None:
    """`curl -d` without a header calls JSON a form; it is read as JSON."""
    body = SAMPLE_BODIES[kind].encode()
    form = WebhookRequest(body, {"Content-Type": "application/x-www-form-urlencoded"})

    assert parse(kind, form) == parse(kind, WebhookRequest(body))


def test_arabic_names_have_arabic_words() -> None:
    """A title is in one language: the page of an Arabic one is short anyway."""
    run = sample("github_workflow_run")
    run["workflow_run"]["name"] = "نشر المتجر"
    rule = {"alertname": "DatasourceNoData", "rulename": "المعالج"}
    group = {"alerts": [{"status": "firing", "labels": rule, "annotations": {}}]}
    service = sample("checkmk") | {"service": "مساحة القرص"}

    assert only("github", run).title == "نشر المتجر: فشل على main"
    assert only("grafana", group).title == "المعالج: لا توجد بيانات"
    assert only("checkmk", service).title == "مساحة القرص على db01"


def test_grafanas_error() -> None:
    """A rule that can't be evaluated says why."""
    body = sample("grafana")
    entry = body["alerts"][0]
    entry["labels"] = {"alertname": "DatasourceError", "rulename": "CPU"}
    entry["annotations"] = {"Error": "query A: timeout"}
    body |= {"alerts": [entry], "commonLabels": {}, "commonAnnotations": {}}
    alert = only("grafana", body)

    assert (alert.title, alert.text) == ("CPU: error", "query A: timeout")
