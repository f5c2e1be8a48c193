"""HTTP handlers for response_urls and file uploads."""

import json

from aiohttp import web

from kwtsms_sandbox.slack.errors import Refused
from kwtsms_sandbox.slack.message_content import read_content
from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.response_urls import ResponseUrls
from kwtsms_sandbox.slack.web.api import WebApi, drop_connection, ratelimited
from kwtsms_sandbox.slack.web.faults import ConnectionDrop, Fault
from kwtsms_sandbox.slack.workspace import Workspace

_GONE = {"used_url", "expired_url", "no_service"}
METHOD = "response_url"  # the name under which faults apply to response_urls


class ResponseUrlApi:
    """HTTP handler of response_urls."""

    def __init__(self, response_urls: ResponseUrls, web_api: WebApi) -> None:
        self._response_urls = response_urls
        self._web_api = web_api

    async def handle(self, request: web.Request) -> web.Response:
        """Handles POST /commands/<id> or /actions/<id>."""
        fault = self._web_api.faults.next(METHOD) or Fault()
        await fault.wait()
        if fault.retry_after is not None:
            return ratelimited(fault.retry_after)
        if fault.status or fault.error:
            return _refusal(fault.error or "fault", fault.status or 404)
        if fault.drop is ConnectionDrop.BEFORE:
            drop_connection(request)
            return web.Response()
        response = await self._answer(request)
        if fault.drop is ConnectionDrop.AFTER:
            drop_connection(request)
        return response

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            body = await _body(request)
            content = read_content(body)
            self._response_urls.answer(
                self._response_urls.use(request.match_info["hook"]), body, content
            )
        except Refused as refusal:
            return _refusal(refusal.code, 404 if refusal.code in _GONE else 400)
        return web.Response(text="ok")


class UploadApi:
    """HTTP handler of file uploads."""

    def __init__(self, space: Workspace) -> None:
        self._space = space

    async def handle(self, request: web.Request) -> web.Response:
        """Handles POST /upload/<file id>, with the bytes as the body or as a form's file."""
        content = await _uploaded(request)
        try:
            self._space.files.receive(request.match_info["file"], content)
        except Refused as refusal:
            return web.Response(status=400, text=refusal.code)
        return web.Response(text=f"OK - {len(content)}")


async def _uploaded(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    form = await request.post()
    fields = [field for field in form.values() if isinstance(field, web.FileField)]
    return fields[0].file.read() if fields else b""


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise Refused("invalid_payload") from None
    if not isinstance(body, dict):
        raise Refused("invalid_payload")
    return body


def _refusal(code: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": code}, status=status)
