"""Figures of a storm: counts of answers and alerts, and how long the answers took. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PERCENTILES = (50, 95, 99)
MULTIPLE_CHOICES = 300  # The first status that accepts nothing.


@dataclass(frozen=True, slots=True)
class StormAnswer:
    """The answer to one request, and the seconds from when it was due until it was there."""

    seconds: float
    status: int | None = None  # None: no answer came.
    error: str = ""
    alerts: Sequence[Any] = field(default=(), repr=False)

    @property
    def is_accepted(self) -> bool:
        """Whether the endpoint has the alert."""
        return self.status is not None and self.status < MULTIPLE_CHOICES


def summarize(answers: Sequence[StormAnswer], seconds: float) -> dict[str, Any]:
    """The figures of a storm, as JSON has them."""
    alerts = [one for answer in answers for one in answer.alerts if isinstance(one, dict)]
    return {
        "posted": len(answers),
        "accepted": sum(one.is_accepted for one in answers),
        "seconds": round(seconds, 2),
        "per_second": round(len(answers) / seconds, 1) if seconds else 0.0,
        "statuses": _counts(str(one.status) for one in answers if one.status is not None),
        "unanswered": _counts(one.error for one in answers if one.status is None),
        "outcomes": _counts(str(one.get("outcome")) for one in alerts),
        "sms": _counts(str(one.get("sms")) for one in alerts if one.get("sms")),
        "incidents": len({one["ref"] for one in alerts if isinstance(one.get("ref"), str)}),
        "milliseconds": _latencies([one.seconds for one in answers]),
    }


def _counts(words: Any) -> dict[str, int]:
    return dict(Counter(words).most_common())


def _latencies(seconds: Sequence[float]) -> dict[str, float]:
    """The nearest-rank percentiles and the longest, in milliseconds."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    ranks = {f"p{one}": -(-one * len(ordered) // 100) - 1 for one in PERCENTILES}
    found = {name: ordered[rank] for name, rank in ranks.items()} | {"max": ordered[-1]}
    return {name: round(one * 1000, 1) for name, one in found.items()}


def summary_lines(figures: Mapping[str, Any]) -> list[str]:
    """The figures for people."""
    lines = [
        f"{figures['accepted']:,} of {figures['posted']:,} requests accepted in "
        f"{figures['seconds']} s ({figures['per_second']} a second)"
    ]
    if figures["accepted"] < figures["posted"]:
        lines.append(f"Answers: {_listed(figures['statuses'] | figures['unanswered'])}")
    if figures["outcomes"]:
        lines.append(
            f"Alerts: {_listed(figures['outcomes'])} (incidents: {figures['incidents']:,})"
        )
    if figures["sms"]:
        lines.append(f"SMS: {_listed(figures['sms'])}")
    times = ", ".join(f"{name} {one:,.0f} ms" for name, one in figures["milliseconds"].items())
    lines.append(f"Answered after: {times}")
    return lines


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in counts.items())
