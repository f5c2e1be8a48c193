"""The HTTP endpoint for alerts: each is stored before it is answered, and each answer says so.

Overload and a database in trouble are 503, which every tool tries again; never 429, which
Alertmanager takes as final, and never 5xx for what a retry can't repair. What a request contains is
quoted nowhere.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from aiohttp import web

from kwtsms_bot.bridge.authentication import (
    FailureLimit,
    GivenToken,
    SignatureCache,
    TokenTable,
    Unauthorized,
    check_signature,
    client_address,
    find_credentials,
    is_within,
)
from kwtsms_bot.bridge.episodes import AlertOutcome
from kwtsms_bot.bridge.integrations.request import MAX_BODY, ParseOptions, WebhookRequest
from kwtsms_bot.bridge.integrations.table import PARSERS
from kwtsms_bot.bridge.models import AlertBatch, RefusalReason, WebhookRefused
from kwtsms_bot.bridge.refusals import REPORT_EVERY, RefusalMonitor, format_size
from kwtsms_bot.bridge.reports import AlertResult, Receiver, make_report
from kwtsms_bot.bridge.store.intake import AlertIntake
from kwtsms_bot.config.bridge import BridgeSettings, IntegrationSettings
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.http_server import stop_reading
from kwtsms_bot.logs import LogThrottle
from kwtsms_bot.monitoring.bridge_metrics import BridgeMetrics

READ_SECONDS = 10.0
ACCEPT_SECONDS = 2.0  # Then the tool is asked to try again: the same again is a repeat.
MAX_WAITING = 500  # Requests that wait for the database; more are asked to try again.
REFUSAL_SECONDS = 1.0  # A client that guesses tokens waits for each answer.
RETRY_AFTER = "5"
MAX_CHUNKS = 10_000
MAX_DISCARDED = 4 * MAX_BODY
LAST_WORDS = 10
STATUS = {
    RefusalReason.INVALID_BODY: 400,
    RefusalReason.UNKNOWN_SHAPE: 400,
    RefusalReason.TOO_LARGE: 413,
    RefusalReason.UNSUPPORTED_ENCODING: 415,
}
UNREADABLE_STATUS = 400
# Why a request is refused, in the words of the answers.
REASONS = ("unauthorized", "method_not_allowed", "too_slow", "busy", "database", *RefusalReason)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """Outcome of a request, for administrators: nothing of its contents."""

    at: float
    accepted: int
    reason: str = ""  # Why it was refused.


@dataclass(slots=True)
class IntegrationActivity:
    """Latest requests of an integration to this process."""

    requests: deque[RequestOutcome] = field(default_factory=lambda: deque(maxlen=LAST_WORDS))


@dataclass(frozen=True, slots=True)
class _Path:
    """Path of a request."""

    name: str | None  # The integration; None: the token alone decides.
    token: str | None = field(default=None, repr=False)

    @property
    def is_notify(self) -> bool:
        """Whether it is the path of an Apprise API server."""
        return self.name is None


class _Refused(Exception):
    """A request that is refused; the client sees the status and one word."""

    def __init__(self, status: int, error: str, detail: str = "", *, size: int = 0) -> None:
        super().__init__(error)
        self.status, self.error = status, error
        self.detail = detail  # For administrators; it quotes nothing.
        self.size = size  # Of a body that is too large.


class Webhooks:
    """The routes of the endpoint."""

    def __init__(
        self,
        bridge: BridgeSettings,
        receivers: Mapping[str, Receiver],
        intake: AlertIntake,
        *,
        clock: Callable[[], float] = time.time,
        refusal_seconds: float = REFUSAL_SECONDS,
        accept_seconds: float = ACCEPT_SECONDS,
        metrics: BridgeMetrics | None = None,
    ) -> None:
        self._bridge, self._receivers, self._intake = bridge, receivers, intake
        self._clock, self._refusal_seconds = clock, refusal_seconds
        self._accept_seconds = accept_seconds
        self._tokens = TokenTable(bridge)
        self._failures, self._signatures = FailureLimit(), SignatureCache()
        self._throttle, self._refusals = LogThrottle(), RefusalMonitor()
        self._metrics = metrics or BridgeMetrics(
            bridge.integrations, outcomes=AlertOutcome, reasons=REASONS
        )
        self.activity = {name: IntegrationActivity() for name in bridge.integrations}

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The routes, for a server's application."""
        return (
            web.post("/hooks/{name}", self._hook),
            web.put("/hooks/{name}", self._hook),
            web.get("/hooks/{name}", self._hook, allow_head=False),
            web.post("/hooks/{name}/{token}", self._hook),
            web.post("/notify/{token}", self._notify),
        )

    async def _hook(self, request: web.Request) -> web.Response:
        path = _Path(request.match_info["name"], request.match_info.get("token"))
        return await self._answer(request, path)

    async def _notify(self, request: web.Request) -> web.Response:
        """Answers clients of an Apprise API server: the path is the token alone."""
        return await self._answer(request, _Path(None, request.match_info["token"]))

    async def _answer(self, request: web.Request, path: _Path) -> web.Response:
        request_id = f"rq_{secrets.token_hex(4)}"
        address = client_address(
            request.remote or "",
            request.headers.get("X-Forwarded-For", ""),
            self._bridge.trusted_proxies,
        )
        begun, integration = time.perf_counter(), None
        try:
            integration = await self._authenticate(request, address, path)
            answer = await self._accept(request, integration)
        except _Refused as refused:
            self._metrics.count_refusal(integration or path.name, refused.error)
            if integration is not None:
                await self._record_refusal(integration, refused)
            if count := self._throttle.count_due(f"{path.name} {refused.error}"):
                log.info("webhook refused", error=refused.error, request=request_id, count=count)
            return _refusal(refused, request_id)
        finally:
            if integration is not None:
                self._metrics.observe_webhook(time.perf_counter() - begun)
        return web.json_response({"ok": True, **answer, "request": request_id})

    async def _authenticate(self, request: web.Request, address: str, path: _Path) -> str:
        """Returns the integration that sends the request.

        Raises:
            _Refused: it is none of them, or may not send from there.
        """
        now = self._clock()
        if self._failures.is_exhausted(address, now):
            await asyncio.sleep(self._refusal_seconds)
            raise _Refused(401, "unauthorized")
        try:
            given = find_credentials(request.headers, path.token)
            found = self._tokens.integration(given, path.name)
            self._check_use(found, given, address, path)
        except Unauthorized as unauthorized:
            self._failures.record(address, now)
            self._record(path.name, 0, unauthorized.reason)
            raise _Refused(401, "unauthorized") from None
        if request.method == "GET" and self._bridge.integrations[found].kind != "uptime-kuma":
            raise _Refused(405, "method_not_allowed")
        return found

    def _check_use(self, name: str, given: GivenToken, address: str, path: _Path) -> None:
        settings = self._bridge.integrations[name]
        if given.name and given.name != name:
            raise Unauthorized("the user is not the name of the integration")
        if path.is_notify and settings.kind != "apprise":
            raise Unauthorized("not an integration of kind apprise")
        by_path = given.token == path.token and not path.is_notify
        if by_path and not settings.url_token:
            raise Unauthorized("a token in the address, without url_token: true")
        if settings.allow and not is_within(address, settings.allow):
            raise Unauthorized("an address that is not in allow")

    async def _accept(self, request: web.Request, name: str) -> dict[str, Any]:
        """Stores the alerts of a request; returns the result for each."""
        settings = self._bridge.integrations[name]
        body = await _read(request)
        if self._is_replayed(request, body, name, settings):
            return {"alerts": [], "skipped": 0}
        try:
            batch = self._parse(request, body, settings)
        except WebhookRefused as refused:
            raise _Refused(
                STATUS[refused.reason], refused.reason.value, refused.detail
            ) from refused
        results = await self._store(batch, name)
        self._record(name, len(results), "")
        for one in results:
            self._metrics.count_alert(name, one.outcome.value)
        return {
            "alerts": [_as_json(one) for one in results],
            "skipped": batch.skipped,
        }

    def _is_replayed(
        self, request: web.Request, body: bytes, name: str, settings: IntegrationSettings
    ) -> bool:
        now = self._clock()
        try:
            signature = check_signature(request.headers, body, settings, now)
        except Unauthorized as unauthorized:
            raise _Refused(401, "unauthorized", unauthorized.reason) from None
        return signature is not None and self._signatures.is_repeated(name, signature, now)

    @staticmethod
    def _parse(request: web.Request, body: bytes, settings: IntegrationSettings) -> AlertBatch:
        options = ParseOptions(settings.zone, settings.success_resolves)
        parsed = WebhookRequest(body, dict(request.headers), dict(request.query))
        return PARSERS[settings.kind](parsed, options)

    async def _store(self, batch: AlertBatch, name: str) -> tuple[AlertResult, ...]:
        if not batch.alerts:
            return ()
        if self._intake.waiting > MAX_WAITING:
            raise _Refused(503, "busy")
        reports = [make_report(one, name, self._bridge, self._receivers) for one in batch.alerts]
        try:
            async with asyncio.timeout(self._accept_seconds):
                return await self._intake.accept(reports)
        except TimeoutError as error:
            raise _Refused(503, "busy") from error
        except DatabaseError as error:
            raise _Refused(503, "database") from error

    async def _record_refusal(self, name: str, refused: _Refused) -> None:
        """Records a refusal, which may become an alert of the bridge itself."""
        if refused.detail:
            self._record(name, 0, refused.detail)
        now, kind = self._clock(), self._bridge.integrations[name].kind
        incoming = None
        if refused.size:
            incoming = self._refusals.too_large(name, kind, refused.size, now)
        elif refused.status == UNREADABLE_STATUS:
            incoming = self._refusals.unreadable(name, now)
        if incoming is None:
            return
        report = make_report(incoming, name, self._bridge, self._receivers)
        try:
            async with asyncio.timeout(self._accept_seconds):
                await self._intake.accept([replace(report, resolves_after=REPORT_EVERY)])
        except (DatabaseError, TimeoutError) as error:
            self._refusals.forget(name)
            log.error("refusal not reported", error=type(error).__name__)

    def _record(self, name: str | None, accepted: int, reason: str) -> None:
        if name in self.activity:
            self.activity[name].requests.append(RequestOutcome(self._clock(), accepted, reason))


async def _read(request: web.Request) -> bytes:
    """Returns the body, within its limits.

    What is somewhat too large is read to its end, and not kept: a client that is still sending
    would not see the answer.

    Raises:
        _Refused: it is too large, in too many pieces, or too slow.
    """
    body, size, chunks = bytearray(), 0, 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for data, ends_chunk in request.content.iter_chunks():
                size += len(data)
                chunks += ends_chunk
                if size <= MAX_BODY:
                    body += data
                if size > MAX_DISCARDED or chunks > MAX_CHUNKS:
                    stop_reading(request)
                    break
    except TimeoutError as error:
        raise _Refused(408, "too_slow", "a body that came too slowly") from error
    if size > MAX_BODY:
        size = max(size, request.content_length or 0)
        raise _Refused(413, "too_large", f"a body of {format_size(size)}", size=size)
    if chunks > MAX_CHUNKS:
        raise _Refused(413, "too_large", "a body in too many pieces")
    return bytes(body)


def _refusal(refused: _Refused, request_id: str) -> web.Response:
    headers = {"Retry-After": RETRY_AFTER} if refused.status == 503 else {}
    answer = {"ok": False, "error": refused.error, "request": request_id}
    return web.json_response(answer, status=refused.status, headers=headers)


def _as_json(result: AlertResult) -> dict[str, str | None]:
    return {
        "ref": result.ref,
        "key": result.key,
        "outcome": result.outcome.value,
        "sms": result.sms,
        "why": result.why,
    }
