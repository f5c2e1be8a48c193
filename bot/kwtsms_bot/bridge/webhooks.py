"""The HTTP endpoint for alerts: each is stored before it is answered, and each answer says so.

Overload and a database in trouble are 503, which every tool tries again; never 429, which
Alertmanager takes as final, and never 5xx for what a retry can't repair. What a request contains is
quoted nowhere.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog
from aiohttp import web

from kwtsms_bot.bridge.activity import ActivityLog, RequestOutcome
from kwtsms_bot.bridge.authentication import FailureLimit, Unauthorized, client_address
from kwtsms_bot.bridge.episodes import AlertOutcome
from kwtsms_bot.bridge.hooks.answers import (
    CHANGE_ANSWERS,
    EVENT_ANSWERS,
    HttpAnswer,
)
from kwtsms_bot.bridge.hooks.request_body import EndpointRefusal, read_body
from kwtsms_bot.bridge.hooks.senders import (
    APPRISE,
    PAGERDUTY,
    RequestPath,
    RequestSender,
    SenderTable,
)
from kwtsms_bot.bridge.hooks.signatures import answer_challenge
from kwtsms_bot.bridge.hooks.verification import RequestVerifier
from kwtsms_bot.bridge.integrations import netdata, pagerduty
from kwtsms_bot.bridge.integrations.request import WebhookRequest, parse_options
from kwtsms_bot.bridge.integrations.table import PARSERS
from kwtsms_bot.bridge.models import AlertBatch, RefusalReason, WebhookRefused
from kwtsms_bot.bridge.refusals import REPORT_EVERY, RefusalMonitor
from kwtsms_bot.bridge.reports import AlertResult, Receiver, make_report
from kwtsms_bot.bridge.sns.verifier import SnsUnavailable
from kwtsms_bot.bridge.store.intake import AlertIntake
from kwtsms_bot.bridge.store.request_keys import HookKey, hook_key
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.logs import LogThrottle
from kwtsms_bot.monitoring.bridge_metrics import BridgeMetrics

ACCEPT_SECONDS = 2.0  # Then the tool is asked to try again: the same again is a repeat.
MAX_WAITING = 500  # Requests that wait for the database; more are asked to try again.
REFUSAL_SECONDS = 1.0  # A client that guesses tokens waits for each answer.
KEY_HEADER = "Idempotency-Key"
# Of tools that send one by themselves, under a name of their own.
KEY_HEADERS = {"github": "X-GitHub-Delivery", "sentry": "Request-ID"}
UNKNOWN_NAME = "an address that names no integration"
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
class _Accepted:
    """Results for the alerts of a request."""

    results: Sequence[AlertResult] = ()
    skipped: int = 0


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
        self._senders = SenderTable(bridge)
        self._failures, self._verifier = FailureLimit(), RequestVerifier(bridge.integrations)
        self._throttle, self._refusals = LogThrottle(), RefusalMonitor()
        self._metrics = metrics or BridgeMetrics(
            bridge.integrations, outcomes=AlertOutcome, reasons=REASONS
        )
        self.activity = ActivityLog(bridge.integrations)

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The routes, for a server's application."""
        return (
            web.post("/hooks/{name}", self._hook),
            web.put("/hooks/{name}", self._hook),
            web.get("/hooks/{name}", self._hook, allow_head=False),
            web.post("/hooks/{name}/heartbeat", self._heartbeat),
            web.post("/hooks/{name}/{token}/heartbeat", self._heartbeat),
            web.post("/hooks/{name}/{token}", self._hook),
            web.post("/hooks/{name}/{token}/", self._hook),
            web.post("/notify/{token}", self._notify),
            web.post("/v2/enqueue", self._enqueue),
            web.post("/v2/change/enqueue", self._enqueue_change),
        )

    async def _hook(self, request: web.Request) -> web.Response:
        path = RequestPath(request.match_info["name"], request.match_info.get("token"))
        if request.method == "GET" and (proof := self._answer_challenge(request)):
            return web.json_response({"response_token": proof})
        return await self._answer(request, path)

    async def _heartbeat(self, request: web.Request) -> web.Response:
        """Records that a tool is there; what the body contains doesn't matter."""
        name, token = request.match_info["name"], request.match_info.get("token")
        return await self._answer(request, RequestPath(name, token, is_heartbeat=True))

    async def _notify(self, request: web.Request) -> web.Response:
        """Answers clients of an Apprise API server: the path is the token alone."""
        path = RequestPath(None, request.match_info["token"], APPRISE)
        return await self._answer(request, path)

    async def _enqueue(self, request: web.Request) -> web.Response:
        """Answers clients of PagerDuty's Events API, whose token is in the body."""
        return await self._answer(request, RequestPath(kind=PAGERDUTY, answers=EVENT_ANSWERS))

    async def _enqueue_change(self, request: web.Request) -> web.Response:
        """Answers PagerDuty's change events, which are no alerts and are stored nowhere."""
        return await self._answer(request, RequestPath(kind=PAGERDUTY, answers=CHANGE_ANSWERS))

    def _answer_challenge(self, request: web.Request) -> str:
        """Returns the proof that Netdata asks for; empty if it is no such request."""
        token = request.query.get(netdata.CHALLENGE, "")
        settings = self._bridge.integrations.get(request.match_info["name"])
        if not token or settings is None or settings.kind != "netdata" or settings.hmac is None:
            return ""
        return answer_challenge(settings.hmac.get_secret_value(), token)

    async def _answer(self, request: web.Request, path: RequestPath) -> web.Response:
        request_id = f"rq_{secrets.token_hex(4)}"
        begun, integration = time.perf_counter(), None
        try:
            sender, body = await self._identify(request, path)
            integration = sender.name if sender.has_token else None
            body = body or await read_body(request)
            is_new = await self._verify(request, body, sender)
            integration = sender.name
            is_stored = is_new and path.answers is not CHANGE_ANSWERS and not path.is_heartbeat
            if is_new and path.is_heartbeat:
                self._record(sender.name, 0, "")
            accepted = await self._accept(request, body, sender.name) if is_stored else _Accepted()
        except EndpointRefusal as refused:
            self._metrics.count_refusal(integration or path.name, refused.error)
            if integration is not None:
                await self._record_refusal(integration, refused)
            if count := self._throttle.count_due(f"{path.name} {refused.error}"):
                log.info("webhook refused", error=refused.error, request=request_id, count=count)
            return _response(path.answers.refused(refused, request_id))
        finally:
            if integration is not None:
                self._metrics.observe_webhook(time.perf_counter() - begun)
        return _response(path.answers.accepted(accepted.results, accepted.skipped, request_id))

    async def _identify(
        self, request: web.Request, path: RequestPath
    ) -> tuple[RequestSender, bytes]:
        """Returns the integration that sends the request, and the body if its token is there.

        Raises:
            EndpointRefusal: it is none of them, or may not send from there.
        """
        now, address = self._clock(), self._address(request)
        if self._failures.is_exhausted(address, now):
            await asyncio.sleep(self._refusal_seconds)
            raise EndpointRefusal(401, "unauthorized")
        body = await read_body(request, pagerduty.MAX_EVENT) if path.has_token_in_body else b""
        try:
            sender = self._senders.find(path, request.headers, body, address)
        except Unauthorized as unauthorized:
            self._failures.record(address, now)
            self._record_stranger(path, unauthorized)
            raise EndpointRefusal(401, "unauthorized") from None
        except WebhookRefused as refused:
            raise _unreadable(refused) from refused
        if request.method == "GET" and self._bridge.integrations[sender.name].kind != "uptime-kuma":
            raise EndpointRefusal(405, "method_not_allowed")
        if sender.token:
            self.activity.record_token(sender.name, sender.token, datetime.fromtimestamp(now, UTC))
        return sender, body

    def _address(self, request: web.Request) -> str:
        forwarded = request.headers.get("X-Forwarded-For", "")
        return client_address(request.remote or "", forwarded, self._bridge.trusted_proxies)

    async def _verify(self, request: web.Request, body: bytes, sender: RequestSender) -> bool:
        """Returns whether a request is new, having checked its signature if it needs one.

        Raises:
            EndpointRefusal: it is signed by another, or that can't be found out now.
        """
        now = self._clock()
        try:
            return await self._verifier.is_new(sender.name, request.headers, body, now)
        except Unauthorized as unauthorized:
            if not sender.has_token:
                self._failures.record(self._address(request), now)
                self._record(sender.name, 0, unauthorized.reason)
            raise EndpointRefusal(401, "unauthorized", unauthorized.reason) from None
        except SnsUnavailable as error:
            raise EndpointRefusal(503, "busy", "Amazon can't be reached") from error
        except WebhookRefused as refused:
            raise _unreadable(refused) from refused

    async def _accept(self, request: web.Request, body: bytes, name: str) -> _Accepted:
        """Stores the alerts of a request."""
        settings = self._bridge.integrations[name]
        parsed = WebhookRequest(body, dict(request.headers), dict(request.query))
        try:
            batch = PARSERS[settings.kind](parsed, parse_options(settings))
        except WebhookRefused as refused:
            raise _unreadable(refused) from refused
        own_key = request.headers.get(KEY_HEADERS.get(settings.kind, ""), "")
        key = hook_key(name, request.headers.get(KEY_HEADER, "") or own_key, body)
        results = await self._store(batch, name, key)
        self._record(name, len(results), "")
        for one in results:
            self._metrics.count_alert(name, one.outcome.value)
        return _Accepted(results, batch.skipped)

    async def _store(
        self, batch: AlertBatch, name: str, key: HookKey | None
    ) -> tuple[AlertResult, ...]:
        if not batch.alerts:
            return ()
        if self._intake.waiting > MAX_WAITING:
            raise EndpointRefusal(503, "busy")
        reports = [make_report(one, name, self._bridge, self._receivers) for one in batch.alerts]
        try:
            async with asyncio.timeout(self._accept_seconds):
                return await self._intake.accept(reports, key)
        except TimeoutError as error:
            raise EndpointRefusal(503, "busy") from error
        except DatabaseError as error:
            raise EndpointRefusal(503, "database") from error

    async def _record_refusal(self, name: str, refused: EndpointRefusal) -> None:
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

    def _record_stranger(self, path: RequestPath, unauthorized: Unauthorized) -> None:
        """Records a request that is of no integration where an administrator looks for it."""
        if path.name is not None and path.name in self.activity:
            self._record(path.name, 0, unauthorized.reason)
        elif path.name is not None and unauthorized.owner is not None:
            self._record(unauthorized.owner, 0, UNKNOWN_NAME)

    def _record(self, name: str, accepted: int, reason: str) -> None:
        at = datetime.fromtimestamp(self._clock(), UTC)
        self.activity.record(name, RequestOutcome(at, accepted, reason))


def _unreadable(refused: WebhookRefused) -> EndpointRefusal:
    return EndpointRefusal(STATUS[refused.reason], refused.reason.value, refused.detail)


def _response(answer: HttpAnswer) -> web.Response:
    return web.json_response(answer.content, status=answer.status, headers=answer.headers)
