"""Reads a call of the Web API from any form in which it may arrive. Checks no token."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from kwtsms_sandbox.slack.errors import Refused

# These arguments are JSON inside a form. https://docs.slack.dev/apis/web-api/#post_bodies
_STRUCTURED = ("attachments", "blocks", "files", "metadata", "outputs", "view")


@dataclass(frozen=True, slots=True)
class Call:
    """Method and arguments of a call; the token is kept out of every representation."""

    method: str
    args: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Returns an argument as a string, "" if it is missing."""
        value = self.args.get(name)
        return value if isinstance(value, str) else "" if value is None else str(value)

    def require(self, name: str) -> str:
        """Returns an argument; refused if it is missing."""
        value = self.text(name)
        if not value:
            reason = f"[ERROR] missing required field: {name}"
            raise Refused("invalid_arguments", response_metadata={"messages": [reason]})
        return value

    def flag(self, name: str) -> bool:
        """Returns a boolean in any of the spellings that clients use."""
        return self.args.get(name) in (True, 1, "1", "true", "True")


async def read_call(request: web.Request) -> tuple[Call, str | None]:
    """Reads a request, and returns its call and token."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        args |= await _json(request)
    elif request.can_read_body:
        args |= dict(await request.post())
    token = _bearer(request) or args.pop("token", None)
    args.pop("token", None)
    return Call(request.match_info["method"], _structured(args)), token


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else None


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError:
        raise Refused("invalid_json") from None
    if not isinstance(body, dict):
        raise Refused("json_not_object")
    body.pop("token", None)  # In JSON, a token counts only in the Authorization header.
    return body


def _structured(args: dict[str, Any]) -> dict[str, Any]:
    for name in _STRUCTURED:
        if isinstance(args.get(name), str):
            try:
                args[name] = json.loads(args[name])
            except ValueError:
                code = "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
                raise Refused(code) from None
    return args
