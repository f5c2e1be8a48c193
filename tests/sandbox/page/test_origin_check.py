"""The page answers a browser on this machine that has the page open, and nobody else."""

from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from kwtsms_sandbox.slack import OPS, SARA
from support.page import Visitor

LINE = {"as": SARA.id, "channel": OPS.id, "line": "hello"}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="another site"),
        pytest.param({"Origin": "null"}, id="a sandboxed frame"),
        pytest.param({}, id="no origin"),
    ],
)
async def test_no_other_site_can_act(visitor: Visitor, headers: dict[str, str]) -> None:
    """An order counts only if the browser says that it comes from this very page."""
    url = f"{visitor.page.url}/act/write"
    async with visitor.http.post(url, json=LINE, headers=headers) as response:
        assert response.status == 403

    assert visitor.page.slack.visible(SARA, OPS) == []


async def test_no_other_site_listens(visitor: Visitor) -> None:
    """WebSockets are not bound to one origin by browsers, so the server has to."""
    url = f"{visitor.page.url}/events"
    with pytest.raises(WSServerHandshakeError, match="403"):
        await visitor.http.ws_connect(url, headers={"Origin": "https://evil.example"})


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "x"])
async def test_a_name_that_was_made_to_point_here_is_refused(visitor: Visitor, host: str) -> None:
    """Otherwise a site could make its own name lead here and read all."""
    async with visitor.http.get(visitor.page.url, headers={"Host": host}) as response:
        assert response.status == 403


async def test_a_strange_host_does_not_get_into_the_policy(visitor: Visitor) -> None:
    """The policy names the host; what was refused is not repeated in it."""
    host = "127.0.0.1/; script-src *"
    async with visitor.http.get(visitor.page.url, headers={"Host": host}) as response:
        assert response.status in (400, 403)
        assert "script-src *" not in response.headers.get("Content-Security-Policy", "")


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/nothing", "/static/../server.py"])
async def test_every_answer_is_protected(visitor: Visitor, path: str) -> None:
    """Nothing may be loaded from elsewhere, and no string may become markup."""
    async with visitor.http.get(visitor.page.url + path) as response:
        policy = response.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param({"data": b"{"}, 400, id="no JSON"),
        pytest.param({"data": b"[]"}, 400, id="no object"),
        pytest.param({"data": b"[" * 20_000}, 400, id="deep"),
        pytest.param({"data": b"{}"}, 400, id="nobody"),
        pytest.param({"data": b'{"as": 5}'}, 400, id="no name"),
        pytest.param({"data": b"x" * 70_000}, 413, id="too large"),
    ],
)
async def test_a_bad_action_is_refused(visitor: Visitor, sent: dict[str, Any], status: int) -> None:
    """What is no order changes nothing, and is said so."""
    headers = visitor.origin | {"Content-Type": "application/json"}
    url = f"{visitor.page.url}/act/write"
    async with visitor.http.post(url, headers=headers, **sent) as response:
        assert response.status == status


async def test_a_form_of_another_type_is_refused(visitor: Visitor) -> None:
    """Only JSON counts: a page elsewhere cannot send that without being asked first."""
    url = f"{visitor.page.url}/act/write"
    async with visitor.http.post(url, data=LINE, headers=visitor.origin) as response:
        assert response.status == 415


async def test_an_unknown_action_is_refused(visitor: Visitor) -> None:
    """The answer names those there are."""
    status, error = await visitor.act("explode")

    assert status == 404
    assert "write, press, submit" in str(error)


async def test_a_long_line_is_refused(visitor: Visitor) -> None:
    """What is typed has a limit."""
    status, error = await visitor.act("write", channel=OPS.id, line="x" * 8_001)

    assert (status, error) == (400, "line: expected 1 to 8000 characters")
