"""Apprise's own generic tests, applied to our plugin. test_upstream.py runs them for each version.

`helpers` and `test_api` are Apprise's, from its source distribution.
"""

import json
from typing import Any

import pytest
import requests
import test_api
from apprise import NotificationManager
from helpers import AppriseURLTester

import apprise_kwtsms
from apprise_kwtsms import NotifyKwtSMS

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


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers the plugin and disables its waits, as Apprise's tests do for their plugins."""
    assert apprise_kwtsms.register()
    monkeypatch.setattr(NotifyKwtSMS, "request_rate_per_sec", 0)
    monkeypatch.setattr(NotifyKwtSMS, "seconds_between_parts", 0)


@pytest.mark.parametrize("case", URLS, ids=lambda case: case[0])
def test_urls(case: tuple[str, dict[str, Any]]) -> None:
    """The plugin passes the URL tester that each of Apprise's plugins passes."""
    AppriseURLTester(tests=(case,)).run_all()


def test_details() -> None:
    """The plugin's description passes Apprise's check of all plugins."""
    assert "kwtsms" in NotificationManager()
    test_api.test_apprise_details_plugin_verification()


@pytest.mark.skipif(
    not hasattr(test_api, "test_apprise_details_plugin_raw_template_tokens"),
    reason="this Apprise has no such test",
)
def test_raw_tokens() -> None:
    """The plugin passes Apprise's check of the raw tokens."""
    test_api.test_apprise_details_plugin_raw_template_tokens()
