"""A file with the body of a request, as the request that a tool would make of it.

Keys that begin with `_` are remarks about the request: `_method`, `_headers`, `_content_type`,
`_fields` of a form and `_body` as text. They are never part of the body. Placeholders of
Healthchecks in `_body` are filled in with a check that is down.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from kwtsms_bot.bridge.integrations.request import MAX_BODY, WebhookRequest
from kwtsms_client import InvalidInput

STDIN = "-"
METHODS = ("POST", "PUT", "GET")
_FORM = "application/x-www-form-urlencoded"
# What belongs to the connection, or would replace the caller's own token.
_DROPPED_HEADERS = frozenset(
    {"authorization", "connection", "content-length", "host", "transfer-encoding", "x-api-key"}
)
# https://healthchecks.io/docs/configuring_notifications/
_PLACEHOLDERS = {
    "NAME_JSON": '"Example check"',
    "NAME": "Example check",
    "STATUS": "down",
    "CODE": "00000000-0000-4000-8000-000000000000",
    "NOW": "",
    "TAGS": "",
    "EXITSTATUS": "",
    "JSON": "{}",
}
_PLACEHOLDER = re.compile(rf"\$({'|'.join(_PLACEHOLDERS)})\b")
_BOUNDARY = re.compile(rb"--([^\r\n]{1,70})\r?\n")
_FIELD = re.compile(rb"[\w.-]{1,64}=")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """Request of a tool as it was saved, without its credentials."""

    method: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    def as_webhook(self) -> WebhookRequest:
        """Returns it as the parsers read it."""
        return WebhookRequest(self.body, self.headers, self.query)


def read_request(file: str, content_type: str | None = None) -> RecordedRequest:
    """Reads a request; its media type is the given one, else what it looks like.

    Raises:
        InvalidInput: the file can't be read.
    """
    try:
        body = _read(file)
    except OSError as error:
        raise InvalidInput(f"{file} can't be read: {error.strerror}.") from error
    return to_request(body, content_type)


def to_request(content: bytes, content_type: str | None = None) -> RecordedRequest:
    """Returns the request that the content of a file describes."""
    remarks, body = _split(content)
    method = str(remarks.get("_method", "")).upper()
    method = method if method in METHODS else "POST"
    written = _mapping(remarks.get("_headers"))
    headers = {name: text for name, text in written.items() if _is_sent(name, text)}
    fields = _mapping(remarks.get("_fields"))
    if method == "GET":
        return RecordedRequest(method, b"", headers, fields)
    body = urlencode(fields).encode() if fields else body
    media_type = content_type or _media_type(remarks, headers) or guess_content_type(body)
    others = {name: text for name, text in headers.items() if name.lower() != "content-type"}
    return RecordedRequest(method, body, {"Content-Type": media_type, **others})


def guess_content_type(body: bytes) -> str:
    """The media type that a body looks like: a form with or without parts, or JSON."""
    boundary = _BOUNDARY.match(body)
    if boundary:
        return f'multipart/form-data; boundary="{boundary[1].decode("ascii", "replace")}"'
    return _FORM if _FIELD.match(body) else "application/json"


def _split(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Returns the remarks of a file, and its body without them: as it is, if there are none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}, content
    if not isinstance(value, dict):
        return {}, content
    remarks = {key: one for key, one in value.items() if key.startswith("_")}
    if not remarks:
        return {}, content
    if "_body" in remarks:
        filled = _PLACEHOLDER.sub(lambda found: _PLACEHOLDERS[found[1]], str(remarks["_body"]))
        return remarks, filled.encode(errors="replace")
    rest = {key: one for key, one in value.items() if key not in remarks}
    return remarks, json.dumps(rest, ensure_ascii=False).encode(errors="replace")


def _is_sent(name: str, text: str) -> bool:
    """Whether a header is the tool's own, and can be sent at all."""
    written = name + text
    return name.lower() not in _DROPPED_HEADERS and written.isascii() and written.isprintable()


def _media_type(remarks: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """The media type that the remarks name, without an explanation in parentheses."""
    written = str(remarks.get("_content_type", "")).partition(" (")[0].strip()
    named = (text for name, text in headers.items() if name.lower() == "content-type")
    return written or next(named, "")


def _mapping(value: Any) -> dict[str, str]:
    return {str(key): str(one) for key, one in value.items()} if isinstance(value, dict) else {}


def _read(file: str) -> bytes:
    """The body, and one byte more than is allowed at most."""
    if file == STDIN:
        return sys.stdin.buffer.read(MAX_BODY + 1) if sys.stdin else b""
    with Path(file).open("rb") as opened:
        return opened.read(MAX_BODY + 1)
