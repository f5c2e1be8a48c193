"""`kwtsms-bridge bridge`: what a request would do, without a network; and tokens."""

import json
import re
import socket
from datetime import datetime
from pathlib import Path

import pytest

from kwtsms_bot.bridge.explanation import SAMPLE_REF, Target
from kwtsms_bot.bridge.explanation import explain as explained
from kwtsms_bot.bridge.models import AlertBatch, AlertSeverity
from kwtsms_bot.bridge.routing import NoSmsReason
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_client import pages
from support.bridge import SAMPLES, form_request, multipart_request, sample
from support.bridge_bench import BRIDGE, PHONEBOOK, alert
from support.shell import CommandResult, run_in_process

CONFIG = """\
slack: {bot_token: xoxb-1, app_token: xapp-1}
kwtsms: {username: user, password: p, sender_id: SHOP}
phonebook:
  contacts:
    noura: +965 9876 5432
    fahad: {number: +965 5550 1001, language: ar}
    sara: +965 6612 3456
  groups: {lead: [sara]}
bridge:
  channel: C0123ALERT
  integrations:
    prometheus: {kind: alertmanager, token: kwb_aaaaaaaaaaaaaaaaaaaaaaaaaaaa}
    kuma: {kind: uptime-kuma, token: kwb_bbbbbbbbbbbbbbbbbbbbbbbbbbbb}
    scripts: {kind: native, token: kwb_cccccccccccccccccccccccccccc, may: [ops]}
    cron: {kind: native, token: kwb_dddddddddddddddddddddddddddd}
  receivers:
    ops:
      to: [noura, fahad]
      escalate: [{after: 5m, to: [lead]}]
    slack-only: {to: []}
  routes:
    - when: {severity: [warning, info]}
      to: slack-only
    - to: ops
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    """The name of a configuration with three integrations."""
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG)
    return str(file)


@pytest.fixture(autouse=True)
def _no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbids every socket."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)


def explain(kind: str, body: bytes | str, *words: str) -> CommandResult:
    """Runs `bridge explain` on a body."""
    stdin = body.encode() if isinstance(body, str) else body
    return run_in_process("bridge", "explain", "-", "--kind", kind, *words, stdin=stdin)


def test_a_group_is_one_text_for_everybody(config: str) -> None:
    """Route, people, escalation, text, pages and credits of the sample are shown."""
    file = str(SAMPLES / "alertmanager_firing.json")
    words = ("bridge", "explain", file, "--kind", "alertmanager", "--config", config, "--json")
    found = run_in_process(*words).json
    (incident,) = found["incidents"]
    texts = {one["text"]: [p["names"] for p in one["people"]] for one in found["texts"]}

    assert (incident["receiver"], incident["route"], incident["sms"]) == ("ops", 2, "due")
    assert (incident["alerts"], incident["firing"]) == (3, 2)
    assert [one["names"] for one in incident["people"]] == [["noura"], ["fahad"]]
    assert incident["escalation"][0]["after"] == "5m"
    assert list(texts.values()) == [[["noura"]], [["fahad"]]]
    latin, arabic = texts
    assert latin.startswith("CRIT /var on db01 is 96% full. Since 2 Nov")
    assert latin.endswith(f"+1 more. {SAMPLE_REF}")
    assert arabic.startswith("حرج: /var on db01")
    assert found["credits"] == sum(pages(one) for one in texts) == 2


def test_people_read_it_without_json(config: str) -> None:
    """People see the facts as lines, and masked numbers."""
    ran = explain("alertmanager", (SAMPLES / "alertmanager_firing.json").read_bytes(), "-c", config)

    assert ran.code == 0
    assert "Integration: prometheus (alertmanager)" in ran.out
    assert "Alerts:      3 (2 firing)" in ran.out
    assert "ops (by route 2)" in ran.out
    assert "noura 965•••••432, fahad 965•••••001" in ran.out
    assert "after 5m: sara 965•••••456" in ran.out
    assert "1 credit (1 page)" in ran.out
    assert "98765432" not in ran.out


def test_it_says_why_nobody_is_texted(config: str) -> None:
    """A resolved alert and one below the receiver's floor are shown in Slack only."""
    up = explain("uptime_kuma", json.dumps(sample("uptime_kuma_json_up")), "-c", config, "--json")
    low = '{"title": "Low disk", "severity": "warning"}'
    warning = explain("native", low, "-c", config, "--integration", "cron", "--json")

    assert [one["why"] for one in up.json["incidents"]] == ["resolved"]
    assert [one["why"] for one in warning.json["incidents"]] == ["below_sms_from"]
    assert (up.json["texts"], up.json["credits"]) == ([], 0)


def test_it_says_what_waits_at_night(config: str) -> None:
    """By day, too: what the receiver's night would do with it."""
    night = "      night: {hours: 00:00-00:01, after: 10m}\n      escalate:"
    Path(config).write_text(CONFIG.replace("      escalate:", night))
    error = explain("native", '{"title": "Disk"}', "-c", config, "--integration", "cron")
    critical = '{"title": "Disk", "severity": "critical"}'
    worst = explain("native", critical, "-c", config, "--integration", "cron")

    assert "00:00-00:01: waits until morning, or for 10m" in error.out
    assert "Night" not in worst.out


def test_it_says_until_when_an_alert_of_now_waits() -> None:
    """The end of the night is named with its date."""
    receiver = {"to": ["noura"], "night": {"hours": "22:00-07:00"}}
    bridge = BridgeSettings.model_validate(BRIDGE | {"receivers": {"ops": receiver}})
    target = Target("scripts", bridge, Phonebook.model_validate(PHONEBOOK))
    at = datetime(2026, 12, 2, 2, tzinfo=KUWAIT_TZ)
    (found,) = explained(AlertBatch((alert("disk"),)), target, at=at).incidents

    assert found.waits_until == at.replace(hour=7)


def test_it_says_what_another_alert_mutes() -> None:
    """The one that mutes it is in the same request."""
    rule = {"when": {"severity": "critical"}, "mutes": {"severity": "error"}, "equal": ["site"]}
    bridge = BridgeSettings.model_validate(BRIDGE | {"inhibit": [rule]})
    target = Target("scripts", bridge, Phonebook.model_validate(PHONEBOOK))
    alerts = (
        alert("site", labels={"site": "shuwaikh"}, severity=AlertSeverity.CRITICAL),
        alert("host", labels={"site": "shuwaikh"}),
        alert("else", labels={"site": "jahra"}),
    )
    found = explained(AlertBatch(alerts), target, at=datetime(2026, 12, 2, tzinfo=KUWAIT_TZ))

    assert [one.reason for one in found.incidents] == [None, NoSmsReason.INHIBITED, None]


def test_an_end_is_texted_if_the_receiver_wants_it(config: str) -> None:
    """With `resolved: sms`, the end of an alert is one text with its duration (scenario 5)."""
    file = Path(config)
    file.write_text(CONFIG.replace("to: [noura, fahad]", "to: [noura]\n      resolved: sms"))
    ran = explain("uptime-kuma", json.dumps(sample("uptime_kuma_json_up")), "-c", config, "--json")

    assert [one["text"] for one in ran.json["texts"]] == [
        f"OK Shop is up, after 17 min. {SAMPLE_REF}"
    ]


def test_a_body_may_name_a_receiver(config: str) -> None:
    """`to` counts where the integration allows it."""
    body = '{"title": "Low disk", "severity": "warning", "to": "ops"}'
    ran = explain("native", body, "-c", config, "--integration", "scripts", "--json")

    assert ran.json["incidents"][0]["receiver"] == "ops"
    assert ran.json["incidents"][0]["route"] is None


def test_many_alerts_are_one_text(config: str) -> None:
    """1,000 alerts of one body are one text with their number and kinds (scenario 7)."""
    entries = [
        {
            "status": "firing",
            "labels": {"alertname": name, "severity": "critical", "n": str(number)},
        }
        for name, count in (("HostDown", 700), ("LinkDown", 250), ("DiskFull", 50))
        for number in range(count)
    ]
    body = json.dumps({"alerts": entries, "groupKey": "{}", "truncatedAlerts": 5})
    found = explain("alertmanager", body, "-c", config, "--json").json

    assert len(found["incidents"]) == 1
    assert found["texts"][0]["text"].startswith("CRIT 1005 alerts since ")
    assert "HostDown x705, LinkDown x250, DiskFull x50" in found["texts"][0]["text"]
    assert found["credits"] == 2


def test_without_a_configuration_it_shows_the_text() -> None:
    """No configuration is needed to see what a phone would show."""
    ran = explain("grafana", json.dumps(sample("grafana")), "--json")

    assert ran.code == 0
    assert ran.json["integration"] is None
    assert ran.json["texts"][0]["text"].startswith("CRIT 5% of checkouts fail. Since 2 Nov")
    assert ran.json["credits"] == 1


def test_forms_are_recognised() -> None:
    """A form, with or without parts, needs no media type."""
    fields = {"title": "Backup failed", "message": "code 23", "type": "failure"}
    plain = explain("apprise", form_request(fields).body, "--json")
    parts = explain("apprise", multipart_request(fields, files=1).body, "--json")
    typed = explain("apprise", form_request(fields).body, "--content-type", "text/plain", "--json")

    assert plain.json["incidents"] == parts.json["incidents"]
    assert parts.json["attachments"] == 1
    assert typed.code == 2


@pytest.mark.parametrize(
    ("kind", "body", "words", "expected"),
    [
        ("grafana", '{"a": 1}', (), "Refused (unknown_shape): expected a list of alerts"),
        ("grafana", "{", (), "Refused (invalid_body): the body is not JSON"),
        ("zabix", "{}", (), "'zabix' is unknown. Use one of: alertmanager"),
        ("grafana", "{}", ("-c", "CONFIG"), "no integration of kind grafana"),
        ("native", "{}", ("-c", "CONFIG"), "use --integration scripts"),
        ("native", "{}", ("-c", "CONFIG", "--integration", "kuma"), "no integration kuma of kind"),
    ],
)
def test_what_cannot_be_explained_says_why(
    config: str, kind: str, body: str, words: tuple[str, ...], expected: str
) -> None:
    """A wrong body, kind or integration ends with code 2 and a remedy."""
    ran = explain(kind, body, *(config if word == "CONFIG" else word for word in words))

    assert ran.code == 2
    assert expected in ran.err


def test_a_file_that_is_not_there_is_named() -> None:
    """A missing file is an error with its name."""
    ran = run_in_process("bridge", "explain", "nowhere.json", "--kind", "native")

    assert ran.code == 2
    assert "nowhere.json can't be read" in ran.err


def test_a_token_is_new_each_time() -> None:
    """A token has 32 characters that need no escaping anywhere, and standard output has only it."""
    first, second = (run_in_process("bridge", "token") for _ in range(2))

    assert re.fullmatch(r"kwb_[a-z2-7]{28}\n", first.out)
    assert first.out != second.out
    assert "bridge.integrations" in first.err
    assert run_in_process("bridge", "token", "--json").json["token"].startswith("kwb_")
