"""Slack on a bad day, by request: what the next calls of a method meet."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum


class ConnectionDrop(StrEnum):
    """When the connection breaks."""

    BEFORE = "before"
    AFTER = "after"  # Slack did it, and the caller never learns.


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong; several fields may be combined, `delay` and `hold` come first."""

    error: str | None = None
    retry_after: int | None = None
    status: int | None = None
    drop: ConnectionDrop | None = None
    delay: float = 0.0
    wait_for: asyncio.Event | None = None

    async def wait(self) -> None:
        """The slowness of this fault."""
        if self.wait_for:
            await self.wait_for.wait()
        if self.delay:
            await asyncio.sleep(self.delay)


class Faults:
    """The faults that are due, first come first served; `*` means any method."""

    def __init__(self) -> None:
        self._due: dict[str, list[tuple[Fault, float]]] = {}

    def add(self, method: str, fault: Fault, times: float) -> None:
        """The next `times` calls of this method meet the fault."""
        self._due.setdefault(method, []).append((fault, times))

    def clear(self) -> None:
        """All is well again."""
        self._due.clear()

    def next(self, method: str) -> Fault | None:
        """The fault that this call meets, if any."""
        for key in (method, "*"):
            if due := self._due.get(key):
                fault, times = due.pop(0)
                if times > 1:
                    due.insert(0, (fault, times - 1))
                return fault
        return None
