"""What kwtSMS can be asked to look into, and until when. Pure.

https://www.kwtsms.com/help.html: complaints later than 24 hours are not looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

COMPLAINT_PERIOD = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AcceptedCall:
    """A call that the gateway took, and its numbers that are complained about."""

    gateway_id: str
    accepted_at: datetime
    phones: tuple[str, ...] = field(repr=False)

    @property
    def deadline(self) -> datetime:
        """When it is too late to complain about it."""
        return self.accepted_at + COMPLAINT_PERIOD


def before_deadline(calls: Sequence[AcceptedCall], now: datetime) -> tuple[AcceptedCall, ...]:
    """Those that kwtSMS looks at still."""
    return tuple(one for one in calls if now <= one.deadline)
