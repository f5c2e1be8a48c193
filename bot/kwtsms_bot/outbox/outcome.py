"""The outcome of a call, as the change to its recipients. Pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from kwtsms_bot.outbox.states import State


@dataclass(frozen=True, slots=True)
class Settlement:
    """The new state of a call's recipients, and what kwtSMS said of the call."""

    state: State
    due_at: datetime
    code: str | None = None
    reason: str | None = None
    gateway_id: str | None = None
    points: Decimal | None = None
    balance_after: Decimal | None = None
