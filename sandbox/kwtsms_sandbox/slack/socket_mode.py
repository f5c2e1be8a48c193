"""Socket Mode: accepts the app's WebSockets, and sends each envelope to one of them.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from kwtsms_sandbox.slack.envelopes import AckFailure, Envelope, EnvelopeKind, Reply
from kwtsms_sandbox.slack.event_feed import Feed, Kind
from kwtsms_sandbox.slack.models import APP_ID, Json
from kwtsms_sandbox.slack.web.request import Call
from kwtsms_sandbox.slack.workspace import Workspace

MAX_CONNECTIONS = 10
CONNECTION_SECONDS = 18_060  # as Slack announces it; the sandbox never ends a connection for it


@dataclass(eq=False, slots=True)
class Connection:
    """Open WebSocket of the app."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    number: int
    silent: bool = False
    retiring: bool = False


@dataclass(slots=True)
class Sockets:
    """The app's connections; envelopes go to them in rotation."""

    feed: Feed
    connections: list[Connection] = field(default_factory=list)
    _tickets: set[str] = field(default_factory=set)
    _waiting: dict[str, asyncio.Future[Reply]] = field(default_factory=dict)
    _count: int = 0
    _next_index: int = 0

    def open(self, space: Workspace, call: Call) -> Json:  # noqa: ARG002  every method has these two
        """Answers apps.connections.open: returns a WebSocket address that is valid once."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        address = space.url.replace("http", "ws", 1)
        return {"url": f"{address}/link/?ticket={ticket}&app_id={APP_ID}"}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Handles GET /link/, the WebSocket itself."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="the ticket is unknown or used")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self._count += 1
        connection = Connection(socket, request.transport, self._count)
        if len(self.connections) >= MAX_CONNECTIONS:
            await _disconnect(connection, "too_many_websockets")
            await socket.close()
            return socket
        await self._serve(connection)
        return socket

    async def _serve(self, connection: Connection) -> None:
        self.connections.append(connection)
        try:
            await _say_hello(connection, len(self.connections))
            self.feed.publish(Kind.CONNECTED, connection.number)
            async for message in connection.socket:
                await self._receive(connection, message)
        except ConnectionError:
            pass  # The peer is gone; the next lines publish that.
        finally:
            self.connections.remove(connection)
            self.feed.publish(Kind.DISCONNECTED, connection.number)

    async def _receive(self, connection: Connection, message: WSMessage) -> None:
        if connection.silent:
            return
        if message.type is WSMsgType.PING:
            await connection.socket.pong(message.data)
        if message.type is WSMsgType.TEXT:
            self._acknowledge(message.data)

    def _acknowledge(self, text: str) -> None:
        try:
            ack: Any = json.loads(text)
        except ValueError:
            ack = None
        if not isinstance(ack, dict):
            return  # Slack ignores anything else.
        # An acknowledgement counts on any connection: after a refresh it comes on the new one.
        waiting = self._waiting.pop(str(ack.get("envelope_id")), None)
        if waiting and not waiting.done():
            payload = ack.get("payload")
            waiting.set_result(Reply(payload=payload if isinstance(payload, dict) else None))

    async def deliver(self, envelope: Envelope, *, within: float) -> Reply:
        """Sends one envelope to one connection, and returns the app's answer."""
        connection = self._next()
        if connection is None:
            return Reply(error=AckFailure.FAILED)
        envelope_id = secrets.token_hex(16)
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = waiting
        try:
            async with asyncio.timeout(within):
                if not connection.silent:
                    await connection.socket.send_json(_enveloped(envelope, envelope_id))
                reply = await waiting
        except (TimeoutError, ConnectionError):
            return Reply(error=AckFailure.TIMEOUT)
        finally:
            self._waiting.pop(envelope_id, None)
        return reply if envelope.accepts_response else Reply()

    def _next(self) -> Connection | None:
        able = [one for one in self.connections if not one.retiring]
        self._next_index += 1
        return able[self._next_index % len(able)] if able else None

    async def refresh(self) -> None:
        """Asks the app to reconnect, as Slack does every few hours."""
        for connection in list(self.connections):
            connection.retiring = True
            await _disconnect(connection, "refresh_requested")

    async def close(self) -> None:
        """Closes the connections with a close frame, as Slack does."""
        for connection in list(self.connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)

    def abort(self) -> None:
        """Breaks the connections like a network failure, without a close frame."""
        for connection in list(self.connections):
            if connection.transport is not None:
                connection.transport.abort()

    def silence(self) -> None:
        """Makes the connections seem open while nothing passes in either direction."""
        for connection in self.connections:
            connection.silent = True


async def _say_hello(connection: Connection, number: int) -> None:
    hello = {
        "type": "hello",
        "num_connections": number,
        "debug_info": {
            "host": "applink-sandbox",
            "build_number": 1,
            "approximate_connection_time": CONNECTION_SECONDS,
        },
        "connection_info": {"app_id": APP_ID},
    }
    await connection.socket.send_json(hello)


async def _disconnect(connection: Connection, reason: str) -> None:
    message = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}}
    await connection.socket.send_json(message)


def _enveloped(envelope: Envelope, envelope_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "envelope_id": envelope_id,
        "type": envelope.kind.value,
        "payload": envelope.payload,
        "accepts_response_payload": envelope.accepts_response,
    }
    if envelope.kind is EnvelopeKind.EVENT:
        body |= {"retry_attempt": envelope.retry, "retry_reason": envelope.retry_reason}
    return body
