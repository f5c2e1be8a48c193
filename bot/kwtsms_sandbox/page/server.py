"""The page's server: its files, one stream of what happens, and orders that people give.

It stands around a gateway and a Slack in the same process. Whoever may open it may act as anybody
in the workspace: it is a stage, on loopback only (see `guard`).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, web

from kwtsms_sandbox.gateway import Gateway
from kwtsms_sandbox.slack import SlackSandbox, User
from kwtsms_sandbox.slack.refusal import Refused

from .acts import ACTS, BadOrderError, Order
from .guard import dress, guard
from .hub import Hub, Viewer
from .offers import COMMANDS, Hint, Shortcut
from .scene import Scene

STATIC = Path(__file__).with_name("static")
MAX_BODY = 64 * 1024  # Bytes of one order.
MAX_FROM_PAGE = 64  # The page says nothing over its socket.
HEARTBEAT = 20.0


class PageServer:
    """The page for one gateway and one Slack; `app()` is what is served."""

    def __init__(
        self,
        *,
        gateway: Gateway,
        slack: SlackSandbox,
        commands: Sequence[Hint] = COMMANDS,
        shortcuts: Sequence[Shortcut] = (),
    ) -> None:
        self._scene = Scene(gateway, slack, commands=commands, shortcuts=shortcuts)
        self._hub = Hub(self._scene)
        self._sockets: set[web.WebSocketResponse] = set()

    def app(self) -> web.Application:
        """The page as an aiohttp application."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[guard])
        app.on_response_prepare.append(dress)
        app.cleanup_ctx.append(self._listening)
        app.on_shutdown.append(self._hang_up)
        app.router.add_get("/", _index)
        app.router.add_static("/static/", STATIC)
        app.router.add_get("/events", self._events)
        app.router.add_post("/act/{name}", self._act)
        app.router.add_get("/files/{id}", self._file)
        return app

    async def _listening(self, _: web.Application) -> AsyncIterator[None]:
        async with self._hub.listening():
            yield

    async def _hang_up(self, _: web.Application) -> None:
        await asyncio.gather(
            *(socket.close(code=WSCloseCode.GOING_AWAY) for socket in self._sockets)
        )

    # What happens

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_FROM_PAGE)
        await socket.prepare(request)
        viewer = self._hub.join(self._person(request.query.get("as")) or self._scene.people()[0])
        telling = asyncio.create_task(self._tell(socket, viewer))
        hearing = asyncio.create_task(socket.receive())  # The page says nothing but goodbye.
        self._sockets.add(socket)
        try:
            await asyncio.wait({telling, hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.leave(viewer)
            self._sockets.discard(socket)
            telling.cancel()
        await socket.close()
        return socket

    async def _tell(self, socket: web.WebSocketResponse, viewer: Viewer) -> None:
        with suppress(ConnectionError):  # The page was closed while it was being told.
            while True:
                topics = await viewer.topics()
                news = [self._scene.draw(topic, viewer.me) for topic in topics]
                await socket.send_str(json.dumps(news, ensure_ascii=False))

    # What people do

    async def _act(self, request: web.Request) -> web.Response:
        act = ACTS.get(request.match_info["name"])
        if act is None:
            return _answer(404, error=f"expected one of {', '.join(ACTS)}")
        if request.content_type != "application/json":
            return _answer(415, error="expected Content-Type: application/json")
        try:
            interaction = await act(self._order(await request.read()))
        except BadOrderError as error:
            return _answer(400, error=str(error))
        except (LookupError, ValueError, Refused) as error:  # What Slack's window would not allow.
            return _answer(409, error=str(error.args[0]))
        return _answer(200, error=interaction.error if interaction else None)

    def _order(self, body: bytes) -> Order:
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadOrderError("expected JSON") from error
        if not isinstance(fields, dict):
            raise BadOrderError("expected an object")
        me = self._person(fields.get("as"))
        if me is None:
            raise BadOrderError("as: expected somebody of this workspace")
        return Order(self._scene, me, fields)

    def _person(self, user_id: Any) -> User | None:
        return next((user for user in self._scene.people() if user.id == user_id), None)

    async def _file(self, request: web.Request) -> web.Response:
        try:
            file = self._scene.slack.space.files[request.match_info["id"]]
        except KeyError:
            raise web.HTTPNotFound from None
        headers = {"Content-Disposition": "attachment", "Content-Type": "application/octet-stream"}
        return web.Response(body=file.content or b"", headers=headers)


async def _index(_: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "index.html")


def _answer(status: int, *, error: str | None) -> web.Response:
    body: Mapping[str, Any] = {"error": error}
    return web.json_response(body, status=status)
