"""The page's server: its files, one stream of updates, and the actions of its users.

Serves a gateway and a Slack in the same process. Anyone who can open the page may act as any user
of the workspace, so it is on loopback only (see `origin_check`).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, web

from kwtsms_sandbox.gateway import Gateway
from kwtsms_sandbox.page.actions import ACTIONS, ActionRequest, InvalidActionError
from kwtsms_sandbox.page.alert_tools import AlertsNotSent, AlertToolsOfPage
from kwtsms_sandbox.page.broadcast import Broadcaster, Viewer
from kwtsms_sandbox.page.origin_check import add_security_headers, check_origin
from kwtsms_sandbox.page.suggestions import Guide
from kwtsms_sandbox.page.view_model import ViewModel
from kwtsms_sandbox.slack import SlackSandbox, User
from kwtsms_sandbox.slack.errors import Refused

STATIC = Path(__file__).with_name("static")
MAX_BODY = 64 * 1024  # Bytes of one action.
MAX_FROM_PAGE = 64  # The page sends nothing over its socket.
HEARTBEAT = 20.0
PAGE_TAGS = {"en": '<html lang="en">', "ar": '<html lang="ar" dir="rtl">'}


class PageServer:
    """Page of one gateway and one Slack; `app()` is what is served."""

    def __init__(
        self,
        *,
        gateway: Gateway,
        slack: SlackSandbox,
        guide: Guide | None = None,
        alert_tools: AlertToolsOfPage | None = None,
    ) -> None:
        self._alert_tools = alert_tools
        self._view_model = ViewModel(gateway, slack, guide or Guide())
        self._broadcaster = Broadcaster(self._view_model)
        self._sockets: set[web.WebSocketResponse] = set()

    def app(self) -> web.Application:
        """Returns the page as an aiohttp application."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[check_origin])
        app.on_response_prepare.append(add_security_headers)
        app.cleanup_ctx.append(self._listening)
        app.on_shutdown.append(self._close_sockets)
        app.router.add_get("/", self._index)
        app.router.add_static("/static/", STATIC)
        app.router.add_get("/events", self._events)
        app.router.add_post("/act/{name}", self._run_action)
        app.router.add_get("/files/{id}", self._file)
        return app

    async def _listening(self, _: web.Application) -> AsyncIterator[None]:
        async with self._broadcaster.listening():
            yield

    async def _close_sockets(self, _: web.Application) -> None:
        await asyncio.gather(
            *(socket.close(code=WSCloseCode.GOING_AWAY) for socket in self._sockets)
        )

    async def _index(self, _: web.Request) -> web.Response:
        text = (STATIC / "index.html").read_text(encoding="utf-8")
        tag = PAGE_TAGS[self._view_model.guide.language]
        return web.Response(text=text.replace(PAGE_TAGS["en"], tag, 1), content_type="text/html")

    # Updates

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_FROM_PAGE)
        await socket.prepare(request)
        viewer = self._broadcaster.join(
            self._person(request.query.get("as")) or self._view_model.first_person()
        )
        sending = asyncio.create_task(self._send_updates(socket, viewer))
        receiving = asyncio.create_task(socket.receive())  # The page sends only its close.
        self._sockets.add(socket)
        try:
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._broadcaster.leave(viewer)
            self._sockets.discard(socket)
            sending.cancel()
        await socket.close()
        return socket

    async def _send_updates(self, socket: web.WebSocketResponse, viewer: Viewer) -> None:
        with suppress(ConnectionError):  # The page was closed during an update.
            while True:
                topics = await viewer.topics()
                updates = [self._view_model.render(topic, viewer.me) for topic in topics]
                await socket.send_str(json.dumps(updates, ensure_ascii=False))

    # Actions

    async def _run_action(self, request: web.Request) -> web.Response:
        action = ACTIONS.get(request.match_info["name"])
        if action is None:
            return _answer(404, error=f"expected one of {', '.join(ACTIONS)}")
        if request.content_type != "application/json":
            return _answer(415, error="expected Content-Type: application/json")
        try:
            interaction = await action(self._read_request(await request.read()))
        except InvalidActionError as error:
            return _answer(400, error=str(error))
        # Slack would not allow it, or the app did not accept an alert.
        except (LookupError, ValueError, Refused, AlertsNotSent) as error:
            return _answer(409, error=str(error.args[0]))
        return _answer(200, error=interaction.error if interaction else None)

    def _read_request(self, body: bytes) -> ActionRequest:
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise InvalidActionError("expected JSON") from error
        if not isinstance(fields, dict):
            raise InvalidActionError("expected an object")
        me = self._person(fields.get("as"))
        if me is None:
            raise InvalidActionError("as: expected somebody of this workspace")
        return ActionRequest(self._view_model, me, fields, self._alert_tools)

    def _person(self, user_id: Any) -> User | None:
        return next((user for user in self._view_model.people() if user.id == user_id), None)

    async def _file(self, request: web.Request) -> web.Response:
        try:
            file = self._view_model.slack.space.files[request.match_info["id"]]
        except KeyError:
            raise web.HTTPNotFound from None
        headers = {"Content-Disposition": "attachment", "Content-Type": "application/octet-stream"}
        return web.Response(body=file.content or b"", headers=headers)


def _answer(status: int, *, error: str | None) -> web.Response:
    body: Mapping[str, Any] = {"error": error}
    return web.json_response(body, status=status)
