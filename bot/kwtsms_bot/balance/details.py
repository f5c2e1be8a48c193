"""Details of a notice besides the balance, and their JSON form. Pure."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from kwtsms_bot.balance.forecast import Forecast


@dataclass(frozen=True, slots=True)
class DailySummary:
    """Figures of the day before, for a digest."""

    day: date
    used: Decimal | None  # None: the samples do not cover the whole day.
    sent: int
    failed: int
    unknown: int
    sampled_at: datetime  # When the reported balance was seen.
    balances: tuple[tuple[date, Decimal], ...] = ()  # At the end of each of the last days.


@dataclass(frozen=True, slots=True)
class OutageDetails:
    """Since when the balance cannot be read, and why."""

    since: datetime
    code: str  # The gateway's; empty if it gave no answer that can be read.
    sampled_at: datetime | None  # When it was read last; None: never.


@dataclass(frozen=True, slots=True)
class NoticeDetails:
    """Details of a notice: forecast, usage outside the bot, held credits, and others by kind."""

    forecast: Forecast | None = None
    external_usage: Decimal = Decimal(0)  # In the last 24 hours; in a digest, yesterday.
    held_credits: Decimal = Decimal(0)
    daily_summary: DailySummary | None = None
    outage: OutageDetails | None = None

    def to_json(self) -> str:
        """Returns the details as JSON, for the database."""
        forecast, summary, outage = self.forecast, self.daily_summary, self.outage
        values: dict[str, Any] = {
            "elsewhere": str(self.external_usage),
            "held": str(self.held_credits),
        }
        if forecast is not None:
            values["outlook"] = [forecast.min_days, forecast.likely_days, forecast.max_days]
        if summary is not None:
            values["yesterday"] = {
                "day": summary.day.isoformat(),
                "used": None if summary.used is None else str(summary.used),
                "sent": summary.sent,
                "failed": summary.failed,
                "unknown": summary.unknown,
                "seen_at": summary.sampled_at.isoformat(),
                "balances": [[one.isoformat(), str(amount)] for one, amount in summary.balances],
            }
        if outage is not None:
            sampled_at = outage.sampled_at and outage.sampled_at.isoformat()
            values["trouble"] = [outage.since.isoformat(), outage.code, sampled_at]
        return json.dumps(values)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parses the result of `to_json`."""
        values = json.loads(text)
        return cls(
            forecast=Forecast(*values["outlook"]) if "outlook" in values else None,
            external_usage=Decimal(values["elsewhere"]),
            held_credits=Decimal(values["held"]),
            daily_summary=_parse_daily_summary(values["yesterday"])
            if "yesterday" in values
            else None,
            outage=_parse_outage(*values["trouble"]) if "trouble" in values else None,
        )


NO_DETAILS = NoticeDetails()


def _parse_outage(since: str, code: str, sampled_at: str | None) -> OutageDetails:
    return OutageDetails(
        datetime.fromisoformat(since),
        code,
        datetime.fromisoformat(sampled_at) if sampled_at else None,
    )


def _parse_daily_summary(values: dict[str, Any]) -> DailySummary:
    return DailySummary(
        day=date.fromisoformat(values["day"]),
        used=None if values["used"] is None else Decimal(values["used"]),
        sent=values["sent"],
        failed=values["failed"],
        unknown=values["unknown"],
        sampled_at=datetime.fromisoformat(values["seen_at"]),
        balances=tuple(
            (date.fromisoformat(day), Decimal(amount)) for day, amount in values["balances"]
        ),
    )
