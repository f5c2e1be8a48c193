"""The answers of the API, as JSON values. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kwtsms_bot.bridge.send_api.errors import ApiError
from kwtsms_bot.bridge.send_api.fields import STATUS
from kwtsms_bot.bridge.send_api.request import MessageRequest
from kwtsms_bot.outbox.message import ERASED, NewMessage
from kwtsms_bot.outbox.states import State
from kwtsms_client import MessageReport

# Finished or not, a message has the first of these that a recipient has.
_LEAST_FINISHED = tuple(dict.fromkeys(STATUS.values()))


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """A recipient of a message, and its state."""

    phone: str = field(repr=False)
    state: State
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStatus:
    """A message as its application sees it."""

    id: str
    reference: str | None
    sender_id: str
    text: str | None = field(repr=False)
    changes: Sequence[Mapping[str, Any]]
    pages: int
    test: bool
    recipients: Sequence[RecipientStatus]
    created_at: datetime
    expires_at: datetime | None

    @property
    def status(self) -> str:
        """The least finished status of its recipients."""
        found = {STATUS[one.state] for one in self.recipients}
        return next(one for one in _LEAST_FINISHED if one in found)


def accepted_message(
    request: MessageRequest, new: NewMessage, *, ref: str, at: datetime
) -> MessageStatus:
    """Returns a message that has just been accepted, or that a dry run would send."""
    return MessageStatus(
        id=ref,
        reference=request.reference,
        sender_id=new.sender_id,
        text=new.text,
        changes=list_changes(request.report),
        pages=new.pages,
        test=new.test,
        recipients=[RecipientStatus(one, State.QUEUED) for one in new.recipients],
        created_at=at,
        expires_at=new.expires_at,
    )


def list_changes(report: MessageReport) -> list[dict[str, Any]]:
    """Returns what cleaning changed, by kind; it quotes nothing of the text."""
    return [{"kind": one.kind, "count": one.count} for one in report.changes]


def message_answer(message: MessageStatus, request_id: str) -> dict[str, Any]:
    """Returns the answer about a message; one without an ID is a dry run."""
    answer = {
        "id": message.id,
        "status": message.status,
        "reference": message.reference,
        "sender_id": message.sender_id,
        "text": message.text,
        "changes": list(message.changes),
        "pages": message.pages,
        "credits": message.pages * len(message.recipients),
        "test": message.test,
        "recipients": [_recipient(one) for one in message.recipients],
        "created_at": _time(message.created_at),
        "expires_at": message.expires_at and _time(message.expires_at),
        "request": request_id,
    }
    if not message.id:
        del answer["id"]
    return answer


def list_answer(messages: Iterable[MessageStatus], request_id: str) -> dict[str, Any]:
    """Returns the answer with several messages."""
    return {
        "messages": [message_answer(one, request_id) for one in messages],
        "request": request_id,
    }


def error_answer(error: ApiError, request_id: str) -> dict[str, Any]:
    """Returns the answer to a request that is refused."""
    return {
        "error": {"code": error.code.value, "message": error.message, "param": error.param},
        "request": request_id,
    }


def _recipient(one: RecipientStatus) -> dict[str, Any]:
    return {
        "to": None if one.phone.startswith(ERASED) else one.phone,
        "status": STATUS[one.state],
        "code": one.code,
        "reason": one.reason,
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
