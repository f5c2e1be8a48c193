"""What kwtSMS can be asked to look into, and until when. Pure.

https://www.kwtsms.com/help.html: complaints later than 24 hours are not looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

COMPLAIN_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class TakenCall:
    """A call that the gateway took, and its numbers that are complained about."""

    gateway_id: str
    taken_at: datetime
    phones: tuple[str, ...] = field(repr=False)

    @property
    def until(self) -> datetime:
        """When it is too late to complain about it."""
        return self.taken_at + COMPLAIN_WITHIN


def in_time(calls: Sequence[TakenCall], now: datetime) -> tuple[TakenCall, ...]:
    """Those that kwtSMS looks at still."""
    return tuple(one for one in calls if now <= one.until)
