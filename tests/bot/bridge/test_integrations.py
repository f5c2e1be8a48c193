"""Each tool's requests, from its samples, become alerts in terms that all tools share."""

import json
from datetime import UTC, datetime

import pytest

from kwtsms_bot.bridge.integrations.request import MAX_BODY, ParseOptions, WebhookRequest
from kwtsms_bot.bridge.integrations.table import PARSERS
from kwtsms_bot.bridge.models import (
    AlertSeverity,
    AlertStatus,
    Incoming,
    RefusalReason,
    WebhookRefused,
)
from support.bridge import (
    SAMPLES,
    form_request,
    json_request,
    multipart_request,
    parse,
    refusal,
    sample,
)

FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED


def only(kind: str, body: object, options: ParseOptions | None = None) -> Incoming:
    """The only alert of a JSON body."""
    (alert,) = parse(kind, json_request(body), options).alerts
    return alert


def utc(hour: int, minute: int, second: int = 0, micro: int = 0) -> datetime:
    """A time on the day of the samples."""
    return datetime(2026, 11, 2, hour, minute, second, micro, UTC)


def test_alertmanagers_alerts_have_their_own_status() -> None:
    """Two of the group fire and one is over, though the group's status is firing (scenario 4)."""
    batch = parse("alertmanager", json_request(sample("alertmanager_firing")))
    first = batch.alerts[0]

    assert [one.status for one in batch.alerts] == [FIRING, FIRING, RESOLVED]
    assert len({one.group for one in batch.alerts}) == 1
    assert first == Incoming(
        key="5ef77f1f8a3ecf8d",
        status=FIRING,
        title="/var on db01 is 96% full",
        text="Less than 4% of /var is left.",
        severity=AlertSeverity.CRITICAL,
        kind="DiskAlmostFull",
        where="db01",
        url="https://wiki.example.com/disk",
        started_at=utc(11, 2, 13, 417000),
        labels=first.labels,
        group='{}/{severity="critical"}:{alertname="DiskAlmostFull"}',
    )
    assert first.labels["site"] == "shuwaikh"


def test_an_end_has_its_time() -> None:
    """A resolved alert has an end; one that fires has none, whatever endsAt says (scenario 5)."""
    resolved = only("alertmanager", sample("alertmanager_resolved"))
    firing = parse("alertmanager", json_request(sample("alertmanager_firing"))).alerts[0]

    assert (resolved.status, resolved.ended_at) == (RESOLVED, utc(11, 31, 43, 417000))
    assert firing.ended_at is None


def test_a_repeat_says_so() -> None:
    """Since Alertmanager 0.33 the body tells a repeat; before, nothing does (scenario 3)."""
    body = sample("alertmanager_resolved")

    assert not only("alertmanager", body).repeat
    assert only("alertmanager", body | {"notification_reason": "repeat interval elapsed"}).repeat
    del body["notification_reason"]
    assert not only("alertmanager", body).repeat


@pytest.mark.parametrize(
    ("labels", "where"),
    [
        ({"instance": "db01:9100"}, "db01"),
        ({"instance": "[2001:db8::1]:9100"}, "2001:db8::1"),
        ({"instance": "2001:db8::1"}, "2001:db8::1"),
        ({"instance": "https://shop.example.com/health"}, "shop.example.com"),
        ({"host": "web"}, "web"),
        ({"pod": "shop-1", "service": "shop"}, "shop-1"),
        ({}, ""),
    ],
)
def test_where_is_the_machine_without_its_port(labels: dict[str, str], where: str) -> None:
    """The place is the most exact label that names one."""
    body = {"alerts": [{"status": "firing", "labels": labels | {"alertname": "A"}}]}

    assert only("alertmanager", body).where == where


def test_an_alert_without_a_summary_has_its_rules_name() -> None:
    """The title falls back to alertname, then to a label; without any the alert is skipped."""
    entries = [
        {"labels": {"alertname": "HostDown"}},
        {"labels": {"job": "node"}},
        {"labels": {}},
        "no alert",
        None,
    ]
    batch = parse("alertmanager", json_request({"alerts": entries}))

    assert [one.title for one in batch.alerts] == ["HostDown", "job=node"]
    assert batch.skipped == 3


def test_more_than_5000_alerts_lose_the_least_severe() -> None:
    """5,000 are kept in their order, the most severe that fire; the rest is counted."""
    entries = [
        {
            "status": "resolved" if number % 2 else "firing",
            "labels": {
                "alertname": f"A{number}",
                "severity": "critical" if number < 10 else "info",
            },
        }
        for number in range(6_000)
    ]
    batch = parse("alertmanager", json_request({"alerts": entries, "truncatedAlerts": 7}))

    assert (len(batch.alerts), batch.skipped, batch.more) == (5_000, 1_000, 7)
    assert sum(one.status is FIRING for one in batch.alerts) == 3_000
    assert [one.title for one in batch.alerts[:3]] == ["A0", "A1", "A2"]


def test_grafana_has_values_and_a_panel() -> None:
    """Grafana's alert is Alertmanager's with values; a condition's 1 is no value."""
    alert = only("grafana", sample("grafana"))

    assert (alert.title, alert.text) == ("5% of checkouts fail", "More than 2% for five minutes.")
    assert (alert.values, alert.kind) == ("A=5.02", "Checkout errors")
    assert alert.started_at == utc(11, 5)
    assert alert.url == "https://wiki.example.com/checkout"
    assert not alert.test


def test_grafana_without_data_is_named_by_its_rule() -> None:
    """DatasourceNoData says nothing to anybody: the title is the rule's (scenario 10)."""
    labels = {"alertname": "DatasourceNoData", "rulename": "Checkout errors", "__private": "x"}
    alert = only("grafana", {"alerts": [{"status": "firing", "labels": labels}]})

    assert (alert.title, alert.kind) == ("Checkout errors: no data", "Checkout errors")
    assert "__private" not in alert.labels


def test_grafanas_test_button_is_a_test() -> None:
    """The alert of the button *Test* is marked."""
    labels = {"alertname": "TestAlert", "instance": "Grafana"}

    assert only("grafana", {"alerts": [{"status": "firing", "labels": labels}]}).test


@pytest.mark.parametrize("form", ["json", "multipart", "get"])
def test_uptime_kuma_down(form: str) -> None:
    """JSON, a form and a GET request give the same alert, without the emoji (scenarios 11, 12)."""
    body = sample("uptime_kuma_json_down")
    text = json_request(body).body.decode()
    query = {
        "msg": body["msg"],
        "heartbeat": json_request(body["heartbeat"]).body.decode(),
        "monitor": json_request(body["monitor"]).body.decode(),
    }
    requests = {
        "json": json_request(body),
        "multipart": multipart_request({"data": text}),
        "get": WebhookRequest(b"", query=query),
    }
    (alert,) = parse("uptime-kuma", requests[form]).alerts

    assert alert == Incoming(
        key="7",
        status=FIRING,
        title="Shop is down",
        text="timeout of 48000ms exceeded",
        severity=AlertSeverity.CRITICAL,
        kind="Shop",
        where="shop.example.com",
        url="https://shop.example.com/health",
        started_at=utc(11, 2, 13, 417000),
        labels={"severity": "critical", "group": "Web"},
    )


def test_uptime_kuma_up() -> None:
    """The way up ends the alert of the same monitor, and knows since when it was down."""
    alert = only("uptime-kuma", sample("uptime_kuma_json_up"))

    assert (alert.key, alert.status, alert.title) == ("7", RESOLVED, "Shop is up")
    assert (alert.started_at, alert.ended_at) == (
        utc(11, 2, 13, 417000),
        utc(11, 20, 13, 100000),
    )


@pytest.mark.parametrize("status", [2, 3])
def test_uptime_kuma_pending_and_maintenance_are_ignored(status: int) -> None:
    """Neither begins or ends an alert."""
    body = sample("uptime_kuma_json_down")
    body["heartbeat"]["status"] = status
    batch = parse("uptime-kuma", json_request(body))

    assert (batch.alerts, batch.ignored) == ((), 1)


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("My Webhook Alert (1) Testing", "My Webhook Alert (1) Testing"),
        (
            "[Shop][https://shop.example.com] server certificate will expire in 7 days",
            "Shop: server certificate will expire in 7 days",
        ),
    ],
)
def test_uptime_kumas_nulls_are_a_test_or_a_certificate(message: str, title: str) -> None:
    """The button *Test* and notes about certificates have nothing but a message."""
    alert = only("uptime-kuma", {"heartbeat": None, "monitor": None, "msg": message})

    assert (alert.title, alert.status, alert.test) == (title, FIRING, True)


def test_an_arabic_monitor_is_down_in_arabic() -> None:
    """The words around an Arabic name are Arabic."""
    body = sample("uptime_kuma_json_down")
    body["monitor"]["name"] = "متجر الكويت"

    assert only("uptime-kuma", body).title == "متجر الكويت: متوقف"


def healthchecks_body(name: str, status: str) -> bytes:
    """The template of the sample, as Healthchecks fills it in."""
    template: str = json.loads((SAMPLES / "healthchecks_template.json").read_text())["_body"]
    check = {"name": name, "slug": "backup", "status": status, "tags": "db prod"}
    values = {
        "$NAME_JSON": json.dumps(name),
        "$STATUS": status,
        "$CODE": "f3a1",
        "$NOW": "2026-11-02T11:02:13+00:00",
        "$TAGS": "db prod",
        "$EXITSTATUS": "23",
        "$JSON": json.dumps(check),
    }
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    return template.encode()


@pytest.mark.parametrize(
    ("status", "expected", "title"),
    [("down", FIRING, '"Nightly" back-up is down'), ("up", RESOLVED, '"Nightly" back-up is up')],
)
def test_healthchecks(status: str, expected: AlertStatus, title: str) -> None:
    """The template gives an alert by its code, also for a name with quotes (scenario 13)."""
    body = healthchecks_body('"Nightly" back-up', status)
    (alert,) = parse("healthchecks", WebhookRequest(body)).alerts

    assert (alert.key, alert.status, alert.title) == ("f3a1", expected, title)
    assert (alert.text, alert.where, alert.labels) == ("exit 23", "backup", {"tags": "db prod"})


def test_healthchecks_test_button_is_a_test() -> None:
    """The made-up check of the button *Test* is marked."""
    (alert,) = parse("healthchecks", WebhookRequest(healthchecks_body("TEST", "down"))).alerts

    assert alert.test


def test_native() -> None:
    """Our own JSON names everything."""
    alert = only("native", sample("bridge_native_firing"))

    assert alert == Incoming(
        key="db01/disk/var",
        status=FIRING,
        title="/var on db01 is 96% full",
        text="Less than 4% of /var is left.",
        severity=AlertSeverity.CRITICAL,
        where="db01",
        url="https://grafana.example.com/d/disk",
        started_at=utc(11, 2, 13),
        labels={"site": "shuwaikh"},
    )


def test_native_resolved_needs_only_the_key() -> None:
    """A key and the status end an alert; its title is known from before."""
    alert = only("native", sample("bridge_native_resolved"))

    assert (alert.key, alert.status) == ("db01/disk/var", RESOLVED)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("TRIGGERED", FIRING),
        ("RESOLVED", RESOLVED),
        ("ok", RESOLVED),
        ("ack", AlertStatus.ACKNOWLEDGED),
        ("note", AlertStatus.NOTE),
        ("what?", FIRING),
    ],
)
def test_the_words_of_other_tools_are_known(word: str, status: AlertStatus) -> None:
    """Gatus and others have their own words; an unknown one is an alert, so none is missed."""
    assert only("native", {"title": "A", "status": word}).status is status


@pytest.mark.parametrize(
    ("kind", "name", "title", "severity"),
    [
        ("native", "home_assistant_rest_notify", "Home Assistant", None),
        (
            "native",
            "changedetection_json",
            "ChangeDetection.io Notification - ",
            None,
        ),
        ("native", "apprise_json", "Backup failed", AlertSeverity.ERROR),
        ("apprise", "apprise_json", "Backup failed", AlertSeverity.ERROR),
        ("apprise", "apprise_api_notify", "Backup failed", AlertSeverity.ERROR),
        (
            "apprise",
            "changedetection_json",
            "ChangeDetection.io Notification - ",
            None,
        ),
    ],
)
def test_apprises_json(kind: str, name: str, title: str, severity: AlertSeverity | None) -> None:
    """A notification of Apprise and its like is an alert; `info`, its default, says nothing."""
    alert = only(kind, sample(name))

    assert alert.title.startswith(title)
    assert alert.severity is severity
    assert alert.text


@pytest.mark.parametrize("kind", ["apprise", "native"])
def test_apprises_form(kind: str) -> None:
    """form:// posts fields, and parts where there are attachments, which are discarded."""
    fields = {"version": "1.0", "title": "Backup failed", "message": "code 23", "type": "failure"}
    plain = parse(kind, form_request(fields))
    parts = parse(kind, multipart_request(fields, files=2))

    assert plain.alerts == parts.alerts
    assert (plain.alerts[0].text, plain.attachments, parts.attachments) == ("code 23", 0, 2)


def test_apprises_tag_is_a_label_and_a_part_of_the_key() -> None:
    """Notifications with the same title and another tag are other alerts."""
    ops, dev = (only("apprise", {"title": "A", "body": "b", "tag": tag}) for tag in ("ops", "dev"))

    assert (ops.labels, dev.labels) == ({"tag": "ops"}, {"tag": "dev"})
    assert ops.key != dev.key


def test_success_resolves_only_where_it_may() -> None:
    """By default, success is news of severity info; where it is allowed, it ends the same title."""
    fields = {"title": "Backup", "body": "done", "type": "success"}
    news = only("apprise", fields)
    end = only("apprise", fields, ParseOptions(success_resolves=True))

    assert (news.status, news.severity) == (FIRING, AlertSeverity.INFO)
    assert (end.status, end.key) == (RESOLVED, news.key)


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (WebhookRequest(b"{"), RefusalReason.INVALID_BODY),
        (WebhookRequest(b"\xff\xfe{}"), RefusalReason.INVALID_BODY),
        (WebhookRequest(b"[" * 100_000), RefusalReason.INVALID_BODY),
        (WebhookRequest(b'{"a":' * 33 + b"1" + b"}" * 33), RefusalReason.INVALID_BODY),
        (WebhookRequest(b"[[]," * 300_000), RefusalReason.INVALID_BODY),
        (WebhookRequest(b'{"at":' + b"9" * 10_000 + b"}"), RefusalReason.INVALID_BODY),
        (WebhookRequest(b"[]"), RefusalReason.UNKNOWN_SHAPE),
        (WebhookRequest(b'{"foo": 1}'), RefusalReason.UNKNOWN_SHAPE),
        (WebhookRequest(b"7"), RefusalReason.UNKNOWN_SHAPE),
        (WebhookRequest(b" " * (MAX_BODY + 1)), RefusalReason.TOO_LARGE),
        (WebhookRequest(b"x", {"Content-Encoding": "gzip"}), RefusalReason.UNSUPPORTED_ENCODING),
    ],
    ids=lambda value: value if isinstance(value, RefusalReason) else "",
)
def test_what_cannot_be_read_is_refused(
    kind: str, request_: WebhookRequest, reason: RefusalReason
) -> None:
    """Every kind refuses the same bodies for the same reasons (scenario 20)."""
    assert refusal(kind, request_) is reason


def test_a_refusal_names_keys_and_no_value() -> None:
    """The detail helps an admin and repeats nothing of what was in the body."""
    with pytest.raises(WebhookRefused) as caught:
        parse("grafana", json_request({"token": "very-secret", "msg": "private"}))

    assert "msg, token" in caught.value.detail
    assert "secret" not in caught.value.detail
    assert "private" not in caught.value.detail


def test_depth_32_is_read() -> None:
    """The deepest body that is allowed is read."""
    nested = b'{"title": "A", "x":' + b"[" * 31 + b"]" * 31 + b"}"

    assert refusal("native", WebhookRequest(nested)) is None


def test_texts_are_bounded_and_can_be_stored() -> None:
    """Titles, texts, keys and labels have their limits, and no NUL or half of a character."""
    body = {
        "title": "a\x00b\ud800" + "t" * 5_000,
        "text": "x" * 50_000,
        "key": "k" * 3_000,
        "labels": {f"label{number}": "v" * 1_000 for number in range(100)},
    }
    alert = only("native", body)

    assert alert.title.startswith("abt")
    assert (len(alert.title), len(alert.text), len(alert.key)) == (1_024, 6 * 1_024, 255)
    assert (len(alert.labels), len(alert.labels["label0"])) == (64, 256)
    alert.title.encode()
