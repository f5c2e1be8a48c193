"""A person's decision about a message. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DecisionKind(StrEnum):
    """The kind of a decision."""

    SEND_AGAIN = "send_again"  # Unknown recipients; the phone may get it twice.
    TREAT_AS_SENT = "treat_as_sent"  # Unknown recipients; kwtSMS has not confirmed it.
    CANCEL = "cancel"  # Recipients to which nothing had left.


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision: its kind, the person, the time and the number of recipients concerned."""

    kind: DecisionKind
    actor: str
    at: datetime
    recipients: int
