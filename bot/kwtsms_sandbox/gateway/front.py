"""The gateway's HTTP: which requests reach an endpoint, and what the others meet.

What an endpoint answers is decided in `endpoints`, what goes wrong in `faults`.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from kwtsms_sandbox.gateway import answers
from kwtsms_sandbox.gateway.codes import OK
from kwtsms_sandbox.gateway.endpoints import ENDPOINTS, Refused
from kwtsms_sandbox.gateway.faults import BEFORE, Fault, Planned
from kwtsms_sandbox.gateway.journal import Journal
from kwtsms_sandbox.gateway.knobs import Ban
from kwtsms_sandbox.gateway.misbehaviour import CLOSING, Reply, html, misbehave, reset
from kwtsms_sandbox.gateway.reading import ScenarioError, load
from kwtsms_sandbox.gateway.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Visit:
    """One request and its line in the journal."""

    request: web.Request
    endpoint: str
    journal: Journal
    number: int

    def end(self, outcome: str, message_id: str | None = None) -> None:
        """Write down how it ended."""
        self.journal.end(self.number, outcome, message_id)

    @property
    def address(self) -> str:
        """Where it came from."""
        return self.request.remote or ""


class Front:
    """Receives requests for a simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def api(self, request: web.Request) -> web.StreamResponse:
        """Anything under /API/."""
        visit = self._arrive(request, request.match_info["endpoint"])
        refusal = self._turn_away(visit)
        if refusal is not None:
            return refusal
        planned = self._simulation.faults.take(visit.endpoint)
        if planned and planned.fault in BEFORE and planned.fault is not Fault.CODE:
            visit.end(planned.fault)
            return await misbehave(planned.fault, request, None)
        await asyncio.sleep(self._simulation.knobs.latency / 2)
        reply, message_id = await self._carry_out(visit, planned)
        return await self._answer(visit, reply, planned, message_id)

    async def trap(self, request: web.Request) -> web.StreamResponse:
        """Where a followed redirect ends: a lie that no client should believe."""
        visit = self._arrive(request, "trap")
        visit.end("followed a redirect")
        body = {"result": OK, "msg-id": "0" * 32, "numbers": 1, "points-charged": 1}
        return web.json_response(body | {"balance-after": 999999, "available": 999999})

    async def missing(self, request: web.Request) -> web.StreamResponse:
        """Any other address."""
        self._arrive(request, request.path).end("404")
        return html(404, "Not Found").response()

    def _arrive(self, request: web.Request, endpoint: str) -> Visit:
        journal = self._simulation.journal
        at = self._simulation.clock.monotonic()
        number = journal.arrive(endpoint, at, method=request.method, headers=request.headers)
        return Visit(request, endpoint, journal, number)

    def _turn_away(self, visit: Visit) -> web.Response | None:
        """What meets a request that reaches no endpoint, or None."""
        simulation, at = self._simulation, self._simulation.clock.monotonic()
        if not simulation.limiter.admits(visit.address, at, simulation.knobs):
            visit.end("banned")
            if simulation.knobs.ban is Ban.DROP:
                return reset(visit.request)
            return html(403, "Forbidden").response()
        if visit.endpoint not in ENDPOINTS:
            visit.end("404")
            return html(404, "Not Found").response()
        if visit.request.method != "POST":
            visit.end("405")
            return html(405, "Method Not Allowed").response()
        return None

    async def _carry_out(self, visit: Visit, planned: Planned | None) -> tuple[Reply, str | None]:
        """The right answer, and the message id if a send was accepted."""
        payload = _read(await visit.request.read())
        if payload is not None:
            visit.journal.read(visit.number, payload)
        if visit.request.content_type != "application/json":
            # A form, or no type at all: the text API answers, and its answers are bare words.
            visit.end("ERR002")
            return Reply(200, b"ERR002", "text/plain"), None
        if payload is None:
            return self._refuse(visit, "ERR002"), None
        if planned and planned.code:
            return self._refuse(visit, planned.code, planned.http_status), None
        try:
            answer = self._simulation.handle(visit.endpoint, payload, visit.address)
        except Refused as refused:
            return self._refuse(visit, refused.code), None
        return Reply(200, json.dumps(answer).encode()), answer.get("msg-id")

    def _refuse(self, visit: Visit, code: str, status: int | None = None) -> Reply:
        self._simulation.refused(visit.endpoint, code)
        visit.end(code)
        usual, body = answers.error(code, self._simulation.knobs)
        return Reply(status or usual, json.dumps(body).encode())

    async def _answer(
        self, visit: Visit, reply: Reply, planned: Planned | None, message_id: str | None
    ) -> web.StreamResponse:
        held = message_id is not None and self._simulation.holds
        if held and not await self._released(visit.request):
            return reset(visit.request)
        await asyncio.sleep(self._simulation.knobs.latency / 2)
        reply = replace(reply, compressed=self._simulation.knobs.gzip)
        if planned and planned.fault is Fault.SLOW:
            await asyncio.sleep(planned.seconds)
        elif planned and planned.fault is not Fault.CODE:
            visit.end(planned.fault, message_id)
            return await misbehave(planned.fault, visit.request, reply)
        if visit.journal.seen[visit.number].outcome is None:
            visit.end(OK, message_id)
        return reply.response()

    async def _released(self, request: web.Request) -> bool:
        """Wait while answers are held back; False if the gateway closes meanwhile."""
        closing = asyncio.create_task(request.app[CLOSING].wait())
        released = asyncio.create_task(self._simulation.answers_released())
        await asyncio.wait({closing, released}, return_when=asyncio.FIRST_COMPLETED)
        for task in (closing, released):
            task.cancel()
        return released.done() and not released.cancelled()


def _read(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object in a body, if there is one."""
    try:
        payload = load(body)
    except ScenarioError:
        return None
    return payload if isinstance(payload, dict) else None
