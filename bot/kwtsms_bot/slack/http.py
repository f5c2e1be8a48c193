"""Slack over HTTP: one path, behind the guard, to the same listeners as Socket Mode.

Bolt's own reading and verifying of requests is left out: it parses before it verifies.
"""

import time
from collections.abc import Sequence

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from kwtsms_bot.slack import guard

PATH = "/slack/events"


class Endpoint:
    """Takes what Slack posts; a request that comes again is answered and not run again."""

    def __init__(self, app: AsyncApp, secret: str) -> None:
        self._app = app
        self._secret = secret
        self._seen: dict[str, float] = {}  # Signature: until when it could be repeated.

    def mount(self, router: web.UrlDispatcher) -> None:
        """Adds the path to a server's routes."""
        router.add_post(PATH, self.take)

    async def take(self, request: web.Request) -> web.Response:
        """The answer to one request."""
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        now = time.time()
        if not guard.is_signed(request.headers, body, secret=self._secret, now=now):
            return web.Response(status=401)
        try:
            payload = guard.parsed(request.content_type, body)
        except guard.Unreadable:
            return web.Response(status=400)
        if payload.get("type") == "url_verification":
            return web.json_response({"challenge": str(payload.get("challenge", ""))})
        if "ssl_check" in payload or self._is_repeated(request.headers[guard.SIGNATURE], now):
            return web.Response()
        return await self._dispatch(request, payload)

    def _is_repeated(self, signature: str, now: float) -> bool:
        while self._seen and next(iter(self._seen.values())) < now:  # The oldest stand first.
            del self._seen[next(iter(self._seen))]
        repeated = signature in self._seen
        # A timestamp may lie ahead by one window and be taken until another one has passed.
        self._seen.setdefault(signature, now + 2 * guard.WINDOW_SECONDS)
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


async def serve(endpoint: Endpoint, host: str, port: int) -> web.AppRunner:
    """A server of its own for the endpoint; `cleanup()` of what it returns ends it."""
    server = web.Application(client_max_size=guard.MAX_BYTES)
    endpoint.mount(server.router)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
