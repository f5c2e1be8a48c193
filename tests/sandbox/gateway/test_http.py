"""HTTP as the gateway insists on it: method, address, content type, body."""

import asyncio
import json

import pytest

from kwtsms_sandbox.gateway import Gateway, RunningGateway
from support.gateway import KUWAIT, Caller


async def test_get_is_refused(caller: Caller, gateway: Gateway) -> None:
    """Credentials do not belong in addresses."""
    answer = await caller.http.get(f"{caller.running.base_url}balance/")

    assert answer.status_code == 405
    assert gateway.requests[0].outcome == "405"


@pytest.mark.parametrize("path", ["API/report/", "API/nothing/", "API/send", "", "api/send/"])
async def test_unknown_addresses(caller: Caller, path: str) -> None:
    """A web server's page, no JSON; /report/ does not exist, and the slash belongs to it."""
    answer = await caller.http.post(f"{caller.running.url}/{path}", json={})

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


async def test_another_content_type(caller: Caller, gateway: Gateway) -> None:
    """The old text API answers: a bare word, on 200, and nothing is sent."""
    login = {"username": "demo", "password": "demo-password"}
    send = {**login, "sender": "MY-APP", "mobile": KUWAIT, "message": "hello"}

    answer = await caller.http.post(
        f"{caller.running.base_url}send/",
        content=json.dumps(send),
        headers={"Content-Type": "text/plain"},
    )

    assert (answer.status_code, answer.text) == (200, "ERR002")
    assert answer.headers["content-type"].startswith("text/plain")
    assert gateway.ledger == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 50_000])
async def test_a_body_that_is_no_object(caller: Caller, body: bytes) -> None:
    """ERR002: nothing that is asked for is there."""
    answer = await caller.http.post(
        f"{caller.running.base_url}balance/",
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "ERR002")


async def test_the_connection_is_kept(running: RunningGateway) -> None:
    """One connection carries many requests."""
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
