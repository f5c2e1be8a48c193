"""The fields of requests and answers: one table for reading them and for the document. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kwtsms_bot.outbox.states import State

MAX_KEY, MAX_REFERENCE = 255, 120
MAX_TEXT = 10_000  # Characters as given; what is left after cleaning has fewer.
DURATION_PATTERN = r"^[1-9][0-9]{0,5}[smhd]$"
# The states of a recipient, in the words of the API; a message has the least finished of them.
# "queued" is what can still be cancelled for certain.
STATUS: Mapping[State, str] = {
    State.QUEUED: "queued",
    State.CLAIMED: "queued",
    State.IN_FLIGHT: "sending",
    State.UNKNOWN: "unknown",
    State.STUCK: "stuck",
    State.SENT: "sent",
    State.UNDELIVERED: "undelivered",
    State.REJECTED: "rejected",
    State.EXPIRED: "expired",
    State.CANCELLED: "cancelled",
    State.DELIVERED: "delivered",
}
STATUSES: Mapping[str, str] = {
    "queued": "It waits to be sent, and can be cancelled.",
    "sending": "It is being submitted to kwtSMS.",
    "unknown": "It was submitted and no answer came: it may have been sent. "
    "Never send it again by a program; a person decides.",
    "stuck": "kwtSMS accepted it, and holds it in its queue.",
    "sent": "kwtSMS accepted it. In Kuwait, this is the last status: carriers confirm no delivery.",
    "undelivered": "The phone doesn't get it (outside Kuwait only).",
    "rejected": "kwtSMS refused it; nothing was charged.",
    "expired": "It couldn't be sent in time; nothing was charged.",
    "cancelled": "It was cancelled before it was sent; nothing was charged.",
    "delivered": "The phone has it (outside Kuwait only).",
}


@dataclass(frozen=True, slots=True)
class RequestField:
    """A field of a request: its JSON Schema, and whether it must be there."""

    schema: Mapping[str, Any]
    description: str
    required: bool = False


_TEXT = {"type": "string", "minLength": 1}
_RECIPIENT = {"type": "string", "minLength": 1, "maxLength": 100}
REQUEST_FIELDS: Mapping[str, RequestField] = {
    "to": RequestField(
        {"anyOf": [_RECIPIENT, {"type": "array", "items": _RECIPIENT, "minItems": 1}]},
        "A number, or a list of them; @name is a contact or group of the phone book.",
        required=True,
    ),
    "text": RequestField(
        _TEXT | {"maxLength": MAX_TEXT}, "The message. Emoji are removed.", required=True
    ),
    "sender_id": RequestField(
        _TEXT | {"maxLength": 11}, "One of the token's sender IDs; without it, the usual one."
    ),
    "urgent": RequestField({"type": "boolean", "default": False}, "true overtakes other messages."),
    "reference": RequestField(
        _TEXT | {"maxLength": MAX_REFERENCE},
        "A name of your own, to find the message by. It needn't be unique.",
    ),
    "expires_in": RequestField(
        {"type": "string", "pattern": DURATION_PATTERN},
        "How long it may wait to be sent, such as 30s, 10m, 2h or 1d; without it, as long as "
        "outbox.expires_after, which is also the most.",
    ),
    "dry_run": RequestField(
        {"type": "boolean", "default": False}, "true checks the message, and sends nothing."
    ),
    "idempotency_key": RequestField(
        _TEXT | {"maxLength": MAX_KEY}, "The same as the header Idempotency-Key."
    ),
}
_NULLABLE = {"type": ["string", "null"]}
_TIME = {"type": "string", "format": "date-time"}
_RECIPIENT_ANSWER: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["to", "status", "code", "reason"],
    "properties": {
        "to": _NULLABLE | {"description": "The number; null once it is erased."},
        "status": {"$ref": "#/components/schemas/Status"},
        "code": _NULLABLE | {"description": "kwtSMS's code of a refusal."},
        "reason": _NULLABLE | {"description": "Why it has this status."},
    },
}
_CHANGE: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "count"],
    "properties": {
        "kind": {"type": "string", "examples": ["emoji"]},
        "count": {"type": "integer", "minimum": 1},
    },
}
MESSAGE_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "id": {"type": "string", "description": "The ID. A dry run has none."},
    "status": {"$ref": "#/components/schemas/Status"},
    "reference": _NULLABLE | {"description": "Your own name for it."},
    "sender_id": {"type": "string"},
    "text": _NULLABLE | {"description": "What the phone shows; null once it is erased."},
    "changes": {
        "type": "array",
        "items": _CHANGE,
        "description": "What was removed from the text, or replaced in it.",
    },
    "pages": {"type": "integer", "minimum": 1},
    "credits": {"type": "integer", "description": "The estimated price: pages times recipients."},
    "test": {"type": "boolean", "description": "true: the bot is in test mode, none is delivered."},
    "recipients": {"type": "array", "items": _RECIPIENT_ANSWER},
    "created_at": _TIME,
    "expires_at": {"type": ["string", "null"], "format": "date-time"},
    "request": {"type": "string", "description": "The ID of the request in the bot's log."},
}
