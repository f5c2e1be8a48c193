"""The page answers only browsers on this machine, and takes actions only from itself."""

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
    """An action counts only with the page's own Origin."""
    url = f"{visitor.page.url}/act/write"
    async with visitor.http.post(url, json=LINE, headers=headers) as response:
        assert response.status == 403

    assert visitor.page.slack.visible(SARA, OPS) == []


async def test_no_other_site_listens(visitor: Visitor) -> None:
    """A WebSocket from another origin is refused, since browsers do not restrict them."""
    url = f"{visitor.page.url}/events"
    with pytest.raises(WSServerHandshakeError, match="403"):
        await visitor.http.ws_connect(url, headers={"Origin": "https://evil.example"})


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "x"])
async def test_a_name_that_was_made_to_point_here_is_refused(visitor: Visitor, host: str) -> None:
    """A foreign host name is refused; otherwise a site could resolve its name here and read all."""
    async with visitor.http.get(visitor.page.url, headers={"Host": host}) as response:
        assert response.status == 403


async def test_a_strange_host_does_not_get_into_the_policy(visitor: Visitor) -> None:
    """A refused host name does not appear in the policy."""
    host = "127.0.0.1/; script-src *"
    async with visitor.http.get(visitor.page.url, headers={"Host": host}) as response:
        assert response.status in (400, 403)
        assert "script-src *" not in response.headers.get("Content-Security-Policy", "")


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/nothing", "/static/../server.py"])
async def test_every_answer_is_protected(visitor: Visitor, path: str) -> None:
    """Every answer forbids loading from elsewhere and making mark-up from strings."""
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
    """A malformed action is refused."""
    headers = visitor.origin | {"Content-Type": "application/json"}
    url = f"{visitor.page.url}/act/write"
    async with visitor.http.post(url, headers=headers, **sent) as response:
        assert response.status == status


async def test_a_form_of_another_type_is_refused(visitor: Visitor) -> None:
    """Only JSON is accepted: another site cannot send that without a CORS preflight."""
    url = f"{visitor.page.url}/act/write"
    async with visitor.http.post(url, data=LINE, headers=visitor.origin) as response:
        assert response.status == 415


async def test_an_unknown_action_is_refused(visitor: Visitor) -> None:
    """An unknown action is a 404 that names the known ones."""
    status, error = await visitor.act("explode")

    assert status == 404
    assert "write, press, submit" in str(error)


async def test_a_long_line_is_refused(visitor: Visitor) -> None:
    """A line of more than 8,000 characters is refused."""
    status, error = await visitor.act("write", channel=OPS.id, line="x" * 8_001)

    assert (status, error) == (400, "line: expected 1 to 8000 characters")
