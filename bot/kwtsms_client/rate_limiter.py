"""When a request may start. Pure: the clock comes in, and waiting is the caller's."""

import threading

# Two requests a second, from start to start, as the vendor advises; above five it bans the address.
INTERVAL_SECONDS = 0.5
MAX_START_AGE_SECONDS = 0.25  # A turn that was so long ago is over: others have started since.


class Pacer:
    """Gives out start instants that lie an interval apart; threads may share it."""

    def __init__(self, interval: float = INTERVAL_SECONDS) -> None:
        self.interval = interval
        self._next = float("-inf")
        self._lock = threading.Lock()

    def reserve(self, now: float, latest: float = float("inf")) -> float | None:
        """How many seconds from `now` the caller has to wait before it starts.

        None, and nothing reserved, where that would be later than `latest`.
        """
        with self._lock:
            start = max(now, self._next)
            if start > latest:
                return None
            self._next = start + self.interval
        return start - now
