"""The sandbox's clock: real time that can be moved forward on demand.

It never goes back and never sleeps: to let an hour pass, call `advance(3600)`.
"""

import time
from datetime import UTC, datetime, timedelta

MAX_STEP = 10 * 365 * 86400.0


class Clock:
    """Real clock plus the time added to it; with `frozen_at`, only added time moves it."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._offset = 0.0
        self._frozen = frozen_at is not None
        self._started = 0.0 if self._frozen else time.monotonic()
        self._origin = frozen_at or datetime.now(UTC)

    def now(self) -> datetime:
        """Returns the current time in UTC."""
        return self._origin + timedelta(seconds=self._elapsed())

    def monotonic(self) -> float:
        """Returns seconds on a clock that only goes forward."""
        return self._started + self._elapsed()

    def advance(self, seconds: float) -> None:
        """Moves the clock forward by `seconds`.

        Raises:
            ValueError: `seconds` is negative, or more than 10 years.
        """
        if seconds > MAX_STEP:
            raise ValueError(f"at most 10 years at once: got {seconds} seconds")
        if seconds < 0:
            raise ValueError(f"the clock only goes forward: expected 0 or more, got {seconds}")
        self._offset += seconds

    def _elapsed(self) -> float:
        return self._offset if self._frozen else self._offset + time.monotonic() - self._started
