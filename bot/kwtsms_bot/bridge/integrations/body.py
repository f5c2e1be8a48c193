"""The bodies of requests as data, within bounds: JSON and forms. Performs no I/O."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from kwtsms_bot.bridge.integrations.request import MAX_BODY, WebhookRequest
from kwtsms_bot.bridge.models import RefusalReason, WebhookRefused

MAX_DEPTH = 32
MAX_CONTAINERS = 200_000  # Lists and objects; each of a body's 5,000 alerts needs fewer than ten.
MAX_FIELDS = 200
MAX_FIELD = 64 * 1024
_MAX_PART_HEADERS = 8 * 1024
_MAX_PARTS = 64
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
# RFC 2046, 5.1.1: at most 70 characters.
_BOUNDARY = re.compile(r'boundary="?([\w\'()+,./:=? -]{1,70}?)"?\s*(?:;|$)', re.IGNORECASE)
_NAME = re.compile(r'[;\s]name="([^"\r\n]{0,255})"')
_FILE_NAME = re.compile(r"[;\s]filename\*?=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Form:
    """Fields of a form, and the number of files that came with them."""

    fields: Mapping[str, str] = field(repr=False)
    files: int = 0


def read_json(request: WebhookRequest) -> Any:
    """Reads the body as JSON.

    Raises:
        WebhookRefused: the body is too large, compressed, or no JSON within the bounds.
    """
    return parse_json(_check_body(request))


def parse_json(text: bytes | str) -> Any:
    """Parses a JSON text.

    Raises:
        WebhookRefused: the text is no JSON, or nested too deeply.
    """
    try:
        written = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        if written.count("[") + written.count("{") > MAX_CONTAINERS:
            raise WebhookRefused(
                RefusalReason.INVALID_BODY, f"more than {MAX_CONTAINERS:,} lists and objects"
            )
        value = json.loads(written, parse_constant=lambda _: None)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        problem = "not UTF-8" if isinstance(error, UnicodeDecodeError) else "not JSON"
        raise WebhookRefused(RefusalReason.INVALID_BODY, f"the body is {problem}") from None
    _check_depth(value)
    return value


def read_object(request: WebhookRequest) -> Mapping[str, Any]:
    """Reads the body as a JSON object.

    Raises:
        WebhookRefused: the body is something else.
    """
    value = read_json(request)
    if not isinstance(value, dict):
        raise WebhookRefused(RefusalReason.UNKNOWN_SHAPE, "the body is no JSON object")
    return value


def read_fields(request: WebhookRequest) -> Mapping[str, Any]:
    """Reads the body as the fields of a form, or as a JSON object.

    Raises:
        WebhookRefused: the body is neither.
    """
    return read_form(request).fields if is_form(request) else read_object(request)


def is_form(request: WebhookRequest) -> bool:
    """Whether the body is a form by its media type; `curl -d` says so of JSON, too."""
    is_json = request.content_type == _FORM and request.body[:64].lstrip()[:1] == b"{"
    return request.content_type in (_FORM, _MULTIPART) and not is_json


def read_form(request: WebhookRequest) -> Form:
    """Reads the fields of a form; files are counted and discarded.

    Raises:
        WebhookRefused: the body is too large, compressed, or no form within the bounds.
    """
    body = _check_body(request)
    if request.content_type == _MULTIPART:
        return _parse_multipart(body, _boundary(request))
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise WebhookRefused(
            RefusalReason.INVALID_BODY, f"more than {MAX_FIELDS} fields in the form"
        ) from None
    return Form({name: value for name, value in pairs if len(value) <= MAX_FIELD})


def unknown_shape(known: Mapping[str, Any], expected: str) -> WebhookRefused:
    """The refusal of an object of another shape, which names its keys and no value."""
    keys = ", ".join(sorted(key[:40] for key in list(known)[:12])) or "none"
    return WebhookRefused(RefusalReason.UNKNOWN_SHAPE, f"expected {expected}; its keys: {keys}")


def _check_body(request: WebhookRequest) -> bytes:
    if request.header("content-encoding") not in ("", "identity"):
        raise WebhookRefused(
            RefusalReason.UNSUPPORTED_ENCODING, "the body is compressed: turn compression off"
        )
    if len(request.body) > MAX_BODY:
        size = len(request.body) / 1024 / 1024
        raise WebhookRefused(RefusalReason.TOO_LARGE, f"the body has {size:.1f} MiB")
    return request.body


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [one for container in level for one in _children(container)]
        if not level:
            return
    raise _too_deep()


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [one for one in value.values() if isinstance(one, dict | list)]
    if isinstance(value, list):
        return [one for one in value if isinstance(one, dict | list)]
    return []


def _too_deep() -> WebhookRefused:
    return WebhookRefused(
        RefusalReason.INVALID_BODY, f"the body is nested deeper than {MAX_DEPTH} levels"
    )


def _boundary(request: WebhookRequest) -> bytes:
    header = next(
        (value for key, value in request.headers.items() if key.lower() == "content-type"), ""
    )
    match = _BOUNDARY.search(header)
    if not match:
        raise WebhookRefused(RefusalReason.INVALID_BODY, "the form has no boundary")
    return b"--" + match[1].encode()


def _parse_multipart(body: bytes, delimiter: bytes) -> Form:
    fields: dict[str, str] = {}
    files = 0
    for head, content in _parts(body, delimiter):
        name = _NAME.search(head)
        if _FILE_NAME.search(head):
            files += 1
        elif name and len(content) <= MAX_FIELD:
            fields.setdefault(name[1], content.decode("utf-8", "replace"))
    return Form(fields, files)


def _parts(body: bytes, delimiter: bytes) -> Iterator[tuple[str, bytes]]:
    """The headers and the content of each part."""
    _, *parts = (b"\r\n" + body).split(b"\r\n" + delimiter, _MAX_PARTS)
    for part in parts:
        if part.startswith(b"--"):
            return
        head, _, content = part.partition(b"\r\n\r\n")
        if len(head) <= _MAX_PART_HEADERS:
            yield " " + head.decode("utf-8", "replace"), content
