"""The section `bridge` of config.yaml: the values that are read, and the ones that are refused."""

import subprocess
import sys

import pytest

from kwtsms_bot.bridge.integrations.table import PARSERS
from kwtsms_bot.config import Config, ConfigurationProblems, parse
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.config.bridge_fields import IntegrationKind
from kwtsms_bot.config.phonebook import Phonebook

BASE = """\
slack: {bot_token: xoxb-1, app_token: xapp-1}
kwtsms: {username: user, password: p, sender_id: SHOP}
phonebook:
  contacts:
    noura: +965 9876 5432
    fahad: {number: "55501001", slack: U0123ABCE, language: ar}
  groups: {lead: [noura], managers: [fahad]}
"""
TOKENS = {"KUMA_TOKEN": "kwb_" + "a" * 28, "PROMETHEUS_TOKEN": "kwb_" + "b" * 28}
SMALLEST = """\
bridge:
  channel: C0123ALERT
  integrations:
    kuma:
      kind: uptime-kuma
      token: ${KUMA_TOKEN}
  receivers:
    me:
      to: [noura]          # the only receiver gets everything
"""
TYPICAL = """\
bridge:
  listen: 0.0.0.0:8090
  url: https://alerts.example.com
  channel: C0123ALERT
  sender_id: OPS-ALERT
  integrations:
    prometheus:
      kind: alertmanager
      token: ${PROMETHEUS_TOKEN}
    kuma:
      kind: uptime-kuma
      token: ["${KUMA_TOKEN}", old-token-of-kuma-2025]
  receivers:
    ops:
      to: [noura, fahad]
      escalate:            # counted from the alert
        - {after: 5m, to: [lead]}
        - {after: 15m, to: [managers]}
    slack-only:
      to: []
  routes:
    - when: {severity: [warning, info]}
      to: slack-only
    - to: ops
"""
A = "integrations: {a: {kind: native, token: token-of-a-1234567890}}"
ONE = "receivers: {r: {to: [noura]}}"
TWO = "receivers: {r: {to: [noura]}, s: {to: [fahad]}}"


def read(text: str) -> Config:
    """The configuration with this section."""
    return parse(BASE + text, "config.yaml", TOKENS)


def problems(section: str) -> str:
    """All problems of a configuration with this section, one a line."""
    with pytest.raises(ConfigurationProblems) as caught:
        read(f"bridge: {{{section}}}")
    return str(caught.value)


def test_the_smallest_section_is_enough() -> None:
    """Seven lines are a bridge; the severity of what names none is error."""
    bridge = read(SMALLEST).bridge

    assert bridge
    assert bridge.integrations["kuma"].severity == "error"
    assert bridge.receivers["me"].sms_from == "error"
    assert (bridge.credits_per_day, bridge.listen) == (500, "127.0.0.1:8090")


def test_a_typical_section_is_read() -> None:
    """Routes, steps and a second token are read."""
    bridge = read(TYPICAL).bridge

    assert bridge
    assert len(bridge.integrations["kuma"].token) == 2
    assert bridge.routes[0].when == {"severity": ("warning", "info")}
    assert bridge.receivers["ops"].names == ("noura", "fahad", "lead", "managers")


def test_contacts_may_have_a_slack_user() -> None:
    """A contact is a number, or a number and who it is; local numbers are completed in both."""
    contacts = read("").phonebook.contacts

    assert contacts["noura"].number == "96598765432"
    assert (contacts["fahad"].number, contacts["fahad"].slack) == ("96555501001", "U0123ABCE")
    assert read("").phonebook.numbers("managers") == ("96555501001",)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("integrations: {a: {kind: native, tokn: x}}", "integrations.a.tokn: unknown key. Did you"),
        ("integrations: {a: {kind: zabix, token: 12345678}}", "a.kind: expected 'alertmanager'"),
        ("integrations: {a: {kind: native, token: short}}", "expected at least 8 letters"),
        ("integrations: {a: {kind: native, token: []}}", "expected one token, or two"),
        (f"{A}, receivers: {{}}", "bridge.receivers: expected at least one"),
        (f"{A}, receivers: {{r: {{to: []}}}}", "r.to: it reaches nobody and has no channel"),
        (f"{A}, receivers: {{r: {{to: [nora]}}}}", "r.to: there is no contact or group 'nora'"),
        (f"{A}, {TWO}", "bridge.routes: expected, since there are several receivers"),
        (f"{A}, {ONE}, routes: [{{to: x}}]", "routes[0].to: there is no receiver 'x'"),
        (f"{A}, {ONE}, routes: [{{when: {{a: b}}, to: r}}]", "the last route must match all"),
        (f"{A}, {ONE}, routes: [{{to: r}}, {{to: r}}]", "routes[0]: it matches all, so"),
        (
            f"{A}, {ONE}, routes: [{{when: {{severity: hgih}}, to: r}}, {{to: r}}]",
            "routes[0].when.severity: there is no severity 'hgih'",
        ),
        (
            f"{A}, {ONE}, routes: [{{not: {{integration: b}}, to: r}}, {{to: r}}]",
            "routes[0].not.integration: there is no integration 'b'; known: a",
        ),
        (
            f"{A}, {ONE}, routes: [{{when: {{site: 'a*b*'}}, to: r}}, {{to: r}}]",
            "expected at most one * in it",
        ),
        (
            f"{A}, {ONE}, routes: [{{when: {{site: 5}}, to: r}}, {{to: r}}]",
            "routes[0].when.site: expected text (put it in quotes)",
        ),
        (
            "integrations: {a: {kind: native, token: same-token}, b: {kind: apprise, token: "
            "[other-token, same-token]}}",
            "integrations.b.token: another integration or application has the same token",
        ),
        (
            "integrations: {a: {kind: native, token: same-token, may: [x]}}",
            "a.may: there is no receiver 'x'",
        ),
        (
            "integrations: {a: {kind: native, token: same-token, hmac: secret-key}}",
            "a.hmac: only these kinds have a secret for it: github, grafana, sentry, netdata",
        ),
        ("integrations: {a: {kind: native}}", "a.token: expected one; see kwtsms-bridge"),
        ("integrations: {a: {kind: github}}", "a.token: expected one or hmac"),
        (
            "integrations: {a: {kind: native, token: same-token, branches: [main]}}",
            "a.branches: only kind github has it",
        ),
        (
            "integrations: {a: {kind: sns, token: same-token}}",
            "a.topics: expected the ARN of at least one topic",
        ),
        (
            "integrations: {a: {kind: sns, token: same-token, topics: [alarms]}}",
            "a.topics[0]: expected the ARN of a topic such as arn:aws:sns:",
        ),
        (
            "integrations: {a: {kind: sns, token: same-token, certificate: PEM, topics: "
            "['arn:aws:sns:me-south-1:123456789012:alarms']}}",
            "a.certificate: expected a certificate that begins with",
        ),
        (
            "integrations: {a: {kind: grafana, token: same-token, timestamp_header: X-T}}",
            "a.timestamp_header: it needs hmac",
        ),
        (
            "receivers: {r: {to: [noura], escalate: [{after: 5m, to: [lead]}, {after: 5m, "
            "to: [lead]}]}}",
            "r.escalate: step 2 is not later than the one before",
        ),
        (
            "receivers: {r: {to: [noura], escalate: [{after: 10:00, to: [lead]}]}}",
            'escalate[0].after: expected a time such as 30s, 15m, 24h or 7d, got "10:00"',
        ),
        (
            "receivers: {r: {to: [noura], escalate: [{after: 600, to: [lead]}]}}",
            'escalate[0].after: expected a time such as 30s, 15m, 24h or 7d, got "600"',
        ),
        ("receivers: {r: {to: [noura], pages: 3}}", "r.pages: expected less than or equal to 2"),
        ("receivers: {R: {to: [noura]}}", "bridge.receivers.R"),
        (
            "integrations: {a: {kind: native, token: same-token, expect: 30s}}",
            "a.expect: expected at least 1m",
        ),
        (f"{A}, {ONE}, drill: {{at: Sun 10:00, receiver: x}}", "drill.receiver: there is no"),
        (
            f"{A}, {ONE}, drill: {{at: Sunday 10, receiver: r}}",
            "drill.at: expected a day and a time of day such as Sun 10:00",
        ),
        (
            f"{A}, {ONE}, drill: {{at: sun 10:00, receiver: r, within: 2h}}",
            "drill.within: expected a time between 2m and 1h",
        ),
        (
            f"{A}, channel: C0123ABCD, receivers: {{r: {{to: []}}}}, "
            "drill: {at: Sun 10:00, receiver: r}",
            "drill.receiver: nobody is texted first by it",
        ),
    ],
)
def test_a_wrong_section_is_refused_with_its_key(section: str, expected: str) -> None:
    """Each mistake is named by its key, and says what to write instead."""
    assert expected in problems(section)


def test_all_wrong_names_are_reported_at_once() -> None:
    """One run reports every unknown name."""
    found = problems(f"{A}, receivers: {{r: {{to: [x, y]}}, s: {{to: [z]}}}}, routes: [{{to: r}}]")

    assert [name for name in "xyz" if f"no contact or group '{name}'" in found] == list("xyz")


def test_no_token_is_shown() -> None:
    """Neither a problem nor the text of a configuration has a token in it."""
    wrong = "integrations: {a: {kind: native, token: 'very secret token'}}"
    config = read(TYPICAL)

    assert "secret" not in problems(wrong)
    assert "old-token" not in repr(config) + str(config)
    assert TOKENS["KUMA_TOKEN"] not in repr(config)


def test_warnings_name_what_is_probably_not_meant() -> None:
    """A shared sender ID and a short token are allowed, and warned about."""
    text = SMALLEST.replace("${KUMA_TOKEN}", "abcd1234") + "  sender_id: KWT-SMS\n"
    found = "\n".join(read(text).warnings())

    assert "bridge.sender_id: alerts would come from KWT-SMS" in found
    assert "bridge.integrations.kuma.token: the token is short enough" in found
    assert "bridge." not in "\n".join(read(SMALLEST).warnings())


def test_every_kind_has_a_parser() -> None:
    """The kinds of config.yaml are those of the table of parsers."""
    assert tuple(PARSERS) == IntegrationKind.__args__  # type: ignore[attr-defined]


def test_without_the_section_nothing_is_imported() -> None:
    """A bot without `bridge:` loads its configuration and components, and no module of it."""
    script = (
        "import sys\n"
        "from kwtsms_bot.config import parse\n"
        "import kwtsms_bot.service.components, kwtsms_bot.service.lifecycle\n"
        f"assert parse({BASE!r}, 'config.yaml', {{}}).bridge is None\n"
        "sys.exit(', '.join(one for one in sys.modules if one.startswith('kwtsms_bot.bridge')))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )

    assert ran.stderr.strip() == ""


def test_an_empty_section_is_none() -> None:
    """`bridge:` with nothing below it is no bridge."""
    assert read("bridge:\n").bridge is None
    assert BridgeSettings().integrations == {}


@pytest.mark.parametrize(("countries", "refused"), [(["965"], True), (["965", "966"], False)])
def test_a_receivers_number_is_of_an_allowed_country(
    countries: list[str], *, refused: bool
) -> None:
    """A number abroad gets no alert unless `limits.countries` allows it."""
    bridge = BridgeSettings.model_validate(
        {"channel": "C0123ALERT", "receivers": {"ops": {"to": ["abroad"]}}}
    )
    phonebook = Phonebook.model_validate({"contacts": {"abroad": "+966501234567"}})
    found = [text for _, text in bridge.phonebook_faults(phonebook, countries)]

    assert found == (["'abroad' has a number of +966; allow it in limits.countries"] * refused)
