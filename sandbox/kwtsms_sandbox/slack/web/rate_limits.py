"""Rate limits of the Web API's methods. Pure: the time is an argument.

Each method has a bucket that drains at the documented rate; its size, the burst Slack tolerates, is
not documented and is an estimate.
https://docs.slack.dev/apis/web-api/rate-limits
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Tier(StrEnum):
    """Rate limit tier of a method."""

    T1 = "tier 1"
    T2 = "tier 2"
    T3 = "tier 3"
    T4 = "tier 4"
    POST = "post"  # One message a second in each channel.
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Rate:
    """Rate limit: calls a minute, and calls at once."""

    per_minute: float
    burst: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Rates in force; `Limits.none()` switches them off."""

    tiers: Mapping[Tier, Rate] = field(
        default_factory=lambda: {
            Tier.T1: Rate(1, 20),
            Tier.T2: Rate(20, 20),
            Tier.T3: Rate(50, 50),
            Tier.T4: Rate(100, 100),
            Tier.POST: Rate(60, 5),
        }
    )

    @classmethod
    def none(cls) -> "Limits":
        """Returns limits that never apply, for tests of something else."""
        return cls({})


class Buckets:
    """Leaky buckets by key."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._spent: dict[str, tuple[float, float]] = {}

    def try_acquire(self, key: str, tier: Tier, now: float) -> int:
        """Counts one call and returns 0, or returns the seconds until the next call is allowed."""
        rate = self.limits.tiers.get(tier)
        if rate is None:
            return 0
        per_second = rate.per_minute / 60
        spent, at = self._spent.get(key, (0.0, now))
        spent = max(0.0, spent - (now - at) * per_second)
        if spent + 1 > rate.burst:
            return max(1, math.ceil((spent + 1 - rate.burst) / per_second))
        self._spent[key] = (spent + 1, now)
        return 0
