"""A saved request is posted with the token where a tool of its kind has it."""

import hashlib
import hmac
import json

import pytest

from kwtsms_bot.bridge.hooks.addresses import hook_address
from kwtsms_bot.cli.bridge.credentials import authorization, with_credentials
from kwtsms_bot.cli.bridge.request_file import RecordedRequest

BASE, TOKEN = "http://127.0.0.1:8090", "kwb_secret"
URL = f"{BASE}/hooks/backups"
SAVED = RecordedRequest("POST", b'{"a": 1}', {"Content-Type": "application/json"})


def test_most_tools_have_a_header() -> None:
    """Apprise sends user and password, all others a Bearer token."""
    assert authorization("apprise", URL, TOKEN) == "Basic YmFja3Vwczprd2Jfc2VjcmV0"
    assert authorization("grafana", URL, TOKEN) == "Bearer kwb_secret"
    sent = with_credentials(SAVED, URL, kind="zabbix", token=TOKEN)
    assert sent.headers["Authorization"] == "Bearer kwb_secret"


@pytest.mark.parametrize(
    ("kind", "header", "prefix"),
    [("github", "X-Hub-Signature-256", "sha256="), ("sentry", "Sentry-Hook-Signature", "")],
)
def test_some_sign(kind: str, header: str, prefix: str) -> None:
    """The token is the secret of the signature, which replaces a saved one; it is not sent."""
    saved = RecordedRequest("POST", b"{}", {header.lower(): "sha256=<hex>"})
    sent = with_credentials(saved, URL, kind=kind, token=TOKEN)
    digits = hmac.new(TOKEN.encode(), b"{}", hashlib.sha256).hexdigest()

    assert dict(sent.headers) == {header: prefix + digits}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"routing_key": "old", "a": 1}', {"routing_key": TOKEN, "a": 1}),
        (b"[1]", [1]),
    ],
)
def test_pagerdutys_clients_have_it_in_the_body(body: bytes, expected: object) -> None:
    """An event gets the token as its routing key; what is no event stays as it is."""
    url = hook_address(BASE, "pagerduty", name="events", url_token=None)
    saved = RecordedRequest("POST", body, {})
    sent = with_credentials(saved, url, kind="pagerduty", token=TOKEN)

    assert url == f"{BASE}/v2/enqueue"
    assert (json.loads(sent.body), dict(sent.headers)) == (expected, {})
    assert with_credentials(RecordedRequest("POST", b"{", {}), url, kind="x", token="").body == b"{"


@pytest.mark.parametrize("kind", ["prtg", "sns"])
def test_some_have_it_in_the_address(kind: str) -> None:
    """A token in the address needs no header."""
    url = hook_address(BASE, kind, name="switches", url_token=TOKEN)
    without = hook_address(BASE, kind, name="switches", url_token=None)

    assert (url, without) == (f"{BASE}/hooks/switches/{TOKEN}", f"{BASE}/hooks/switches")
    assert with_credentials(SAVED, url, kind=kind, token=TOKEN) == SAVED
