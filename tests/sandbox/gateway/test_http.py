"""The gateway's rules for HTTP: method, address, content type, body."""

import asyncio
import gzip
import json
from urllib.parse import urlencode

import pytest

from kwtsms_sandbox.gateway import Gateway, RunningGateway
from support.gateway import KUWAIT, Caller


async def test_get_is_refused(caller: Caller, gateway: Gateway) -> None:
    """GET is refused, since credentials do not belong in addresses."""
    answer = await caller.http.get(f"{caller.running.base_url}balance/")

    assert answer.status_code == 405
    assert gateway.requests[0].outcome == "405"


@pytest.mark.parametrize("path", ["API/report/", "API/nothing/", "API/send", "", "api/send/"])
async def test_unknown_addresses(caller: Caller, path: str) -> None:
    """Unknown addresses are an HTML 404: /report/ does not exist, the final slash is required."""
    answer = await caller.http.post(f"{caller.running.url}/{path}", json={})

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


SEND = {
    "username": "demo",
    "password": "demo-password",
    "sender": "MY-APP",
    "mobile": KUWAIT,
    "message": "hello",
}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", json.dumps(SEND)),
        ("application/x-www-form-urlencoded", urlencode(SEND)),  # The commonest mistake.
        ("", json.dumps(SEND)),
    ],
)
async def test_another_content_type(caller: Caller, gateway: Gateway, kind: str, body: str) -> None:
    """The old text API answers with a bare word on 200, and nothing is sent."""
    answer = await caller.http.post(
        f"{caller.running.base_url}send/", content=body, headers={"Content-Type": kind}
    )

    assert (answer.status_code, answer.text) == (200, "ERR002")
    assert answer.headers["content-type"].startswith("text/plain")
    assert gateway.ledger == []


DEEP = b'{"a":' + b"[" * 50 + b"]" * 50 + b"}"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 50_000, DEEP])
async def test_a_body_that_is_no_object(caller: Caller, body: bytes) -> None:
    """A body that is not an object is ERR002, since all fields are missing."""
    answer = await caller.http.post(
        f"{caller.running.base_url}balance/",
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "ERR002")


@pytest.mark.parametrize("body", [b"{}", gzip.compress(b"{}", mtime=0)])
async def test_a_compressed_body(caller: Caller, body: bytes) -> None:
    """A compressed body is not unpacked, and a wrong Content-Encoding is no failure."""
    answer = await caller.http.post(
        f"{caller.running.base_url}balance/",
        content=body,
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "ERR002")


async def test_the_connection_is_kept(running: RunningGateway) -> None:
    """One connection carries several requests."""
    host, port = running.url.removeprefix("http://").split(":")
    request = (
        b"POST /API/balance/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    )
    reader, writer = await asyncio.open_connection(host, int(port))
    for _ in range(2):
        writer.write(request)
        assert b"ERR002" in await reader.read(65536)
    writer.close()
