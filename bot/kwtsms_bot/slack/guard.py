"""What may come in over HTTP: the signature over the raw bytes first, parsing only then. Pure.

It refuses with a status and nothing else: no word of a body reaches an answer or a log.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

MAX_BYTES = 1_000_000
WINDOW_SECONDS = 300
TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


class InvalidPayload(ValueError):
    """The body is signed and yet not what Slack sends."""


def is_signed(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> bool:
    """Whether Slack signed these very bytes, not longer ago than the window."""
    stamp = headers.get(TIMESTAMP, "")
    # Only ASCII digits: int() would take other scripts and signs as well.
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    if abs(now - int(stamp)) > WINDOW_SECONDS:
        return False
    signed = b"v0:" + stamp.encode() + b":" + body
    expected = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    given = headers.get(SIGNATURE, "").encode(errors="replace")
    return hmac.compare_digest(expected.encode(), given)


def parse_body(content_type: str, body: bytes) -> dict[str, Any]:
    """The payload of a signed request: JSON for events, a form for all else.

    Raises:
        Unreadable: neither.
    """
    try:
        text = body.decode()
        if content_type == "application/json":
            return _parse_object(text)
        form = dict(parse_qsl(text, keep_blank_values=True, errors="strict"))
        # Only a field of that name counts: Bolt looks for the word in the whole body, and so
        # loses each command whose text holds it.
        return _parse_object(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError) as error:
        raise InvalidPayload("not what Slack sends") from error


def _parse_object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise InvalidPayload("not an object")
    return value
