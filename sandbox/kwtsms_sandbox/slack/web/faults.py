"""Planned faults of the Web API: errors, delays and broken connections."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum


class ConnectionDrop(StrEnum):
    """Moment at which the connection breaks."""

    BEFORE = "before"
    AFTER = "after"  # Slack carried the call out, and the caller never learns it.


@dataclass(frozen=True, slots=True)
class Fault:
    """Fault of a call; fields may be combined, and `delay` and `wait_for` come first."""

    error: str | None = None
    retry_after: int | None = None
    status: int | None = None
    drop: ConnectionDrop | None = None
    delay: float = 0.0
    wait_for: asyncio.Event | None = None

    async def wait(self) -> None:
        """Waits as long as this fault delays the call."""
        if self.wait_for:
            await self.wait_for.wait()
        if self.delay:
            await asyncio.sleep(self.delay)


class Faults:
    """Faults by method, in the order they were added; `*` means any method."""

    def __init__(self) -> None:
        self._due: dict[str, list[tuple[Fault, float]]] = {}

    def add(self, method: str, fault: Fault, times: float) -> None:
        """Plans the fault for the next `times` calls of this method."""
        self._due.setdefault(method, []).append((fault, times))

    def clear(self) -> None:
        """Removes all planned faults."""
        self._due.clear()

    def next(self, method: str) -> Fault | None:
        """Returns the fault that this call meets, and lowers its count."""
        for key in (method, "*"):
            if due := self._due.get(key):
                fault, times = due.pop(0)
                if times > 1:
                    due.insert(0, (fault, times - 1))
                return fault
        return None
