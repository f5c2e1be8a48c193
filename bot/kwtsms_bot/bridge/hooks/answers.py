"""Answers of the endpoint for alerts, in the form that the client of each path reads. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kwtsms_bot.bridge.hooks.request_body import EndpointRefusal
from kwtsms_bot.bridge.reports import AlertResult

RETRY_AFTER = "5"
INVALID = 400
CHALLENGE = 'Basic realm="kwtsms-bridge", charset="UTF-8"'  # Some clients send nothing without it.


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status and JSON of an answer."""

    status: int
    content: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """Form of the answers on a path: for alerts that are stored, and for refusals."""

    accepted: Callable[[Sequence[AlertResult], int, str], HttpAnswer]
    refused: Callable[[EndpointRefusal, str], HttpAnswer]


def _hook_accepted(results: Sequence[AlertResult], skipped: int, request_id: str) -> HttpAnswer:
    alerts = [
        {
            "ref": one.ref,
            "key": one.key,
            "outcome": one.outcome.value,
            "sms": one.sms,
            "why": one.why,
            **({"by": one.by} if one.by else {}),
        }
        for one in results
    ]
    return HttpAnswer(
        200, {"ok": True, "alerts": alerts, "skipped": skipped, "request": request_id}
    )


def _hook_refused(refused: EndpointRefusal, request_id: str) -> HttpAnswer:
    content = {"ok": False, "error": refused.error, "request": request_id}
    return HttpAnswer(refused.status, content, _headers(refused))


def _event_accepted(results: Sequence[AlertResult], _skipped: int, _request_id: str) -> HttpAnswer:
    key = {"dedup_key": results[0].key} if results else {}
    return HttpAnswer(202, {"status": "success", "message": "Event processed", **key})


def _change_accepted(
    _results: Sequence[AlertResult], _skipped: int, _request_id: str
) -> HttpAnswer:
    return HttpAnswer(202, {"status": "success", "message": "Change event processed"})


def _event_refused(refused: EndpointRefusal, request_id: str) -> HttpAnswer:
    problem = refused.detail if refused.status == INVALID else ""
    content = {
        "status": "invalid event" if refused.status == INVALID else refused.error,
        "message": "Event object is invalid" if refused.status == INVALID else refused.error,
        "errors": [problem or refused.error],
        "request": request_id,
    }
    return HttpAnswer(refused.status, content, _headers(refused))


def _headers(refused: EndpointRefusal) -> dict[str, str]:
    match refused.status:
        case 401:
            return {"WWW-Authenticate": CHALLENGE}
        case 503:
            return {"Retry-After": RETRY_AFTER}
    return {}


HOOK_ANSWERS = AnswerForm(_hook_accepted, _hook_refused)
# https://developer.pagerduty.com/docs/events-api-v2-overview#response-codes--retry-logic
EVENT_ANSWERS = AnswerForm(_event_accepted, _event_refused)
CHANGE_ANSWERS = AnswerForm(_change_accepted, _event_refused)
