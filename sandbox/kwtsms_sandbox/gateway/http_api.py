"""The gateway's HTTP handlers: pass requests to endpoints, and answer those that reach none.

`endpoints` decides the answers, `fault_plan` the faults.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from kwtsms_sandbox.gateway import responses
from kwtsms_sandbox.gateway.behaviour import Ban
from kwtsms_sandbox.gateway.codes import OK
from kwtsms_sandbox.gateway.endpoints import ENDPOINTS, Refused
from kwtsms_sandbox.gateway.fault_injection import CLOSING, Reply, html, inject_fault, reset
from kwtsms_sandbox.gateway.fault_plan import BEFORE, Fault, PlannedFault
from kwtsms_sandbox.gateway.json_reader import ScenarioError, load
from kwtsms_sandbox.gateway.request_log import RequestLog
from kwtsms_sandbox.gateway.simulation import Simulation


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """Request and its number in the request log."""

    request: web.Request
    endpoint: str
    request_log: RequestLog
    number: int

    def finish(self, outcome: str, message_id: str | None = None) -> None:
        """Records the outcome."""
        self.request_log.record_outcome(self.number, outcome, message_id)

    @property
    def address(self) -> str:
        """The client's address."""
        return self.request.remote or ""


class HttpApi:
    """HTTP handlers of one simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def handle_api(self, request: web.Request) -> web.StreamResponse:
        """Handles any path under /API/."""
        record = self._start_record(request, request.match_info["endpoint"])
        refusal = self._reject_early(record)
        if refusal is not None:
            return refusal
        planned = self._simulation.faults.consume(record.endpoint)
        if planned and planned.fault in BEFORE and planned.fault is not Fault.CODE:
            record.finish(planned.fault)
            return await inject_fault(planned.fault, request, None)
        await asyncio.sleep(self._simulation.behaviour.latency / 2)
        reply, message_id = await self._process(record, planned)
        return await self._respond(record, reply, planned, message_id)

    async def handle_trap(self, request: web.Request) -> web.StreamResponse:
        """Handles a followed redirect: returns a false success that no client should believe."""
        record = self._start_record(request, "trap")
        record.finish("followed a redirect")
        body = {"result": OK, "msg-id": "0" * 32, "numbers": 1, "points-charged": 1}
        return web.json_response(body | {"balance-after": 999999, "available": 999999})

    async def handle_not_found(self, request: web.Request) -> web.StreamResponse:
        """Handles any other path with a 404."""
        self._start_record(request, request.path).finish("404")
        return html(404, "Not Found").response()

    def _start_record(self, request: web.Request, endpoint: str) -> RequestRecord:
        request_log = self._simulation.request_log
        at = self._simulation.clock.monotonic()
        number = request_log.record_start(
            endpoint, at, method=request.method, headers=request.headers
        )
        return RequestRecord(request, endpoint, request_log, number)

    def _reject_early(self, record: RequestRecord) -> web.Response | None:
        """Returns the answer to a request that reaches no endpoint, or None."""
        simulation, at = self._simulation, self._simulation.clock.monotonic()
        if not simulation.rate_limiter.try_acquire(record.address, at, simulation.behaviour):
            record.finish("banned")
            if simulation.behaviour.ban is Ban.DROP:
                return reset(record.request)
            return html(403, "Forbidden").response()
        if record.endpoint not in ENDPOINTS:
            record.finish("404")
            return html(404, "Not Found").response()
        if record.request.method != "POST":
            record.finish("405")
            return html(405, "Method Not Allowed").response()
        return None

    async def _process(
        self, record: RequestRecord, planned: PlannedFault | None
    ) -> tuple[Reply, str | None]:
        """Returns the normal answer, and the message id if a send was accepted."""
        payload = _read(await record.request.read())
        if payload is not None:
            record.request_log.record_payload(record.number, payload)
        if record.request.content_type != "application/json":
            # A form, or no type at all: the text API answers, with a bare code instead of JSON.
            record.finish("ERR002")
            return Reply(200, b"ERR002", "text/plain"), None
        if payload is None:
            return self._refuse(record, "ERR002"), None
        if planned and planned.code:
            return self._refuse(record, planned.code, planned.http_status), None
        try:
            answer = self._simulation.handle(record.endpoint, payload, record.address)
        except Refused as refused:
            return self._refuse(record, refused.code), None
        return Reply(200, json.dumps(answer).encode()), answer.get("msg-id")

    def _refuse(self, record: RequestRecord, code: str, status: int | None = None) -> Reply:
        self._simulation.publish_refusal(record.endpoint, code)
        record.finish(code)
        usual, body = responses.error(code, self._simulation.behaviour)
        return Reply(status or usual, json.dumps(body).encode())

    async def _respond(
        self,
        record: RequestRecord,
        reply: Reply,
        planned: PlannedFault | None,
        message_id: str | None,
    ) -> web.StreamResponse:
        withheld = message_id is not None and self._simulation.is_withholding
        if withheld and not await self._wait_for_release(record.request):
            return reset(record.request)
        await asyncio.sleep(self._simulation.behaviour.latency / 2)
        reply = replace(reply, compressed=self._simulation.behaviour.gzip)
        if planned and planned.fault is Fault.SLOW:
            await asyncio.sleep(planned.seconds)
        elif planned and planned.fault is not Fault.CODE:
            record.finish(planned.fault, message_id)
            return await inject_fault(planned.fault, record.request, reply)
        if record.request_log.requests[record.number].outcome is None:
            record.finish(OK, message_id)
        return reply.response()

    async def _wait_for_release(self, request: web.Request) -> bool:
        """Waits while answers are withheld; returns False if the gateway closes meanwhile."""
        closing = asyncio.create_task(request.app[CLOSING].wait())
        released = asyncio.create_task(self._simulation.wait_until_released())
        await asyncio.wait({closing, released}, return_when=asyncio.FIRST_COMPLETED)
        for task in (closing, released):
            task.cancel()
        return released.done() and not released.cancelled()


def _read(body: bytes) -> Mapping[str, Any] | None:
    """Returns the JSON object in a body, or None."""
    try:
        payload = load(body)
    except ScenarioError:
        return None
    return payload if isinstance(payload, dict) else None
