"""The errors of the API, each with its status: one table for code, document and tests. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """The code of an error, for programs."""

    INVALID_JSON = "invalid_json"
    MISSING = "missing"
    UNKNOWN_FIELD = "unknown_field"
    INVALID_VALUE = "invalid_value"
    INVALID_RECIPIENT = "invalid_recipient"
    INVALID_TEXT = "invalid_text"
    TOO_MANY_RECIPIENTS = "too_many_recipients"
    UNAUTHORIZED = "unauthorized"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    RECIPIENT_NOT_ALLOWED = "recipient_not_allowed"
    SENDER_ID_NOT_ALLOWED = "sender_id_not_allowed"
    URGENT_NOT_ALLOWED = "urgent_not_allowed"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_SLOW = "too_slow"
    IN_PROGRESS = "in_progress"
    ALREADY_SENT = "already_sent"
    TOO_LARGE = "too_large"
    UNSUPPORTED_TYPE = "unsupported_type"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    CREDITS_EXHAUSTED = "credits_exhausted"
    NUMBER_LIMIT = "number_limit"
    PAUSED = "paused"
    BUSY = "busy"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class ApiErrorInfo:
    """The status of an error, what it means, and when to try again."""

    status: int
    meaning: str
    retry_after: int | None = None  # Seconds; None: the same request fails again.

    @property
    def is_final(self) -> bool:
        """Whether the answer is remembered under the request's key."""
        return self.retry_after is None and self.status != TIMEOUT_STATUS


TIMEOUT_STATUS = 408
ERRORS: Mapping[ErrorCode, ApiErrorInfo] = {
    ErrorCode.INVALID_JSON: ApiErrorInfo(400, "The body isn't a JSON object."),
    ErrorCode.MISSING: ApiErrorInfo(400, "A required field is missing."),
    ErrorCode.UNKNOWN_FIELD: ApiErrorInfo(400, "A field doesn't exist: a typo never sends."),
    ErrorCode.INVALID_VALUE: ApiErrorInfo(400, "A field or header has a value of another form."),
    ErrorCode.INVALID_RECIPIENT: ApiErrorInfo(400, "A recipient isn't a mobile number or a name."),
    ErrorCode.INVALID_TEXT: ApiErrorInfo(400, "Nothing of the text can be sent, or it's too long."),
    ErrorCode.TOO_MANY_RECIPIENTS: ApiErrorInfo(400, "More recipients than the token may name."),
    ErrorCode.UNAUTHORIZED: ApiErrorInfo(401, "The token is missing, unknown or not for this API."),
    ErrorCode.COUNTRY_NOT_ALLOWED: ApiErrorInfo(403, "The token may not send to this country."),
    ErrorCode.RECIPIENT_NOT_ALLOWED: ApiErrorInfo(403, "The token may not send to this recipient."),
    ErrorCode.SENDER_ID_NOT_ALLOWED: ApiErrorInfo(403, "The token may not use this sender ID."),
    ErrorCode.URGENT_NOT_ALLOWED: ApiErrorInfo(403, "The token may not send urgent messages."),
    ErrorCode.NOT_FOUND: ApiErrorInfo(404, "The token has no message of this ID."),
    ErrorCode.METHOD_NOT_ALLOWED: ApiErrorInfo(405, "The address takes other methods: see Allow."),
    ErrorCode.TOO_SLOW: ApiErrorInfo(408, "The body came too slowly."),
    ErrorCode.IN_PROGRESS: ApiErrorInfo(409, "A request with this key is still at work.", 1),
    ErrorCode.ALREADY_SENT: ApiErrorInfo(409, "Nothing of the message can be cancelled any more."),
    ErrorCode.TOO_LARGE: ApiErrorInfo(413, "The body is larger than 256 KiB."),
    ErrorCode.UNSUPPORTED_TYPE: ApiErrorInfo(415, "The body is compressed, or isn't JSON."),
    ErrorCode.IDEMPOTENCY_CONFLICT: ApiErrorInfo(422, "The key was used for another request."),
    ErrorCode.CREDITS_EXHAUSTED: ApiErrorInfo(
        429, "The token's credits of the day are used up.", 600
    ),
    ErrorCode.NUMBER_LIMIT: ApiErrorInfo(429, "The token has sent to this number too often.", 60),
    ErrorCode.PAUSED: ApiErrorInfo(503, "An admin has paused all sending.", 60),
    ErrorCode.BUSY: ApiErrorInfo(503, "Too many requests are at work; nothing was accepted.", 2),
    ErrorCode.DATABASE: ApiErrorInfo(503, "It isn't known whether it was accepted: use a key.", 5),
}


class ApiError(Exception):
    """A request that is refused; `param` is the place in it that is wrong."""

    def __init__(
        self,
        code: ErrorCode,
        message: str = "",
        param: str | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        info = ERRORS[code]
        self.code, self.status, self.param = code, info.status, param
        self.message = message or info.meaning
        self.retry_after = info.retry_after if retry_after is None else retry_after
        super().__init__(code.value)

    @property
    def is_final(self) -> bool:
        """Whether the answer is remembered under the request's key."""
        return ERRORS[self.code].is_final
