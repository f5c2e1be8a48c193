"""Puts the token of an integration where a tool of its kind has it. Pure."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from kwtsms_bot.bridge.hooks.addresses import EVENTS_PATH
from kwtsms_bot.bridge.hooks.signatures import sign
from kwtsms_bot.cli.bridge.request_file import RecordedRequest
from kwtsms_bot.config.bridge_integrations import TOKENLESS_KINDS


def with_credentials(
    request: RecordedRequest, url: str, *, kind: str, token: str
) -> RecordedRequest:
    """Returns the request as its tool would send it to this address."""
    path = urlsplit(url).path.rstrip("/")
    if path.endswith(EVENTS_PATH):
        return replace(request, body=_with_routing_key(request.body, token))
    if kind in TOKENLESS_KINDS:
        return _with_headers(request, sign(kind, token, request.body))
    if path.endswith(f"/{token}"):
        return request
    return _with_headers(request, {"Authorization": authorization(kind, url, token)})


def authorization(kind: str, url: str, token: str) -> str:
    """Returns the header: Apprise has user and password, where the user is the integration."""
    if kind != "apprise":
        return f"Bearer {token}"
    name = url.rstrip("/").rpartition("/")[2]
    return "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()


def _with_headers(request: RecordedRequest, headers: Mapping[str, str]) -> RecordedRequest:
    """Returns the request with these headers in place of saved ones of the same names."""
    names = {name.lower() for name in headers}
    kept = {name: value for name, value in request.headers.items() if name.lower() not in names}
    return replace(request, headers={**kept, **headers})


def _with_routing_key(body: bytes, token: str) -> bytes:
    """Returns an event with the token; a body that is no event stays as it is."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(event, dict):
        return body
    return json.dumps(event | {"routing_key": token}, ensure_ascii=False).encode()
