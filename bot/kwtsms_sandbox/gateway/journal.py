"""Every request that came in, and how it ended. Passwords never enter it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kwtsms_sandbox.gateway.records import Kind, Seen

SHOWN_HEADERS = ("Content-Type", "Accept", "User-Agent")
MASK = "***"


class Journal:
    """Numbers the requests as they come; `seen` is the list."""

    def __init__(self, tell: Callable[[Kind, Mapping[str, Any]], None]) -> None:
        self.seen: list[Seen] = []
        self._tell = tell

    def arrive(self, endpoint: str, at: float, *, method: str, headers: Mapping[str, str]) -> int:
        """Write down a request that has begun; returns its number."""
        shown = {name: headers[name] for name in SHOWN_HEADERS if name in headers}
        self.seen.append(Seen(endpoint=endpoint, at=at, method=method, headers=shown))
        number = len(self.seen) - 1
        self._tell(Kind.REQUEST, {"endpoint": endpoint, "number": number})
        return number

    def read(self, number: int, payload: Mapping[str, Any]) -> None:
        """Add what it asked for."""
        masked = {name: MASK if name == "password" else value for name, value in payload.items()}
        self.seen[number] = replace(self.seen[number], payload=masked)

    def end(self, number: int, outcome: str, message_id: str | None = None) -> None:
        """Add how it ended."""
        seen = replace(self.seen[number], outcome=outcome, message_id=message_id)
        self.seen[number] = seen
        facts = {"endpoint": seen.endpoint, "number": number, "outcome": outcome}
        self._tell(Kind.ANSWERED, facts)
