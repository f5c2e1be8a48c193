"""The API's routes on the bridge's endpoint: each message is stored before it is answered."""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from aiohttp import web

from kwtsms_bot.bridge.authentication import (
    FailureLimit,
    TokenTable,
    Unauthorized,
    client_address,
    find_credentials,
    is_within,
)
from kwtsms_bot.bridge.hooks.request_body import EndpointRefusal, read_body
from kwtsms_bot.bridge.send_api.answer import (
    MessageStatus,
    accepted_message,
    error_answer,
    list_answer,
    message_answer,
)
from kwtsms_bot.bridge.send_api.body import KEY_HEADER, RequestBody, parse_body
from kwtsms_bot.bridge.send_api.errors import ERRORS, ApiError, ErrorCode
from kwtsms_bot.bridge.send_api.openapi import DOCUMENT_PATH, make_document
from kwtsms_bot.bridge.send_api.request import (
    MessageRequest,
    new_message,
    read_reference,
    read_request,
)
from kwtsms_bot.bridge.send_api.store.answers import ApiCall, StoredAnswer
from kwtsms_bot.bridge.send_api.store.intake import ApiIntake
from kwtsms_bot.bridge.send_api.store.messages import ApiMessages
from kwtsms_bot.bridge.send_api.terms import ApiTerms
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.logs import LogThrottle
from kwtsms_bot.monitoring.api_metrics import ApiMetrics
from kwtsms_bot.outbox.audit import Actor
from kwtsms_bot.outbox.unknown.cancellation import Cancellation

MAX_BODY = 256 * 1024
ACCEPT_SECONDS = 10.0  # Then the outcome is not known to the application, and the work goes on.
MAX_WORKING = 500  # Requests at work; more are asked to try again.
REFUSAL_SECONDS = 1.0  # A client that guesses tokens waits for each answer.
REPLAYED_HEADER = "Idempotent-Replayed"
JSON_TYPE = "application/json"
MESSAGE_ID = re.compile(r"[0-9A-Z]{1,16}")
Handler = Callable[[web.Request, ApiTerms, str], Awaitable[web.Response]]
log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """Returns the current time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ApiTiming:
    """The clock of the API, and how long it waits."""

    clock: Callable[[], datetime] = utc_now
    refusal_seconds: float = REFUSAL_SECONDS
    accept_seconds: float = ACCEPT_SECONDS


@dataclass(frozen=True, slots=True)
class ApiStores:
    """The stores of the API."""

    intake: ApiIntake
    messages: ApiMessages
    cancellation: Cancellation


class SendApi:
    """The routes of the API, for applications with a token of their own."""

    def __init__(
        self,
        bridge: BridgeSettings,
        terms: Mapping[str, ApiTerms],
        stores: ApiStores,
        *,
        on_change: Callable[[], None] = lambda: None,
        timing: ApiTiming | None = None,
        metrics: ApiMetrics | None = None,
    ) -> None:
        self._bridge, self._terms = bridge, terms
        self._stores, self._on_change = stores, on_change
        self._timing = timing or ApiTiming()
        self._tokens, self._failures = TokenTable(bridge.api), FailureLimit()
        self._throttle = LogThrottle()
        self._metrics = metrics or ApiMetrics(bridge.api, codes=ErrorCode)
        self._working: set[asyncio.Task[StoredAnswer]] = set()
        self._keys: set[tuple[str, str]] = set()  # Of requests at work.
        self._document = make_document()

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The routes, for a server's application."""
        message = "/v1/messages/{id}"
        return (
            web.get(DOCUMENT_PATH, self._show_document, allow_head=False),
            *_only(DOCUMENT_PATH, "GET"),
            web.post("/v1/messages", self._authorized(self._send)),
            web.get("/v1/messages", self._authorized(self._list), allow_head=False),
            *_only("/v1/messages", "GET, POST"),
            web.get(message, self._authorized(self._show), allow_head=False),
            *_only(message, "GET"),
            web.post(f"{message}/cancel", self._authorized(self._cancel)),
            *_only(f"{message}/cancel", "POST"),
            web.route("*", "/v1{rest:(/.*)?}", _not_found),
        )

    async def _show_document(self, _: web.Request) -> web.Response:
        return web.json_response(self._document)

    def _authorized(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Returns a handler for requests with a token; each refusal of them is an answer."""

        async def handle(request: web.Request) -> web.Response:
            request_id, begun = _new_request_id(), time.perf_counter()
            terms: ApiTerms | None = None
            try:
                terms = await self._authenticate(request)
                return await handler(request, terms, request_id)
            except ApiError as error:
                self._report(error, terms, request_id)
                return _refusal(error, request_id)
            except DatabaseError as error:
                log.error("database failed", error=type(error).__name__, request=request_id)
                refused = ApiError(ErrorCode.DATABASE)
                self._report(refused, terms, request_id)
                return _refusal(refused, request_id)
            finally:
                if terms is not None:
                    self._metrics.observe(time.perf_counter() - begun)

        return handle

    def _report(self, error: ApiError, terms: ApiTerms | None, request_id: str) -> None:
        name = terms.name if terms else None
        self._metrics.count_refusal(name, error.code)
        if count := self._throttle.count_due(f"{name} {error.code}"):
            facts = {"application": name, "error": error.code.value, "request": request_id}
            log.info("api request refused", **facts, count=count)

    async def _authenticate(self, request: web.Request) -> ApiTerms:
        now = self._timing.clock().timestamp()
        forwarded = request.headers.get("X-Forwarded-For", "")
        proxies = self._bridge.trusted_proxies
        address = client_address(request.remote or "", forwarded, proxies)
        if self._failures.is_exhausted(address, now):
            await asyncio.sleep(self._timing.refusal_seconds)
            raise ApiError(ErrorCode.UNAUTHORIZED)
        try:
            name = self._tokens.integration(find_credentials(request.headers), None)
            self._check_address(name, address)
        except Unauthorized:
            self._failures.record(address, now)
            raise ApiError(ErrorCode.UNAUTHORIZED) from None
        return self._terms[name]

    def _check_address(self, name: str, address: str) -> None:
        allowed = self._bridge.api[name].allow
        if allowed and not is_within(address, allowed):
            raise Unauthorized("an address that is not in allow")

    async def _send(self, request: web.Request, terms: ApiTerms, request_id: str) -> web.Response:
        body = parse_body(await _read(request), request.headers.get(KEY_HEADER))
        call = ApiCall(terms, self._timing.clock(), request_id, body.key)
        if body.fields.get("dry_run") is True:
            wanted = read_request(body.fields, terms)
            return web.json_response(_dry_run(wanted, call))
        stored = await self._work_once(call, body)
        headers = {REPLAYED_HEADER: "true"} if stored.replayed else {}
        if ref := stored.content.get("id"):
            headers["Location"] = f"/v1/messages/{ref}"
        return web.json_response(stored.content, status=stored.status, headers=headers)

    async def _work_once(self, call: ApiCall, body: RequestBody) -> StoredAnswer:
        """Accepts a request, or answers it as before; of several with a key, one at a time.

        A client that stops waiting changes nothing: the work goes on, and a retry is a repeat.
        """
        key = (call.terms.name, call.key.key_hash) if call.key else None
        if key in self._keys:
            raise ApiError(ErrorCode.IN_PROGRESS)
        if len(self._working) >= MAX_WORKING:
            raise ApiError(ErrorCode.BUSY)
        task = asyncio.create_task(self._work(call, body))
        self._working.add(task)
        if key is not None:
            self._keys.add(key)

        def finish(done: asyncio.Task[StoredAnswer]) -> None:
            self._working.discard(done)
            if key is not None:
                self._keys.discard(key)
            if not done.cancelled():
                done.exception()  # Somebody who has stopped waiting does not retrieve it.

        task.add_done_callback(finish)
        try:
            async with asyncio.timeout(self._timing.accept_seconds):
                return await asyncio.shield(task)
        except TimeoutError:
            raise ApiError(ErrorCode.DATABASE) from None

    async def _work(self, call: ApiCall, body: RequestBody) -> StoredAnswer:
        try:
            request = read_request(body.fields, call.terms)
        except ApiError as error:
            if call.key is None:
                raise
            return self._counted(await self._stores.intake.remember(call, error), call, error)
        stored = await self._stores.intake.accept(call, request)
        if not stored.replayed:
            self._metrics.count_message(call.terms.name)
            self._on_change()
        return self._counted(stored, call)

    def _counted(
        self, stored: StoredAnswer, call: ApiCall, error: ApiError | None = None
    ) -> StoredAnswer:
        if stored.replayed:
            self._metrics.count_replay(call.terms.name)
        elif error is not None:
            self._report(error, call.terms, call.id)
        return stored

    async def _show(self, request: web.Request, terms: ApiTerms, request_id: str) -> web.Response:
        found = await self._find(request, terms)
        return web.json_response(message_answer(found, request_id))

    async def _list(self, request: web.Request, terms: ApiTerms, request_id: str) -> web.Response:
        reference = read_reference(request.query.items())
        found = await self._stores.messages.find_by_reference(terms.author, reference)
        return web.json_response(list_answer(found, request_id))

    async def _cancel(self, request: web.Request, terms: ApiTerms, request_id: str) -> web.Response:
        found = await self._find(request, terms)
        actor = Actor(terms.author, request=request_id)
        done = await self._stores.cancellation.cancel(found.id, self._timing.clock(), actor)
        if done.count:
            self._on_change()
        found = await self._find(request, terms)
        if not done.count and found.status != "cancelled":
            raise ApiError(ErrorCode.ALREADY_SENT)
        return web.json_response(message_answer(found, request_id))

    async def _find(self, request: web.Request, terms: ApiTerms) -> MessageStatus:
        ref = request.match_info["id"]
        if not MESSAGE_ID.fullmatch(ref):
            raise ApiError(ErrorCode.NOT_FOUND)
        found = await self._stores.messages.find(terms.author, ref)
        if found is None:
            raise ApiError(ErrorCode.NOT_FOUND)
        return found


def _dry_run(wanted: MessageRequest, call: ApiCall) -> dict[str, Any]:
    new = new_message(wanted, call.terms, now=call.at, request_id=call.id)
    return message_answer(accepted_message(wanted, new, ref="", at=call.at), call.id)


async def _read(request: web.Request) -> bytes:
    """Returns the body, within its limits.

    Raises:
        ApiError: it is too large, too slow, compressed, or no JSON by its type.
    """
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise ApiError(ErrorCode.UNSUPPORTED_TYPE, "The body is compressed: turn it off.")
    if request.content_type != JSON_TYPE:
        raise ApiError(ErrorCode.UNSUPPORTED_TYPE, f"Send the body as {JSON_TYPE}.")
    try:
        return await read_body(request, MAX_BODY)
    except EndpointRefusal as refused:
        too_large = refused.status == ERRORS[ErrorCode.TOO_LARGE].status
        raise ApiError(ErrorCode.TOO_LARGE if too_large else ErrorCode.TOO_SLOW) from None


def _only(path: str, methods: str) -> tuple[web.RouteDef, ...]:
    """The route that refuses other methods of an address."""

    async def refuse(_: web.Request) -> web.Response:
        refused = _refusal(ApiError(ErrorCode.METHOD_NOT_ALLOWED), _new_request_id())
        refused.headers["Allow"] = methods
        return refused

    return (web.route("*", path, refuse),)


async def _not_found(_: web.Request) -> web.Response:
    error = ApiError(ErrorCode.NOT_FOUND, "There is no such address. See /v1/openapi.json.")
    return _refusal(error, _new_request_id())


def _refusal(error: ApiError, request_id: str) -> web.Response:
    answer = web.json_response(error_answer(error, request_id), status=error.status)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    if error.code is ErrorCode.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _new_request_id() -> str:
    return f"rq_{secrets.token_hex(4)}"
