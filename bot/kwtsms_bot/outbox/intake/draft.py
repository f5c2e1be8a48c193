"""A message that is not accepted yet: it waits for one decision. Pure."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kwtsms_bot.outbox.message import NewMessage

SOURCE = "slack"  # Of the message in every draft: the table has no column for it.


class DraftKind(StrEnum):
    """Decision that a draft waits for."""

    CONFIRM = "confirm"  # Confirmation by its author.
    APPROVE = "approve"  # Approval by a second person.


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Message that waits for a decision; its priority, expiry and key are set at acceptance."""

    token: str = field(repr=False)
    kind: DraftKind
    message: NewMessage
    channel: str  # Of the message's card; empty: the card is for the author alone.
    locale: str  # The author's language.
    created_at: datetime
    expires_at: datetime

    @property
    def credits(self) -> int:
        """The estimated price, pages times numbers."""
        return self.message.pages * len(self.message.recipients)


def new_token() -> str:
    """A random token that cannot be guessed."""
    return secrets.token_urlsafe(24)
