"""The API's OpenAPI 3.1 document, built from the tables that the code works by. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from kwtsms_bot.bridge.send_api.body import KEY_HEADER
from kwtsms_bot.bridge.send_api.errors import ERRORS, ErrorCode
from kwtsms_bot.bridge.send_api.fields import (
    MAX_KEY,
    MAX_REFERENCE,
    MESSAGE_FIELDS,
    REQUEST_FIELDS,
    STATUSES,
)
from kwtsms_client import __version__

DOCUMENT_PATH = "/v1/openapi.json"
_JSON = "application/json"
_ANY = (ErrorCode.UNAUTHORIZED, ErrorCode.DATABASE)
# The errors of each operation; those of the whole API are in all of them.
SEND_ERRORS = (
    ErrorCode.INVALID_JSON,
    ErrorCode.MISSING,
    ErrorCode.UNKNOWN_FIELD,
    ErrorCode.INVALID_VALUE,
    ErrorCode.INVALID_RECIPIENT,
    ErrorCode.INVALID_TEXT,
    ErrorCode.TOO_MANY_RECIPIENTS,
    ErrorCode.COUNTRY_NOT_ALLOWED,
    ErrorCode.RECIPIENT_NOT_ALLOWED,
    ErrorCode.SENDER_ID_NOT_ALLOWED,
    ErrorCode.URGENT_NOT_ALLOWED,
    ErrorCode.TOO_SLOW,
    ErrorCode.IN_PROGRESS,
    ErrorCode.TOO_LARGE,
    ErrorCode.UNSUPPORTED_TYPE,
    ErrorCode.IDEMPOTENCY_CONFLICT,
    ErrorCode.CREDITS_EXHAUSTED,
    ErrorCode.NUMBER_LIMIT,
    ErrorCode.PAUSED,
    ErrorCode.BUSY,
    *_ANY,
)
LIST_ERRORS = (ErrorCode.MISSING, ErrorCode.UNKNOWN_FIELD, ErrorCode.INVALID_VALUE, *_ANY)
SHOW_ERRORS = (ErrorCode.NOT_FOUND, *_ANY)
CANCEL_ERRORS = (ErrorCode.NOT_FOUND, ErrorCode.ALREADY_SENT, *_ANY)
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer"},
    }
}


def make_document() -> dict[str, Any]:
    """Returns the document, as JSON values."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "kwtsms-bridge send API",
            "version": __version__,
            "description": "Sends text messages through the bot, with its limits and its ledger.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": {
            "/v1/messages": {"post": _send(), "get": _list()},
            "/v1/messages/{id}": {"parameters": [_id()], "get": _show()},
            "/v1/messages/{id}/cancel": {"parameters": [_id()], "post": _cancel()},
            DOCUMENT_PATH: {"get": _document()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def _send() -> dict[str, Any]:
    key = {
        "name": KEY_HEADER,
        "in": "header",
        "description": "Makes a retry safe: for 24 hours, the same key and body are sent once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
    }
    created = _answer("Accepted: the message is stored, and isn't lost.", "Message")
    created["headers"] = {
        "Location": {"description": "Its address.", "schema": {"type": "string"}},
        "Idempotent-Replayed": {
            "description": "true: the answer to an earlier request with this key.",
            "schema": {"type": "string"},
        },
    }
    return {
        "operationId": "sendMessage",
        "summary": "Send a message",
        "parameters": [key],
        "requestBody": {
            "required": True,
            "content": {_JSON: {"schema": _ref("MessageRequest")}},
        },
        "responses": {
            "200": _answer("A dry run: nothing was stored.", "Message"),
            "201": created,
            **_errors(SEND_ERRORS),
        },
    }


def _list() -> dict[str, Any]:
    reference = {
        "name": "reference",
        "in": "query",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_REFERENCE},
    }
    found = _answer("The token's latest 50 messages with this reference.", "MessageList")
    return {
        "operationId": "findMessages",
        "summary": "Find messages by reference",
        "parameters": [reference],
        "responses": {"200": found, **_errors(LIST_ERRORS)},
    }


def _show() -> dict[str, Any]:
    return {
        "operationId": "getMessage",
        "summary": "Get a message and its status",
        "responses": {"200": _answer("The message.", "Message"), **_errors(SHOW_ERRORS)},
    }


def _cancel() -> dict[str, Any]:
    done = _answer("What had not left is cancelled.", "Message")
    return {
        "operationId": "cancelMessage",
        "summary": "Cancel what hasn't been sent",
        "responses": {"200": done, **_errors(CANCEL_ERRORS)},
    }


def _document() -> dict[str, Any]:
    content = {_JSON: {"schema": {"type": "object"}}}
    return {
        "operationId": "getDocument",
        "summary": "This document",
        "security": [],
        "responses": {"200": {"description": "An OpenAPI document.", "content": content}},
    }


def _id() -> dict[str, Any]:
    return {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {_JSON: {"schema": _ref(schema)}}}


def _errors(codes: Iterable[ErrorCode]) -> dict[str, Any]:
    """Returns a response for each status, which lists its codes."""
    by_status: dict[int, list[ErrorCode]] = {}
    for code in codes:
        by_status.setdefault(ERRORS[code].status, []).append(code)
    return {str(status): _error(found) for status, found in sorted(by_status.items())}


def _error(codes: Iterable[ErrorCode]) -> dict[str, Any]:
    listed = "\n".join(f"- `{code.value}`: {ERRORS[code].meaning}" for code in codes)
    answer = _answer(listed, "Error")
    if any(ERRORS[code].retry_after for code in codes):
        answer["headers"] = _RETRY_AFTER
    return answer


def _schemas() -> dict[str, Any]:
    request = {
        name: dict(one.schema) | {"description": one.description}
        for name, one in REQUEST_FIELDS.items()
    }
    statuses = "\n".join(f"- `{name}`: {meaning}" for name, meaning in STATUSES.items())
    error = {
        "code": {"type": "string", "enum": [code.value for code in ErrorCode]},
        "message": {"type": "string", "description": "What is wrong, for people."},
        "param": {"type": ["string", "null"], "description": "Where: to[2] is the third in `to`."},
    }
    required = [name for name, one in REQUEST_FIELDS.items() if one.required]
    without_id = [name for name in MESSAGE_FIELDS if name != "id"]
    messages = {"type": "array", "items": _ref("Message")}
    request_id = MESSAGE_FIELDS["request"]
    return {
        "MessageRequest": _object(request, required),
        "Status": {"type": "string", "enum": list(STATUSES), "description": statuses},
        "Message": _object(MESSAGE_FIELDS, without_id),
        "MessageList": _object({"messages": messages, "request": request_id}),
        "Error": _object({"error": _object(error), "request": request_id}),
    }


def _object(properties: Mapping[str, Any], required: Iterable[str] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties if required is None else required),
        "properties": dict(properties),
    }
