"""The requests of each integration to this process, until they are stored. Performs no I/O.

Nothing of their contents is kept, and of a token only its last characters.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

REQUESTS_KEPT = 10  # Of each integration.
TOKEN_END = 4  # The characters of a token that administrators see.


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """Outcome of a request: the alerts that were accepted, or why it was refused."""

    at: datetime
    accepted: int
    refusal: str = ""


@dataclass(slots=True)
class IntegrationActivity:
    """The requests of an integration since the last time that they were stored."""

    accepted: int = 0
    refused: int = 0
    requests: deque[RequestOutcome] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))
    tokens: dict[str, datetime] = field(default_factory=dict)  # Last use by a token's end.


class ActivityLog:
    """Log of requests by integration."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._pending: dict[str, IntegrationActivity] = {}

    def __contains__(self, name: str) -> bool:
        """Whether there is an integration of this name."""
        return name in self._names

    def record(self, name: str, outcome: RequestOutcome) -> None:
        """Records a request."""
        activity = self._pending.setdefault(name, IntegrationActivity())
        if outcome.refusal:
            activity.refused += 1
        else:
            activity.accepted += 1
        activity.requests.append(outcome)

    def record_token(self, name: str, token: str, at: datetime) -> None:
        """Records that a token was used."""
        activity = self._pending.setdefault(name, IntegrationActivity())
        activity.tokens[token[-TOKEN_END:]] = at

    def pop_pending(self) -> Mapping[str, IntegrationActivity]:
        """Returns what is not stored yet, and forgets it."""
        pending, self._pending = self._pending, {}
        return pending

    def put_back(self, activities: Mapping[str, IntegrationActivity]) -> None:
        """Keeps what could not be stored, until the next time."""
        for name, older in activities.items():
            newer = self._pending.get(name, IntegrationActivity())
            self._pending[name] = IntegrationActivity(
                older.accepted + newer.accepted,
                older.refused + newer.refused,
                deque((*older.requests, *newer.requests), maxlen=REQUESTS_KEPT),
                older.tokens | newer.tokens,
            )
