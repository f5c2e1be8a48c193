"""Requests of other tools for the tests of the bridge, from the samples in data/bridge."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.integrations.table import PARSERS
from kwtsms_bot.bridge.models import AlertBatch, RefusalReason, WebhookRefused

SAMPLES = Path(__file__).parents[1] / "data" / "bridge"
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


def sample(name: str) -> dict[str, Any]:
    """One sample, without the remarks whose keys begin with `_`."""
    read: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))
    return {key: value for key, value in read.items() if not key.startswith("_")}


def json_request(body: object) -> WebhookRequest:
    """A request with a JSON body."""
    return WebhookRequest(json.dumps(body).encode(), {"Content-Type": JSON_TYPE})


def form_request(fields: dict[str, str]) -> WebhookRequest:
    """A request with a form as its body."""
    return WebhookRequest(urlencode(fields).encode(), {"Content-Type": FORM_TYPE})


def multipart_request(fields: dict[str, str], files: int = 0) -> WebhookRequest:
    """A request with a form in parts, as Uptime Kuma and Apprise send it."""
    parts = [
        f'--b0undary\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts += [
        f'--b0undary\r\nContent-Disposition: form-data; name="file0{number}"; filename="a.png"\r\n'
        "Content-Type: image/png\r\n\r\n\x89PNG\r\n"
        for number in range(files)
    ]
    body = "".join([*parts, "--b0undary--\r\n"]).encode()
    return WebhookRequest(body, {"Content-Type": "multipart/form-data; boundary=b0undary"})


def parse(kind: str, request: WebhookRequest, options: ParseOptions | None = None) -> AlertBatch:
    """Reads a request as an integration of this kind does."""
    return PARSERS[kind](request, options or ParseOptions())


def refusal(kind: str, request: WebhookRequest) -> RefusalReason | None:
    """The reason why a request is refused; None if it is accepted."""
    try:
        parse(kind, request)
    except WebhookRefused as refused:
        return refused.reason
    return None
