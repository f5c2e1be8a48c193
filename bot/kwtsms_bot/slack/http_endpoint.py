"""Receives Slack's requests over HTTP and gives them to the listeners that Socket Mode uses.

Verifies each signature before parsing the body. Bolt's own request handling is not used because it
parses first.
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from kwtsms_bot.http_server import listen, stop_reading
from kwtsms_bot.logs import LogThrottle

PATH = "/slack/events"
READ_SECONDS = 5.0  # Slack sends a request at once; a byte a minute is not Slack.
LINGER_SECONDS = 0.5  # For a refusal to reach a client that is still sending.
MAX_CONNECTIONS = 300  # Slack keeps a few dozen.
MAX_CHUNKS = 1000  # Slack sends no chunks at all; a proxy in between, some.
FINISH_SECONDS = 2.5  # At shutdown: Slack itself waits for three.
log = structlog.get_logger(__name__)


class RequestRefused(Exception):
    """A request that reaches no listener; the client sees only its status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class SlackEndpoint:
    """HTTP endpoint for Slack; a repeated request is acknowledged but not processed again."""

    def __init__(
        self,
        app: AsyncApp,
        secret: str,
        *,
        clock: Callable[[], float] = time.time,
        read_timeout: float = READ_SECONDS,
    ) -> None:
        self._app = app
        self._secret = secret
        self._clock = clock
        self._read_timeout = read_timeout
        self._throttle = LogThrottle()
        # By signature: the time until which the request could be repeated. The oldest come first.
        self._recent_signatures: dict[str, float] = {}

    def mount(self, router: web.UrlDispatcher) -> None:
        """Adds the path to a server's routes."""
        router.add_post(PATH, self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """Handles one request and returns the response."""
        try:
            return await self._answer(request, await self._verify_and_parse(request))
        except RequestRefused as refused:
            if count := self._throttle.count_due(refused.status):
                log.info("request refused", status=refused.status, count=count)
            return web.Response(status=refused.status)

    async def _answer(self, request: web.Request, payload: dict[str, object]) -> web.Response:
        if payload.get("type") == "url_verification":
            return web.json_response({"challenge": str(payload.get("challenge", ""))})
        if "ssl_check" in payload or self._is_repeated(request.headers[SIGNATURE]):
            return web.Response()
        return await self._dispatch(request, payload)

    async def _verify_and_parse(self, request: web.Request) -> dict[str, object]:
        """Returns the payload of a signed request.

        Raises:
            RequestRefused: the request is too large, too slow, unsigned, or not one of Slack's.
        """
        body = await self._read_body(request)
        now = self._clock()
        if not is_signed(request.headers, body, secret=self._secret, now=now):
            raise RequestRefused(401)
        try:
            return parse_body(request.content_type, body)
        except InvalidPayload as error:
            raise RequestRefused(400) from error

    async def _read_body(self, request: web.Request) -> bytes:
        try:
            async with asyncio.timeout(self._read_timeout):
                return await _read_chunks(request)
        except TimeoutError as error:
            raise RequestRefused(408) from error

    def _is_repeated(self, signature: str) -> bool:
        now = self._clock()
        while self._recent_signatures and next(iter(self._recent_signatures.values())) < now:
            del self._recent_signatures[next(iter(self._recent_signatures))]
        repeated = signature in self._recent_signatures
        # A timestamp may be one window ahead, and is accepted until one window after it.
        self._recent_signatures.setdefault(signature, now + 2 * WINDOW_SECONDS)
        return repeated

    async def _dispatch(self, request: web.Request, payload: dict[str, object]) -> web.Response:
        """Gives a payload to Bolt; `socket_mode` means that the request is verified and parsed."""
        headers: dict[str, str | Sequence[str]] = {
            key: value
            for key, value in request.headers.items()
            if key.lower().startswith("x-slack")
        }
        try:
            bolt = AsyncBoltRequest(body=payload, mode="socket_mode", headers=headers)
            answer = await self._app.async_dispatch(bolt)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # Bolt expects Slack's shapes; our own listeners let no exception out.
            raise RequestRefused(400) from error
        kind = answer.first_headers_without_set_cookie().get("content-type", "text/plain")
        return web.Response(
            status=answer.status, body=answer.body.encode(), headers={"Content-Type": kind}
        )


async def _read_chunks(request: web.Request) -> bytes:
    """Returns the body; many tiny chunks cost more than their bytes, so their number is limited."""
    body, chunks = bytearray(), 0
    async for data, ends_chunk in request.content.iter_chunks():
        body += data
        chunks += ends_chunk
        if chunks > MAX_CHUNKS:
            stop_reading(request)
        if len(body) > MAX_BYTES or chunks > MAX_CHUNKS:
            raise RequestRefused(413)
    return bytes(body)


async def serve(endpoint: SlackEndpoint, address: str) -> web.AppRunner:
    """Starts a server for the endpoint at host:port; `cleanup()` on the result stops it.

    Raises:
        OSError: the address cannot be bound.
    """
    server = web.Application(client_max_size=MAX_BYTES)
    endpoint.mount(server.router)
    return await listen(
        server,
        address,
        connections=MAX_CONNECTIONS,
        linger=LINGER_SECONDS,
        finish=FINISH_SECONDS,
    )


MAX_BYTES = 1_000_000
WINDOW_SECONDS = 300
TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


class InvalidPayload(ValueError):
    """A signed body in a format that Slack does not send."""


def is_signed(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> bool:
    """Whether Slack signed exactly these bytes, within `WINDOW_SECONDS` of `now`."""
    stamp = headers.get(TIMESTAMP, "")
    # Only ASCII digits: int() would accept other scripts and signs as well.
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    if abs(now - int(stamp)) > WINDOW_SECONDS:
        return False
    signed = b"v0:" + stamp.encode() + b":" + body
    expected = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    given = headers.get(SIGNATURE, "").encode(errors="replace")
    return hmac.compare_digest(expected.encode(), given)


def parse_body(content_type: str, body: bytes) -> dict[str, Any]:
    """Returns the payload of a signed request: JSON for events, a form for all else.

    Raises:
        InvalidPayload: the body is neither.
    """
    try:
        text = body.decode()
        if content_type == "application/json":
            return _parse_object(text)
        form = dict(parse_qsl(text, keep_blank_values=True, errors="strict"))
        # Only a field named `payload` counts: Bolt searches the whole body for the word, and so
        # loses each command whose text contains it.
        return _parse_object(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError) as error:
        raise InvalidPayload("not what Slack sends") from error


def _parse_object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise InvalidPayload("not an object")
    actions, view = value.get("actions", [{}]), value.get("view")
    wanted = [value.get("event", {}), {} if view is None else view]
    wanted += actions if isinstance(actions, list) and actions else [None]
    if not all(isinstance(one, dict) for one in wanted):
        raise InvalidPayload("a part that Bolt reads is not an object")
    return value
