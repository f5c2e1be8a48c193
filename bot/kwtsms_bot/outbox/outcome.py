"""The outcome of a call, as the change to its recipients. Pure."""

from dataclasses import dataclass, replace
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

    @property
    def storable_forms(self) -> "tuple[Settlement, ...]":
        """The settlement, and what remains of it if the database does not accept its values."""
        without_figures = replace(self, points=None, balance_after=None, reason=None)
        return self, without_figures, Settlement(self.state, self.due_at)
