"""What is told besides the balance itself, and how it is written down with it. Pure."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from kwtsms_bot.alerts.outlook import Outlook


@dataclass(frozen=True, slots=True)
class Yesterday:
    """What a digest tells of the day before."""

    day: date
    used: Decimal | None  # None: the balance was not seen from its beginning to its end.
    sent: int
    failed: int
    unknown: int
    seen_at: datetime  # When the balance that it tells was seen.
    balances: tuple[tuple[date, Decimal], ...] = ()  # At the end of each of the last days.


@dataclass(frozen=True, slots=True)
class Trouble:
    """Since when the balance cannot be read, and why."""

    since: datetime
    code: str  # The gateway's; empty where it gave no answer that can be read.
    seen_at: datetime | None  # When it was read last; None: never.


@dataclass(frozen=True, slots=True)
class Facts:
    """Of a warning: for how long it lasts, what left without us lately, what tests hold."""

    outlook: Outlook | None = None
    elsewhere: Decimal = Decimal(0)  # In the last 24 hours; in a digest, yesterday.
    held: Decimal = Decimal(0)
    yesterday: Yesterday | None = None
    trouble: Trouble | None = None

    def written(self) -> str:
        """As JSON, for the database."""
        lasts, day, trouble = self.outlook, self.yesterday, self.trouble
        found: dict[str, Any] = {"elsewhere": str(self.elsewhere), "held": str(self.held)}
        if lasts is not None:
            found["outlook"] = [lasts.least, lasts.likely, lasts.most]
        if day is not None:
            found["yesterday"] = {
                "day": day.day.isoformat(),
                "used": None if day.used is None else str(day.used),
                "sent": day.sent,
                "failed": day.failed,
                "unknown": day.unknown,
                "seen_at": day.seen_at.isoformat(),
                "balances": [[one.isoformat(), str(amount)] for one, amount in day.balances],
            }
        if trouble is not None:
            seen_at = trouble.seen_at and trouble.seen_at.isoformat()
            found["trouble"] = [trouble.since.isoformat(), trouble.code, seen_at]
        return json.dumps(found)

    @classmethod
    def read(cls, text: str) -> Self:
        """What `written` wrote."""
        found = json.loads(text)
        return cls(
            outlook=Outlook(*found["outlook"]) if "outlook" in found else None,
            elsewhere=Decimal(found["elsewhere"]),
            held=Decimal(found["held"]),
            yesterday=_yesterday(found["yesterday"]) if "yesterday" in found else None,
            trouble=_trouble(*found["trouble"]) if "trouble" in found else None,
        )


NOTHING_MORE = Facts()


def _trouble(since: str, code: str, seen_at: str | None) -> Trouble:
    return Trouble(
        datetime.fromisoformat(since), code, datetime.fromisoformat(seen_at) if seen_at else None
    )


def _yesterday(found: dict[str, Any]) -> Yesterday:
    return Yesterday(
        day=date.fromisoformat(found["day"]),
        used=None if found["used"] is None else Decimal(found["used"]),
        sent=found["sent"],
        failed=found["failed"],
        unknown=found["unknown"],
        seen_at=datetime.fromisoformat(found["seen_at"]),
        balances=tuple(
            (date.fromisoformat(day), Decimal(amount)) for day, amount in found["balances"]
        ),
    )
