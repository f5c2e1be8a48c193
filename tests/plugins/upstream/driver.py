"""Apprise's own generic tests, applied to our plugins. test_upstream.py runs them for each version.

`helpers` and `test_api` are Apprise's, from its source distribution.
"""

import json
from typing import Any

import pytest
import requests
import test_api
from apprise import Apprise, NotificationManager
from helpers import AppriseURLTester

import apprise_kwtsms
from apprise_kwtsms import NotifyKwtSMS, NotifyKwtSMSBridge
from apprise_kwtsms.bridge_plugin import KNOWS_SECURE_SCHEMA

try:
    from apprise.exception import AppriseImproperlyConfigured
except ImportError:  # Before 2.0.
    AppriseImproperlyConfigured = TypeError

ACCEPTED = json.dumps({"result": "OK", "msg-id": "f4c8", "numbers": 1, "balance-after": 9}).encode()
REFUSED = json.dumps({"result": "ERROR", "code": "ERR003", "description": "no"}).encode()
OK: dict[str, Any] = {"instance": NotifyKwtSMS, "requests_response_text": ACCEPTED}
BAD: dict[str, Any] = {**OK, "response": False}

URLS: list[tuple[str, dict[str, Any]]] = [
    ("kwtsms://", {"instance": AppriseImproperlyConfigured}),
    ("kwtsms://:@/", {"instance": AppriseImproperlyConfigured}),
    ("kwtsms://user@SENDER/96598765432", {"instance": AppriseImproperlyConfigured}),
    ("kwtsms://user:pass@SENDER-TOO-LONG/1", {"instance": AppriseImproperlyConfigured}),
    ("kwtsms://user:pass@SENDER/", {**BAD, "notify_response": False}),
    ("kwtsms://user:pass@SENDER/123", {**BAD, "notify_response": False}),
    ("kwtsms://user:pass@SENDER/96598765432", {**OK, "privacy_url": "kwtsms://user:****@SENDER/"}),
    ("kwtsms://user:pass@SENDER/+96598765432/96551234567?batch=no", OK),
    ("kwtsms://user:pass@SENDER/?to=96598765432,98765433", OK),
    ("kwtsms://user:pass@98765432/?from=SENDER", OK),
    ("kwtsms://_?user=user&pass=pass&from=SENDER&to=96598765432", OK),
    ("kwtsms://user:pass@SENDER/98765432?test=yes&country=965", OK),
    ("kwtsms://user:pass@SENDER/98765432?format=html", OK),
    ("kwtsms://user:pass@SENDER/98765432", {**BAD, "requests_response_text": REFUSED}),
    ("kwtsms://user:pass@SENDER/98765432", {**BAD, "requests_response_text": b"not json"}),
    (
        "kwtsms://user:pass@SENDER/98765432",
        {**BAD, "code": requests.codes.internal_server_error, "requests_response_text": b""},
    ),
    ("kwtsms://user:pass@SENDER/98765432", {**BAD, "test_requests_exceptions": True}),
]

STORED = json.dumps({"ok": True, "alerts": [{"ref": "A7F3K", "outcome": "new"}]}).encode()
POSTED: dict[str, Any] = {"instance": NotifyKwtSMSBridge, "requests_response_text": STORED}
LOST: dict[str, Any] = {**POSTED, "response": False}
BRIDGE = "kwtsmsbridge://backups:kwb_token@localhost"
PRIVATE = {**POSTED, "privacy_url": "kwtsmsbridge://backups:****@localhost"}
SECURE_URLS: list[tuple[str, dict[str, Any]]] = [
    ("kwtsmsbridges://backups:kwb_token@alerts.example.com", POSTED),
    ("kwtsmsbridges://backups:kwb_token@alerts.example.com:443/ops", POSTED),
]
BRIDGE_URLS: list[tuple[str, dict[str, Any]]] = [
    *(
        (url, {"instance": AppriseImproperlyConfigured})
        for url in (
            "kwtsmsbridge://localhost",
            "kwtsmsbridge://backups@localhost",
            f"{BRIDGE}/one/two",
            f"{BRIDGE}?severity=loud",
            f"{BRIDGE}?status=over",
            f"{BRIDGE}?status=resolved",
        )
    ),
    ("kwtsmsbridge://", {"instance": None}),
    ("kwtsmsbridge://:@/", {"instance": None}),
    (BRIDGE, PRIVATE),
    (f"{BRIDGE}:8090/ops", PRIVATE),
    (f"{BRIDGE}?https=yes", POSTED),
    *(SECURE_URLS if KNOWS_SECURE_SCHEMA else ()),
    (f"{BRIDGE}?severity=critical&key=backup&:site=shuwaikh", POSTED),
    (f"{BRIDGE}?status=resolved&key=backup", POSTED),
    (f"{BRIDGE}?format=html", POSTED),
    (BRIDGE, {**LOST, "code": 401, "requests_response_text": b'{"ok": false}'}),
    (BRIDGE, {**LOST, "code": 503, "requests_response_text": b'{"ok": false}'}),
    (BRIDGE, {**LOST, "code": requests.codes.internal_server_error}),
    (BRIDGE, {**LOST, "requests_response_text": b"<html>log in</html>"}),
    (BRIDGE, {**LOST, "requests_response_text": b"{}"}),
    (BRIDGE, {**LOST, "test_requests_exceptions": True}),
]


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers the plugins and disables their waits, as Apprise's tests do for their plugins."""
    assert apprise_kwtsms.register()
    monkeypatch.setattr(NotifyKwtSMS, "request_rate_per_sec", 0)
    monkeypatch.setattr(NotifyKwtSMS, "seconds_between_parts", 0)


@pytest.mark.parametrize("case", [*URLS, *BRIDGE_URLS], ids=lambda case: case[0])
def test_urls(case: tuple[str, dict[str, Any]]) -> None:
    """Each plugin passes the URL tester that each of Apprise's plugins passes."""
    AppriseURLTester(tests=(case,)).run_all()


def test_each_try_has_the_key_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """`retry=3`, or a caller before Apprise 1.11, repeats the key: the bot texts once."""
    keys: list[str] = []

    def post(_: str, *, headers: dict[str, str], **__: Any) -> requests.Response:
        keys.append(headers["Idempotency-Key"])
        if len(keys) < 3:
            raise requests.exceptions.ReadTimeout
        response = requests.Response()
        response.status_code, response._content = 200, STORED
        return response

    monkeypatch.setattr(requests, "post", post)
    service = Apprise()
    assert service.add(f"{BRIDGE}?retry=3")

    assert any(service.notify("Disk full") for _ in range(3))
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert service.notify("Disk full")
    assert len(set(keys)) == 2


def test_details() -> None:
    """The plugins' descriptions pass Apprise's check of all plugins."""
    assert {"kwtsms", "kwtsmsbridge", "kwtsmsbridges"} <= set(NotificationManager().schemas())
    test_api.test_apprise_details_plugin_verification()


@pytest.mark.skipif(
    not hasattr(test_api, "test_apprise_details_plugin_raw_template_tokens"),
    reason="this Apprise has no such test",
)
def test_raw_tokens() -> None:
    """The plugins pass Apprise's check of the raw tokens."""
    test_api.test_apprise_details_plugin_raw_template_tokens()
