"""Log of the requests that came in, and of their outcomes. Passwords never enter it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kwtsms_sandbox.gateway.models import Kind, LoggedRequest

SHOWN_HEADERS = ("Content-Type", "Accept", "User-Agent")
MASK = "***"


class RequestLog:
    """Numbered log of requests; `requests` is the list."""

    def __init__(self, publish: Callable[[Kind, Mapping[str, Any]], None]) -> None:
        self.requests: list[LoggedRequest] = []
        self._publish = publish

    def record_start(
        self, endpoint: str, at: float, *, method: str, headers: Mapping[str, str]
    ) -> int:
        """Records a request that has begun, and returns its number."""
        shown = {name: headers[name] for name in SHOWN_HEADERS if name in headers}
        self.requests.append(LoggedRequest(endpoint=endpoint, at=at, method=method, headers=shown))
        number = len(self.requests) - 1
        self._publish(Kind.REQUEST, {"endpoint": endpoint, "number": number})
        return number

    def record_payload(self, number: int, payload: Mapping[str, Any]) -> None:
        """Adds the payload, with the password masked."""
        masked = {name: MASK if name == "password" else value for name, value in payload.items()}
        self.requests[number] = replace(self.requests[number], payload=masked)

    def record_outcome(self, number: int, outcome: str, message_id: str | None = None) -> None:
        """Adds the outcome."""
        request = replace(self.requests[number], outcome=outcome, message_id=message_id)
        self.requests[number] = request
        facts = {"endpoint": request.endpoint, "number": number, "outcome": outcome}
        self._publish(Kind.ANSWERED, facts)
