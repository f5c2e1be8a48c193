"""The Web API: checks token, scope, rate and faults, then runs the method.

A refusal is HTTP 200 with `ok: false`, as Slack does; only rate limits and faults use other codes.
https://docs.slack.dev/apis/web-api/
"""

from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from kwtsms_sandbox.slack.errors import Refused
from kwtsms_sandbox.slack.event_feed import Kind
from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.web.faults import ConnectionDrop, Fault, Faults
from kwtsms_sandbox.slack.web.methods import METHODS, Method, TokenKind
from kwtsms_sandbox.slack.web.rate_limits import Buckets, Tier
from kwtsms_sandbox.slack.web.request import Call, read_call
from kwtsms_sandbox.slack.workspace import Workspace

MAX_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that this Slack issued to the app."""

    bot: str = field(repr=False)
    app: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiCallRecord:
    """Call and its outcome; `error` is None if it was carried out."""

    method: str
    args: Json
    at: float
    error: str | None
    token: TokenKind | None


class WebApi:
    """HTTP handler of the Web API."""

    def __init__(self, space: Workspace, tokens: Tokens, buckets: Buckets) -> None:
        self.faults = Faults()
        self.calls: deque[ApiCallRecord] = deque(maxlen=MAX_REMEMBERED)
        self.methods: dict[str, Method] = dict(METHODS)
        self.buckets = buckets
        self._space = space
        self.tokens = tokens

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Handles POST or GET /api/<method>."""
        fault = self.faults.next(request.match_info["method"]) or Fault()
        await fault.wait()
        response = await self._answer(request, fault)
        if fault.drop is ConnectionDrop.AFTER:
            drop_connection(request)
        return response

    async def _answer(self, request: web.Request, fault: Fault) -> web.Response:
        call, kind = Call(request.match_info["method"], {}), None
        try:
            call, token = await read_call(request)
            fault_response = _fault_response(request, fault)
            if fault_response is not None:  # A response without keys is falsy.
                self._record_call(call, kind, fault.error or "fault")
                return fault_response
            method = self._method(call)
            kind = self._kind(token)
            self._authorize(method, kind)
            if wait := self._wait(call, method):
                self._record_call(call, kind, "ratelimited")
                return ratelimited(wait)
            result = {"ok": True, **method.run(self._space, call)}
        except Refused as refusal:
            self._record_call(call, kind, refusal.code)
            return self._reply({"ok": False, "error": refusal.code, **refusal.details})
        self._record_call(call, kind, None)
        return self._reply(result)

    def _method(self, call: Call) -> Method:
        method = self.methods.get(call.method)
        if method is None:
            raise Refused("unknown_method", req_method=call.method)
        return method

    def _kind(self, token: str | None) -> TokenKind:
        if not token:
            raise Refused("not_authed")
        if token == self.tokens.bot:
            return TokenKind.BOT
        if token == self.tokens.app:
            return TokenKind.APP
        if token in self._space.steps.tokens:
            return TokenKind.STEP
        raise Refused("invalid_auth")

    def _authorize(self, method: Method, kind: TokenKind) -> None:
        if kind not in method.tokens:
            raise Refused("not_allowed_token_type")
        granted = self._space.manifest.scopes
        if granted is not None and method.scopes and not granted & set(method.scopes):
            provided = ",".join(sorted(granted))
            raise Refused("missing_scope", needed=method.scopes[0], provided=provided)

    def _wait(self, call: Call, method: Method) -> int:
        where = f":{call.text('channel')}" if method.tier is Tier.POST else ""
        now = self._space.clock.monotonic()
        return self.buckets.try_acquire(call.method + where, method.tier, now)

    def _reply(self, body: Json) -> web.Response:
        granted = self._space.manifest.scopes
        scopes = granted if granted is not None else {s for m in METHODS.values() for s in m.scopes}
        return web.json_response(body, headers={"X-OAuth-Scopes": ",".join(sorted(scopes))})

    def _record_call(self, call: Call, kind: TokenKind | None, error: str | None) -> None:
        at = self._space.clock.monotonic()
        record = ApiCallRecord(call.method, call.args, at, error, kind)
        self.calls.append(record)
        self._space.feed.publish(Kind.CALLED, record)


def _fault_response(request: web.Request, fault: Fault) -> web.Response | None:
    if fault.drop is ConnectionDrop.BEFORE:
        drop_connection(request)
        return web.Response()
    if fault.retry_after is not None:
        return ratelimited(fault.retry_after)
    if fault.status is not None:
        page = "<html><body>Something went wrong.</body></html>"
        return web.Response(status=fault.status, text=page, content_type="text/html")
    if fault.error:
        return web.json_response({"ok": False, "error": fault.error})
    return None


def ratelimited(wait: int) -> web.Response:
    """Returns HTTP 429 with the seconds to wait."""
    body = {"ok": False, "error": "ratelimited"}
    return web.json_response(body, status=429, headers={"Retry-After": str(wait)})


def drop_connection(request: web.Request) -> None:
    """Breaks the caller's connection."""
    if request.transport is not None:
        request.transport.abort()
