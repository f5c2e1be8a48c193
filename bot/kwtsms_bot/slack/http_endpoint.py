"""Slack over HTTP: one path, behind the guard, to the same listeners as Socket Mode.

Bolt's own reading and verifying of requests is left out: it parses before it verifies.
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

from kwtsms_bot.http_server import listen

PATH = "/slack/events"
READ_SECONDS = 5.0  # Slack sends all of it at once; whoever sends a byte a minute is not Slack.
LINGER_SECONDS = 0.5  # A refusal reaches whoever is still sending.
FINISH_SECONDS = 2.5  # At a stop: Slack itself waits for three.
log = structlog.get_logger(__name__)


class RequestRefused(Exception):
    """A request that reaches no listener; only its status is told, to anybody."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class SlackEndpoint:
    """Takes what Slack posts; a request that comes again is answered and not run again."""

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
        self._recent_signatures: dict[
            str, float
        ] = {}  # Signature: until when it could be repeated.

    def mount(self, router: web.UrlDispatcher) -> None:
        """Adds the path to a server's routes."""
        router.add_post(PATH, self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """The answer to one request."""
        try:
            payload = await self._verify_and_parse(request)
        except RequestRefused as refused:
            log.info("request refused", status=refused.status)
            return web.Response(status=refused.status)
        if payload.get("type") == "url_verification":
            return web.json_response({"challenge": str(payload.get("challenge", ""))})
        if "ssl_check" in payload or self._is_repeated(request.headers[SIGNATURE]):
            return web.Response()
        return await self._dispatch(request, payload)

    async def _verify_and_parse(self, request: web.Request) -> dict[str, object]:
        """What Slack says in it.

        Raises:
            Refused: it is too large, too slow, not signed, or not what Slack sends.
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
                return await request.read()
        except TimeoutError as error:
            raise RequestRefused(408) from error
        except web.HTTPRequestEntityTooLarge as error:
            raise RequestRefused(413) from error

    def _is_repeated(self, signature: str) -> bool:
        now = self._clock()
        while (
            self._recent_signatures and next(iter(self._recent_signatures.values())) < now
        ):  # The oldest stand first.
            del self._recent_signatures[next(iter(self._recent_signatures))]
        repeated = signature in self._recent_signatures
        # A timestamp may lie ahead by one window and be taken until another one has passed.
        self._recent_signatures.setdefault(signature, now + 2 * WINDOW_SECONDS)
        return repeated

    async def _dispatch(self, request: web.Request, payload: dict[str, object]) -> web.Response:
        """`socket_mode` tells Bolt that the request is verified and parsed."""
        headers: dict[str, str | Sequence[str]] = {
            key: value
            for key, value in request.headers.items()
            if key.lower().startswith("x-slack")
        }
        bolt = AsyncBoltRequest(body=payload, mode="socket_mode", headers=headers)
        answer = await self._app.async_dispatch(bolt)
        kind = answer.first_headers_without_set_cookie().get("content-type", "text/plain")
        return web.Response(
            status=answer.status, body=answer.body.encode(), headers={"Content-Type": kind}
        )


async def serve(endpoint: SlackEndpoint, address: str) -> web.AppRunner:
    """A server of its own for the endpoint, at host:port; `cleanup()` of what it returns ends it.

    Raises:
        OSError: it cannot be listened on there.
    """
    server = web.Application(client_max_size=MAX_BYTES)
    endpoint.mount(server.router)
    return await listen(server, address, linger=LINGER_SECONDS, finish=FINISH_SECONDS)


MAX_BYTES = 1_000_000
WINDOW_SECONDS = 300
TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


class InvalidPayload(ValueError):
    """The body is signed and yet not what Slack sends."""


def is_signed(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> bool:
    """Whether Slack signed these very bytes, not longer ago than the window."""
    stamp = headers.get(TIMESTAMP, "")
    # Only ASCII digits: int() would take other scripts and signs as well.
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    if abs(now - int(stamp)) > WINDOW_SECONDS:
        return False
    signed = b"v0:" + stamp.encode() + b":" + body
    expected = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    given = headers.get(SIGNATURE, "").encode(errors="replace")
    return hmac.compare_digest(expected.encode(), given)


def parse_body(content_type: str, body: bytes) -> dict[str, Any]:
    """The payload of a signed request: JSON for events, a form for all else.

    Raises:
        Unreadable: neither.
    """
    try:
        text = body.decode()
        if content_type == "application/json":
            return _parse_object(text)
        form = dict(parse_qsl(text, keep_blank_values=True, errors="strict"))
        # Only a field of that name counts: Bolt looks for the word in the whole body, and so
        # loses each command whose text holds it.
        return _parse_object(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError) as error:
        raise InvalidPayload("not what Slack sends") from error


def _parse_object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise InvalidPayload("not an object")
    return value
