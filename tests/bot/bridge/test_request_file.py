"""A saved request is posted as the tool would: remarks become headers, forms and methods."""

import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from kwtsms_bot.bridge.integrations.table import PARSERS
from kwtsms_bot.cli.bridge.request_file import read_request, to_request
from support.bridge import SAMPLES, parse

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "content", [b'{"title": "a",  "b": [1]}', b"title=a&b=c", b"[1]", b"{", b"\xff\x00"]
)
def test_a_plain_body_is_not_changed(content: bytes) -> None:
    """Without remarks, the bytes are the body."""
    request = to_request(content)

    assert (request.method, request.body) == ("POST", content)


def test_remarks_are_no_part_of_the_body() -> None:
    """Keys that begin with an underscore are left out, and headers and method follow them."""
    content = {
        "_note": "typed by hand",
        "_method": "PUT",
        "_headers": {"X-Time": "12", "content-type": "text/json"},
        "title": "a",
    }
    request = to_request(json.dumps(content).encode())

    assert (request.method, json.loads(request.body)) == ("PUT", {"title": "a"})
    assert dict(request.headers) == {"Content-Type": "text/json", "X-Time": "12"}


def test_saved_credentials_are_never_sent() -> None:
    """Tokens of the file, and headers that can't be sent, are left out."""
    headers = {"Authorization": "Bearer TOKEN", "X-Api-Key": "k", "Host": "h", "X-A": "a\r\nb: c"}
    request = to_request(json.dumps({"_headers": headers, "title": "a"}).encode())

    assert set(request.headers) == {"Content-Type"}


def test_fields_become_a_form() -> None:
    """Apprise's form:// posts its fields as a form."""
    request = read_request(str(SAMPLES / "apprise_form.json"))

    assert request.headers["Content-Type"] == FORM
    assert parse_qs(request.body.decode())["title"] == ["Backup failed"]


def test_fields_of_a_get_are_its_query() -> None:
    """Uptime Kuma can send its parts in the address."""
    content = {"_method": "GET", "_fields": {"msg": "Testing", "monitor": "", "heartbeat": ""}}
    request = to_request(json.dumps(content).encode())
    (alert,) = parse("uptime-kuma", request.as_webhook()).alerts

    assert alert.test
    assert (request.method, request.query["msg"]) == ("GET", "Testing")


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.json")), ids=lambda file: file.stem)
def test_every_sample_is_a_request(file: Path) -> None:
    """Each saved sample is read by the kind that it is of; native reads the others."""
    kind = next((one for one in PARSERS if file.stem.startswith(one.replace("-", "_"))), "native")
    batch = parse(kind, read_request(str(file)).as_webhook())

    assert batch.alerts or batch.ignored
