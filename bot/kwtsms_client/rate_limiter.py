"""The rate limiter for requests. Pure: the caller passes the time in, and does the waiting."""

import threading

# Two requests a second, from start to start, as the vendor advises; above five it bans the address.
INTERVAL_SECONDS = 0.5
MAX_START_AGE_SECONDS = 0.25  # An older start time is void: others have started since.


class Pacer:
    """Rate limiter that gives out start times an interval apart. Thread-safe."""

    def __init__(self, interval: float = INTERVAL_SECONDS) -> None:
        self.interval = interval
        self._next = float("-inf")
        self._lock = threading.Lock()

    def reserve(self, now: float, latest: float = float("inf")) -> float | None:
        """Reserves the next start time, and returns the seconds from `now` until then.

        Returns None, and reserves nothing, if that would be later than `latest`.
        """
        with self._lock:
            start = max(now, self._next)
            if start > latest:
                return None
            self._next = start + self.interval
        return start - now
