"""What a person has decided about a message. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DecisionKind(StrEnum):
    """What it was."""

    SEND_AGAIN = "send_again"  # What is unknown; it may reach the phone twice.
    TREAT_AS_SENT = "treat_as_sent"  # What is unknown; kwtSMS has not said so.
    CANCEL = "cancel"  # What had not left.


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided it, when, and about how many of the recipients."""

    kind: DecisionKind
    actor: str
    at: datetime
    recipients: int
