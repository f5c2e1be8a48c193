"""The requests of Zabbix, PRTG, PagerDuty's clients, Checkmk, GitHub, SNS, Sentry and Netdata."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus, Incoming, RefusalReason
from kwtsms_bot.cli.bridge.request_file import read_request
from support.bridge import SAMPLES, form_request, json_request, parse, refusal, sample

FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED
ACKNOWLEDGED, NOTE = AlertStatus.ACKNOWLEDGED, AlertStatus.NOTE
CRITICAL, ERROR, WARNING = AlertSeverity.CRITICAL, AlertSeverity.ERROR, AlertSeverity.WARNING
INFO = AlertSeverity.INFO
RECOVERY = {
    "event_value": "0",
    "event_recovery_date": "2026.11.02",
    "event_recovery_time": "14:31:43",
}


def saved(name: str) -> WebhookRequest:
    """The request that a sample describes, with its headers."""
    return read_request(str(SAMPLES / f"{name}.json")).as_webhook()


def only(kind: str, body: object, options: ParseOptions | None = None) -> Incoming:
    """The only alert of a JSON body."""
    (alert,) = parse(kind, json_request(body), options).alerts
    return alert


def utc(hour: int, minute: int, second: int = 0, micro: int = 0) -> datetime:
    """A time on the day of the samples."""
    return datetime(2026, 11, 2, hour, minute, second, micro, UTC)


def changed(name: str, **changes: Any) -> dict[str, Any]:
    """A sample with other values for some of its keys."""
    return sample(name) | changes


def test_zabbix_problem() -> None:
    """Our media type names everything; its times are those of the integration's zone."""
    alert = only("zabbix", sample("zabbix"))

    assert alert == Incoming(
        key="184211",
        status=FIRING,
        title="High CPU utilization on core-sw-1",
        text="97 %",
        severity=CRITICAL,
        kind="High CPU utilization on core-sw-1",
        where="core-sw-1",
        url="https://zabbix.example.com/tr_events.php?triggerid=23110&eventid=184211",
        started_at=utc(11, 2, 13),
        labels={"scope": "performance", "team": "network"},
    )


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        (RECOVERY, RESOLVED, "97 %"),
        (RECOVERY | {"event_update_status": "1"}, RESOLVED, "97 %"),
        ({"update_action": "acknowledged", "update_message": "Mine"}, ACKNOWLEDGED, "Mine"),
        ({"update_action": "acknowledged and commented"}, ACKNOWLEDGED, "97 %"),
        ({"update_action": "unacknowledged"}, NOTE, "97 %"),
        ({"update_action": "commented", "update_message": "On it"}, NOTE, "On it"),
        ({"update_action": "changed severity from Average to High"}, FIRING, "97 %"),
    ],
)
def test_zabbix_update_and_recovery(
    changes: dict[str, str], status: AlertStatus, text: str
) -> None:
    """A problem, its updates and its recovery are one alert (scenario 14)."""
    alert = only("zabbix", changed("zabbix", **{"event_update_status": "1"} | changes))

    assert (alert.key, alert.status, alert.text) == ("184211", status, text)
    assert alert.ended_at == (utc(11, 31, 43) if status is RESOLVED else None)


def test_zabbixs_open_macros_are_blank() -> None:
    """Macros that Zabbix could not resolve are shown to nobody (scenario 14)."""
    alert = only(
        "zabbix",
        changed(
            "zabbix",
            event_name="CPU of {HOST.NAME} is high",
            opdata="*UNKNOWN*",
            host="{HOST.NAME}",
            host_ip="192.0.2.11",
            event_tags="{EVENT.TAGSJSON}",
            zabbix_url="{$ZABBIX.URL}",
            event_recovery_time="{EVENT.RECOVERY.TIME}",
        ),
    )

    assert (alert.title, alert.text, alert.where) == ("CPU of is high", "", "192.0.2.11")
    assert (alert.labels, alert.url) == ({}, "")


def test_zabbixs_test_button_is_a_test() -> None:
    """The test of a media type resolves no macro, so that there is no event."""
    macros = {"event_id": "{EVENT.ID}", "event_name": "{EVENT.NAME}", "subject": "{ALERT.SUBJECT}"}
    blank = {"event_id": "", "event_name": ""}

    assert only("zabbix", changed("zabbix", **macros)).test
    assert refusal("zabbix", json_request(blank)) is RefusalReason.UNKNOWN_SHAPE


@pytest.mark.parametrize(
    ("name", "number", "severity"),
    [
        ("Disaster", "5", CRITICAL),
        ("High", "4", CRITICAL),
        ("Average", "3", ERROR),
        ("Warning", "2", WARNING),
        ("Information", "1", INFO),
        ("Not classified", "0", INFO),
        ("P1 - wake everybody", "5", CRITICAL),
        ("Average", "", ERROR),
        ("P1 - wake everybody", "", None),
    ],
)
def test_zabbix_severities(name: str, number: str, severity: AlertSeverity | None) -> None:
    """The number counts, because the names can be changed; without it, the name does."""
    body = changed("zabbix", event_severity=name, event_nseverity=number)

    assert only("zabbix", body).severity is severity


@pytest.mark.parametrize(("state", "status"), [("alerting", FIRING), ("ok", RESOLVED)])
def test_zabbixs_stock_media_type(state: str, status: AlertStatus) -> None:
    """The media type for Grafana OnCall works with another address only (scenario 15)."""
    alert = only("zabbix", changed("zabbix_oncall", state=state))

    assert (alert.key, alert.status, alert.where) == ("184211", status, "core-sw-1")
    assert (alert.title, alert.text) == ("High CPU utilization on core-sw-1", "97 %")
    assert alert.severity is CRITICAL
    assert alert.url.endswith("eventid=184211")


def test_zabbixs_stock_media_type_with_a_message_of_its_own() -> None:
    """A message in no form that is known is the text."""
    alert = only("zabbix", changed("zabbix_oncall", message="Look at the switch"))

    assert (alert.text, alert.severity, alert.where) == ("Look at the switch", None, "")


def test_prtg_down() -> None:
    """PRTG posts a form, with the day before the month (scenario 17)."""
    (alert,) = parse("prtg", saved("prtg_form")).alerts

    assert alert == Incoming(
        key="2201",
        status=FIRING,
        title="core-sw-1 Ping Down",
        text="Request timed out (ICMP error # 11010)",
        severity=CRITICAL,
        kind="core-sw-1 Ping",
        where="core-sw-1",
        url="https://prtg.example.com/sensor.htm?id=2201",
        started_at=utc(11, 2, 13),
        labels={"priority": "*****"},
    )


@pytest.mark.parametrize(
    ("written", "status", "severity"),
    [
        ("Down", FIRING, CRITICAL),
        ("Down (Partial)", FIRING, CRITICAL),
        ("Down ESCALATION", FIRING, CRITICAL),
        ("Down (Acknowledged)", ACKNOWLEDGED, CRITICAL),
        ("Warning", FIRING, WARNING),
        ("Unusual", FIRING, WARNING),
        ("Unknown", FIRING, WARNING),
        ("Up", RESOLVED, None),
        ("Down ended (now: Up)", RESOLVED, None),
        ("Warning ended (now: Up)", RESOLVED, None),
        ("Down ended", RESOLVED, None),
        ("Down ended (now: Warning)", FIRING, WARNING),
        ("Warning ended (now: Down)", FIRING, CRITICAL),
        ("Störung", FIRING, None),
    ],
)
def test_prtg_states(written: str, status: AlertStatus, severity: AlertSeverity | None) -> None:
    """The present state counts; a word that is not known is an alert (scenario 17)."""
    fields = {"sensorid": "1", "device": "sw", "sensor": "Ping", "status": written}
    (alert,) = parse("prtg", form_request(fields)).alerts

    assert (alert.key, alert.status, alert.severity) == ("1", status, severity)


@pytest.mark.parametrize("written", ["Paused", "Paused (Paused by dependency)"])
def test_prtg_paused_is_ignored(written: str) -> None:
    """A sensor that somebody paused neither begins nor ends an alert."""
    fields = {"device": "sw", "sensor": "Ping", "status": written}

    assert parse("prtg", form_request(fields)).ignored == 1


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("02/11/2026 14:02:13", utc(11, 2, 13)),
        ("11/2/2026 2:02:13 PM", utc(11, 2, 13)),
        ("02.11.2026 14:02:13 (5 m 3 s ago)", utc(11, 2, 13)),
        ("2026-11-02 14:02:13", utc(11, 2, 13)),
        ("%since", None),
        ("31/31/2026 14:02:13", None),
    ],
)
def test_prtgs_times(written: str, time: datetime | None) -> None:
    """The forms of PRTG's languages are known; what is no time is left out."""
    fields = {"device": "sw", "sensor": "Ping", "status": "Down", "since": written}
    (alert,) = parse("prtg", form_request(fields)).alerts

    assert alert.started_at == time


def test_pagerduty_trigger() -> None:
    """An event of PagerDuty's API names everything."""
    alert = only("pagerduty", sample("pagerduty_v2_trigger"))

    assert alert == Incoming(
        key="db01/disk/var",
        status=FIRING,
        title="/var on db01 is 96% full",
        text="96%",
        severity=CRITICAL,
        kind="disk full",
        where="db01",
        url="https://grafana.example.com/d/disk",
        started_at=utc(11, 2, 13, 417000),
        labels={"component": "disk", "class": "disk full", "group": "prod-db", "source": "db01"},
    )
    assert alert.group is None  # Only a tool's own groups make one incident of several alerts.


@pytest.mark.parametrize(
    ("action", "status"), [("acknowledge", ACKNOWLEDGED), ("resolve", RESOLVED)]
)
def test_pagerduty_needs_only_the_key_later(action: str, status: AlertStatus) -> None:
    """An acknowledgement and an end have nothing but the key (scenario 16)."""
    alert = only("pagerduty", changed("pagerduty_v2_acknowledge", event_action=action))

    assert (alert.key, alert.status, alert.started_at) == ("db01/disk/var", status, None)


def test_pagerduty_without_a_key_gets_one() -> None:
    """An event that comes again is the same alert; a long key keeps its beginning (scenario 16)."""
    event = sample("pagerduty_v2_trigger")
    del event["dedup_key"]
    first, again = only("pagerduty", event), only("pagerduty", event)
    long = only("pagerduty", event | {"dedup_key": "k" * 300})

    assert first.key == again.key
    assert len(first.key) == 32
    assert len(long.key) == 255


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"event_action": "snooze"}, "event_action"),
        ({"payload": {"source": "db01"}}, "payload.summary"),
        ({"event_action": "resolve", "dedup_key": ""}, "dedup_key"),
    ],
)
def test_pagerduty_says_what_is_missing(changes: dict[str, Any], missing: str) -> None:
    """The refusal names the key as PagerDuty does, and quotes nothing."""
    with pytest.raises(Exception, match=f"^'{missing}' is missing or blank$"):
        parse("pagerduty", json_request(changed("pagerduty_v2_trigger", **changes)))


def test_checkmk_service() -> None:
    """A service is named with its host, and its output is the text."""
    alert = only("checkmk", sample("checkmk"))

    assert (alert.key, alert.status, alert.severity) == ("db01/Filesystem /var", FIRING, CRITICAL)
    assert (alert.title, alert.text) == ("Filesystem /var on db01", "96.0% used")
    assert (alert.where, alert.labels["site"]) == ("db01", "prod")


@pytest.mark.parametrize(
    ("kind", "state", "status", "severity"),
    [
        ("PROBLEM", "WARN", FIRING, WARNING),
        ("PROBLEM", "UNKNOWN", FIRING, WARNING),
        ("RECOVERY", "OK", RESOLVED, None),
        ("ACKNOWLEDGEMENT", "CRIT", ACKNOWLEDGED, CRITICAL),
        ("DOWNTIMESTART", "CRIT", NOTE, CRITICAL),
        ("FLAPPINGSTOP", "OK", NOTE, None),
        ("CUSTOM", "CRIT", NOTE, CRITICAL),
    ],
)
def test_checkmk_types(
    kind: str, state: str, status: AlertStatus, severity: AlertSeverity | None
) -> None:
    """Problems, recoveries and acknowledgements count; the rest are notes."""
    alert = only("checkmk", changed("checkmk", notification_type=kind, state=state))

    assert (alert.status, alert.severity) == (status, severity)


def test_checkmk_host() -> None:
    """A host is down or up, and a key of its own."""
    body = changed("checkmk", what="HOST", service="", state="DOWN", micro_time="1793617333417000")
    alert = only("checkmk", body)

    assert (alert.key, alert.title, alert.severity) == ("db01", "db01 is down", CRITICAL)
    assert alert.started_at == datetime.fromtimestamp(1793617333, UTC)


def test_github_failure_and_success() -> None:
    """A failed run fires, and the next success of the workflow on this branch ends it."""
    (failed,) = parse("github", saved("github_workflow_run")).alerts
    body = sample("github_workflow_run")
    body["workflow_run"] |= {"conclusion": "success", "id": 2, "run_number": 89}
    succeeded = only("github", body)

    assert (failed.key, failed.status) == ("example/shop/998877/main", FIRING)
    assert (failed.title, failed.text) == ("Deploy failed on main", "Raise the timeout")
    assert (failed.where, failed.started_at) == ("example/shop", utc(11, 4, 10))
    assert (succeeded.key, succeeded.status) == (failed.key, RESOLVED)


@pytest.mark.parametrize(
    "changes",
    [
        {"conclusion": "cancelled"},
        {"conclusion": "skipped"},
        {"conclusion": None},
        {"head_branch": "feature"},
        {"head_repository": {"full_name": "stranger/shop"}},
    ],
)
def test_github_ignores_what_is_no_news(changes: dict[str, Any]) -> None:
    """Cancelled runs, other branches and a fork's `main` are ignored."""
    body = sample("github_workflow_run")
    body["workflow_run"] |= changes

    assert parse("github", json_request(body)).ignored == 1


@pytest.mark.parametrize(
    ("event", "action"), [("ping", ""), ("push", ""), ("workflow_run", "requested")]
)
def test_github_ignores_other_events(event: str, action: str) -> None:
    """The ping of a new webhook and other events are answered, and begin nothing."""
    body = changed("github_workflow_run", action=action)
    request = WebhookRequest(json.dumps(body).encode(), {"X-GitHub-Event": event})

    assert parse("github", request).ignored == 1
    assert parse("github", saved("github_ping")).ignored == 1


def test_github_branches() -> None:
    """Other branches count where they are configured; then the default one must be, too."""
    body = sample("github_workflow_run")
    options = ParseOptions(branches=("release/*",))
    body["workflow_run"]["head_branch"] = "release/2"

    assert only("github", body, options).labels["branch"] == "release/2"
    assert parse("github", saved("github_workflow_run"), options).ignored == 1


def test_githubs_form() -> None:
    """GitHub's default content type is a form with the JSON in one field."""
    request = form_request({"payload": json.dumps(sample("github_workflow_run"))})

    assert parse("github", request).alerts == parse("github", saved("github_workflow_run")).alerts


def test_sentry_issue_alert_and_its_issue() -> None:
    """An issue alert fires; the issue's own webhook ends it."""
    (fired,) = parse("sentry", saved("sentry_event_alert")).alerts
    (ended,) = parse("sentry", saved("sentry_issue")).alerts

    assert (fired.key, fired.status, fired.severity) == ("1170820242", FIRING, ERROR)
    assert (fired.title, fired.text) == ("PaymentError: gateway timeout", "checkout.pay")
    assert (fired.where, fired.kind) == ("shop", "Payment errors")
    assert (ended.key, ended.status) == (fired.key, RESOLVED)


@pytest.mark.parametrize(
    ("action", "title", "status", "severity"),
    [
        ("critical", "Critical: Too many errors", FIRING, CRITICAL),
        ("warning", "Warning: Too many errors", FIRING, WARNING),
        ("resolved", "Resolved: Too many errors", RESOLVED, None),
    ],
)
def test_sentry_metric_alert(
    action: str, title: str, status: AlertStatus, severity: AlertSeverity | None
) -> None:
    """A metric alert is one alert from its first warning to its end."""
    body = changed("sentry_metric_alert", action=action)
    body["data"]["description_title"] = title
    alert = only("sentry", body)

    assert (alert.key, alert.title) == ("metric_alert/4", "Too many errors")
    assert (alert.status, alert.severity, alert.where) == (status, severity, "shop")
    assert alert.text == "1000 events in the last 10 minutes\nFilter: level:error"


@pytest.mark.parametrize("action", ["archived", "ignored", "resolved"])
def test_sentry_issue_that_ended(action: str) -> None:
    """An issue that somebody archives has ended, as one that is resolved."""
    assert only("sentry", changed("sentry_issue", action=action)).status is RESOLVED


@pytest.mark.parametrize("action", ["created", "unresolved"])
def test_sentry_issue_that_begins(action: str) -> None:
    """A new issue, or one that is back, fires; routes can tell it by its resource."""
    alert = only("sentry", changed("sentry_issue", action=action))

    assert (alert.status, alert.labels["resource"]) == (FIRING, "issue")


def test_sentry_ignores_other_resources() -> None:
    """An assignment or an installation begins and ends nothing."""
    installed = WebhookRequest(
        b'{"action": "created", "data": {}}', {"Sentry-Hook-Resource": "installation"}
    )

    assert parse("sentry", json_request(changed("sentry_issue", action="assigned"))).ignored == 1
    assert parse("sentry", installed).ignored == 1


@pytest.mark.parametrize(
    ("severity", "status", "expected"),
    [("critical", FIRING, CRITICAL), ("warning", FIRING, WARNING), ("clear", RESOLVED, None)],
)
def test_netdata_alert(severity: str, status: AlertStatus, expected: AlertSeverity | None) -> None:
    """An alert of a node; only the message names the node."""
    body = changed(
        "netdata_cloud_alert",
        severity=severity,
        message=f"10min_cpu_usage on db01 is {severity}, 97.2%",
    )
    alert = only("netdata", body)

    assert (alert.key, alert.where) == ("db01/system.cpu/10min_cpu_usage", "db01")
    assert (alert.status, alert.severity, alert.values) == (status, expected, "97.2%")
    assert alert.title == "10min_cpu_usage on db01"


@pytest.mark.parametrize(
    ("reachable", "severity", "status"), [(False, "critical", FIRING), (True, "info", RESOLVED)]
)
def test_netdata_reachability(*, reachable: bool, severity: str, status: AlertStatus) -> None:
    """A node that can't be reached fires until it can."""
    body = changed(
        "netdata_reachability", severity=severity, status={"reachable": reachable, "text": ""}
    )
    alert = only("netdata", body)

    assert (alert.key, alert.status) == ("reachability/db01", status)
    assert alert.title == ("db01 is up" if reachable else "db01 is down")


def test_netdatas_test_shows_its_token() -> None:
    """The token of the button *Test* has to be typed into Netdata, so the alert shows it."""
    alert = only("netdata", {"message": "Test notification", "token": "123456"})

    assert (alert.test, alert.text) == (True, "Token: 123456")


def alarm(**changes: Any) -> dict[str, Any]:
    """A message of SNS with CloudWatch's alarm, changed."""
    body = sample("sns_notification_cloudwatch")
    return body | {"Message": json.dumps(json.loads(body["Message"]) | changes)}


def test_cloudwatch_alarm() -> None:
    """An alarm of CloudWatch is named by its name and its first dimension."""
    alert = only("sns", alarm())

    assert alert.key == "arn:aws:cloudwatch:me-south-1:123456789012:alarm:cpu-high"
    assert (alert.title, alert.text, alert.where) == ("cpu-high", "CPU above 90%", "i-0example")
    assert (alert.status, alert.severity) == (FIRING, None)
    assert alert.started_at == utc(11, 2, 13, 417000)
    assert alert.labels["topic"] == "alarms"


@pytest.mark.parametrize(
    ("state", "title", "status", "severity"),
    [
        ("OK", "cpu-high", RESOLVED, None),
        ("INSUFFICIENT_DATA", "cpu-high: no data", FIRING, WARNING),
    ],
)
def test_cloudwatch_states(
    state: str, title: str, status: AlertStatus, severity: AlertSeverity | None
) -> None:
    """OK ends an alarm; an alarm without data is a warning."""
    alert = only("sns", alarm(NewStateValue=state))

    assert (alert.title, alert.status, alert.severity) == (title, status, severity)


def test_sns_text_and_confirmation() -> None:
    """Other messages are alerts by their subject; a confirmation begins nothing."""
    body = changed("sns_notification_cloudwatch", Subject="Budget exceeded", Message="80% used")
    alert = only("sns", body)
    plain = only("sns", body | {"Subject": None, "Message": "Disk is full\non db01"})

    assert (alert.title, alert.text) == ("Budget exceeded", "80% used")
    assert plain.title == "Disk is full"
    assert parse("sns", saved("sns_subscription_confirmation")).ignored == 1


def test_sns_subscription_for_people() -> None:
    """Where the bot can't reach Amazon, an alert in Slack has the address that confirms."""
    body = sample("sns_subscription_confirmation")
    alert = only("sns", body, ParseOptions(is_offline=True))

    assert alert.title == "Amazon SNS: confirm the subscription to alarms"
    assert unquote(alert.text) == body["SubscribeURL"]
    assert (alert.text.count(":"), alert.severity) == (1, INFO)
