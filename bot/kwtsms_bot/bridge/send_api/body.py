"""Reads the body of a request: JSON within bounds, and the key that makes a retry safe. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from kwtsms_bot.bridge.send_api.errors import ApiError, ErrorCode
from kwtsms_bot.bridge.send_api.fields import MAX_KEY

KEY_HEADER, KEY_FIELD = "Idempotency-Key", "idempotency_key"


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The key of a request and its contents, as digests."""

    key_hash: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The fields of a request, without its key."""

    fields: Mapping[str, Any] = field(repr=False)
    key: RequestKey | None


def parse_body(body: bytes, header_key: str | None) -> RequestBody:
    """Parses a JSON object and the request's key, from the header or from the object.

    Raises:
        ApiError: it is something else, or there are two keys.
    """
    fields = _parse(body)
    key = _find_key(header_key, fields.pop(KEY_FIELD, None))
    if key is None:
        return RequestBody(fields, None)
    canonical = json.dumps(fields, sort_keys=True)
    return RequestBody(fields, RequestKey(_digest(key), _digest(canonical)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _parse(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(
            body.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
        json.dumps(value, ensure_ascii=False).encode()  # No half of a character is stored.
    except (ValueError, RecursionError):
        raise ApiError(ErrorCode.INVALID_JSON, "The body isn't valid JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise ApiError(ErrorCode.INVALID_JSON, "The body must be a JSON object.")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _find_key(in_header: str | None, in_body: Any) -> str | None:
    if in_body is None:
        return _check_key(in_header, KEY_HEADER)
    named = _check_key(in_body, KEY_FIELD)
    if in_header is not None and in_header != named:
        raise ApiError(
            ErrorCode.INVALID_VALUE, "The header and the body have two different keys.", KEY_FIELD
        )
    return named


def _check_key(key: Any, param: str) -> str | None:
    if key is None:
        return None
    if not (isinstance(key, str) and 0 < len(key) <= MAX_KEY and key.isprintable()):
        raise ApiError(
            ErrorCode.INVALID_VALUE, f"A key has 1 to {MAX_KEY} printable characters.", param
        )
    return key
