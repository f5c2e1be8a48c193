"""How far one call of a client may go: its deadline, and whether the rest was called off. Pure."""

from dataclasses import dataclass
from typing import Protocol

CLOSED = "The client was closed before it was sent."
TOO_LATE = "There was no time left before the deadline."


class Flag(Protocol):
    """Something that can be set: a thread's event, or asyncio's."""

    def is_set(self) -> bool:
        """Whether it is."""

    def set(self) -> None:
        """Sets it."""


class NotBegun(Exception):
    """Another part of the same bulk met an error that stops the rest."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One call of a client, of which parts may run side by side."""

    until: float = float("inf")  # By the clock that the client goes by.
    stopped: Flag | None = None

    def check(self) -> None:
        """Before a request begins.

        Raises:
            NotBegun: it is called off.
        """
        if self.stopped is not None and self.stopped.is_set():
            raise NotBegun("Not tried: the rest was called off.")

    def timeout(self, now: float, most: float) -> float:
        """How long a request may take that begins now."""
        return max(0.001, min(most, self.until - now))
