"""Routes lead each alert to one receiver, and say why it is not texted."""

from typing import Any

import pytest

from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus, Incoming
from kwtsms_bot.bridge.routing import (
    AlertRecipient,
    NoSmsReason,
    RouteMatch,
    match_route,
    no_sms_reason,
    people,
    severity_of,
)
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.config.bridge_receivers import ReceiverSettings
from kwtsms_bot.config.phonebook import Phonebook

TOKEN = "kwb_" + "a" * 28
NOURA, FAHAD = "96598765432", "96555501001"
PHONEBOOK = Phonebook.model_validate(
    {
        "contacts": {
            "noura": f"+{NOURA}",
            "fahad": {"number": f"+{FAHAD}", "slack": "U0123ABCE", "language": "ar"},
            "duty": f"+{NOURA}",
        },
        "groups": {"lead": ["fahad", "noura"]},
    }
)


def bridge(routes: list[dict[str, Any]], **integration: Any) -> BridgeSettings:
    """A bridge with two receivers and these routes."""
    return BridgeSettings.model_validate(
        {
            "channel": "C0123ABCE",
            "integrations": {
                "prometheus": {"kind": "alertmanager", "token": TOKEN, **integration},
                "scripts": {"kind": "native", "token": TOKEN + "b"},
            },
            "receivers": {"ops": {"to": ["noura"]}, "quiet": {"to": []}},
            "routes": routes,
        }
    )


def alert(**fields: Any) -> Incoming:
    """An alert that fires on db01 in Shuwaikh."""
    given: dict[str, Any] = {
        "key": "1",
        "status": AlertStatus.FIRING,
        "title": "Disk full",
        "severity": AlertSeverity.CRITICAL,
        "where": "db01",
        "labels": {"site": "shuwaikh-2", "team": "storage"},
    }
    return Incoming(**given | fields)


LAST = {"to": "quiet"}
OPS, QUIET = RouteMatch("ops", 1), RouteMatch("quiet", 2)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"severity": "critical"}, OPS),
        ({"severity": ["error", "critical"]}, OPS),
        ({"severity": "error"}, QUIET),
        ({"integration": "prometheus"}, OPS),
        ({"integration": "scripts"}, QUIET),
        ({"integration": "prom*"}, OPS),
        ({"site": "shuwaikh*"}, OPS),
        ({"site": "*-2"}, OPS),
        ({"site": "s*2"}, OPS),
        ({"site": "shuwaikh"}, QUIET),
        ({"site": "*"}, OPS),
        ({"rack": "*"}, QUIET),
        ({"title": "Disk*"}, OPS),
        ({"where": "db01", "status": "firing"}, OPS),
        ({"where": "db01", "status": "resolved"}, QUIET),
    ],
)
def test_all_conditions_must_match(when: dict[str, Any], expected: RouteMatch) -> None:
    """A value matches exactly, or by one star; a list matches by one of its values."""
    settings = bridge([{"when": when, "to": "ops"}, LAST])

    assert match_route(alert(), "prometheus", settings) == expected


@pytest.mark.parametrize(
    ("excluded", "receiver"),
    [({"team": "storage"}, "quiet"), ({"team": "network"}, "ops"), ({"rack": "*"}, "ops")],
)
def test_not_excludes(excluded: dict[str, str], receiver: str) -> None:
    """`not` takes the same conditions, and excludes what they match."""
    settings = bridge([{"when": {"site": "*"}, "not": excluded, "to": "ops"}, LAST])

    assert match_route(alert(), "prometheus", settings).receiver == receiver


def test_the_first_match_counts() -> None:
    """Routes are asked in order, and only one of them counts."""
    settings = bridge(
        [{"when": {"site": "*"}, "to": "ops"}, {"when": {"team": "*"}, "to": "quiet"}, LAST]
    )

    assert match_route(alert(), "prometheus", settings) == RouteMatch("ops", 1)


def test_a_label_cannot_replace_a_fact() -> None:
    """A label named `integration` or `title` changes no route."""
    forged = alert(labels={"integration": "scripts", "title": "other", "severity": "info"})
    settings = bridge([{"when": {"integration": "scripts"}, "to": "ops"}, LAST])

    assert match_route(forged, "prometheus", settings).receiver == "quiet"


def test_the_only_receiver_gets_everything() -> None:
    """Without routes, the only receiver gets every alert (the smallest configuration)."""
    settings = BridgeSettings.model_validate(
        {
            "channel": "C0123ABCE",
            "integrations": {"kuma": {"kind": "uptime-kuma", "token": TOKEN}},
            "receivers": {"me": {"to": ["noura"]}},
        }
    )

    assert match_route(alert(), "kuma", settings) == RouteMatch("me", None)


def test_a_body_names_only_receivers_that_it_may() -> None:
    """`to` in a body counts if the integration allows it; otherwise the routes decide."""
    allowed = bridge([LAST], may=["ops"])

    assert match_route(alert(receiver="ops"), "prometheus", allowed) == RouteMatch(
        "ops", None, named=True
    )
    assert match_route(alert(receiver="ops"), "scripts", allowed) == RouteMatch("quiet", 1)


@pytest.mark.parametrize(
    ("own", "default", "expected"),
    [
        (None, "error", AlertSeverity.ERROR),
        (None, "critical", AlertSeverity.CRITICAL),
        (AlertSeverity.NONE, "error", AlertSeverity.NONE),
        (AlertSeverity.INFO, "critical", AlertSeverity.INFO),
    ],
)
def test_an_alert_without_a_severity_has_the_integrations(
    own: AlertSeverity | None, default: str, expected: AlertSeverity
) -> None:
    """A fresh integration rings; `severity: none` is a severity of its own (7.13.1)."""
    settings = bridge([LAST], severity=default)

    assert severity_of(alert(severity=own), settings.integrations["prometheus"]) is expected


def test_people_are_phones() -> None:
    """Groups are resolved, and two contacts with one number are one person."""
    assert people(["duty", "lead"], PHONEBOOK, "auto") == (
        AlertRecipient(("duty", "noura"), NOURA, "auto"),
        AlertRecipient(("fahad",), FAHAD, "ar"),
    )


@pytest.mark.parametrize(
    ("fields", "receiver", "reason"),
    [
        ({}, {}, None),
        ({"severity": AlertSeverity.WARNING}, {}, NoSmsReason.BELOW_SMS_FROM),
        ({"severity": AlertSeverity.WARNING}, {"sms_from": "warning"}, None),
        ({"severity": AlertSeverity.NONE}, {"sms_from": "info"}, NoSmsReason.BELOW_SMS_FROM),
        ({}, {"to": []}, NoSmsReason.NOBODY),
        ({"repeat": True}, {}, NoSmsReason.REPEAT),
        ({"status": AlertStatus.RESOLVED}, {}, NoSmsReason.RESOLVED),
        ({"status": AlertStatus.RESOLVED}, {"resolved": "sms"}, None),
        ({"status": AlertStatus.ACKNOWLEDGED}, {}, NoSmsReason.ACKNOWLEDGED),
        ({"status": AlertStatus.NOTE}, {}, NoSmsReason.NOTE),
    ],
)
def test_each_alert_says_why_it_is_not_texted(
    fields: dict[str, Any], receiver: dict[str, Any], reason: NoSmsReason | None
) -> None:
    """The receiver's floor, the alert's own status and an empty receiver are the reasons."""
    one = alert(**fields)
    settings = ReceiverSettings.model_validate({"to": ["noura"], **receiver})

    assert no_sms_reason([one], one.severity or AlertSeverity.NONE, settings) is reason
