"""Bans an address that sends too many requests. Performs no I/O; the time is an argument."""

from collections import defaultdict, deque

from kwtsms_sandbox.gateway.behaviour import Behaviour

WINDOW = 1.0  # "5 requests per second": a sliding window


class AddressRateLimiter:
    """Rate limiter and bans by client address."""

    def __init__(self) -> None:
        self._request_times: dict[str, deque[float]] = defaultdict(deque)
        self._banned_until: dict[str, float] = {}

    def try_acquire(self, address: str, at: float, behaviour: Behaviour) -> bool:
        """Counts one request; returns False if the address is banned, before or because of it."""
        if behaviour.requests_per_second is None:
            return True
        if at < self._banned_until.get(address, at):
            return False
        times = self._request_times[address]
        while times and times[0] <= at - WINDOW:
            times.popleft()
        times.append(at)
        if len(times) <= behaviour.requests_per_second:
            return True
        self._banned_until[address] = at + behaviour.ban_seconds
        times.clear()
        return False
