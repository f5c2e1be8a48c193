"""A message that is not accepted yet: it waits for a yes, which can be given once. Pure."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DraftKind(StrEnum):
    """Whose yes it waits for."""

    CONFIRM = "confirm"  # Its author's.
    APPROVE = "approve"  # A second person's.


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What would be sent: its text is clean, its recipients are normalised and unique."""

    token: str = field(repr=False)
    kind: DraftKind
    author: str
    team: str
    channel: str  # Where its card is to be shown; empty: to the author alone.
    locale: str
    text: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    sender_id: str
    pages: int
    test: bool
    created_at: datetime
    expires_at: datetime

    @property
    def credits(self) -> int:
        """What it would cost, by the local reckoning."""
        return self.pages * len(self.recipients)


def new_token() -> str:
    """A name that nobody guesses."""
    return secrets.token_urlsafe(24)
