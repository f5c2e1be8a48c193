"""Bans an address that asks too often. Pure but for its own memory; the time is an argument."""

from collections import defaultdict, deque

from kwtsms_sandbox.gateway.knobs import Knobs

WINDOW = 1.0  # "5 requests per second": any second, not the calendar's


class Limiter:
    """Remembers when each address asked."""

    def __init__(self) -> None:
        self._asked: dict[str, deque[float]] = defaultdict(deque)
        self._banned_until: dict[str, float] = {}

    def admits(self, address: str, at: float, knobs: Knobs) -> bool:
        """Count one request; False if the address is banned, or now becomes so."""
        if knobs.requests_per_second is None:
            return True
        if at < self._banned_until.get(address, at):
            return False
        asked = self._asked[address]
        while asked and asked[0] <= at - WINDOW:
            asked.popleft()
        asked.append(at)
        if len(asked) <= knobs.requests_per_second:
            return True
        self._banned_until[address] = at + knobs.ban_seconds
        asked.clear()
        return False
