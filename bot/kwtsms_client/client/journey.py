"""How far one call of a client may go: its deadline, and whether the rest was called off. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from kwtsms_client.errors import InvalidInput, KwtSMSError, NotSent, UnknownOutcome

CLOSED = "The client was closed before it was sent."
TOO_LATE = "There was no time left before the deadline."
LEAST_SECONDS = 0.25  # In less than that hardly any answer comes: better not sent than unknown.


class NotBegun(NotSent):
    """Another part of the same bulk ended in a way that stops the rest."""


class Bulk:
    """Plans that are carried together. They begin in order, and one at a time.

    So others who send with the same client come in between.
    """

    def __init__(self, stops: Callable[[KwtSMSError], bool]) -> None:
        self._stops = stops
        self._begun = 0  # Plans that have made a request, or need none.
        self._beginner: int | None = None  # The plan that has a place and waits for its turn.
        self.stopped = False

    def may_begin(self, number: int) -> bool:
        """Whether the plan with this number is the next to make a request."""
        return self._beginner is None and number <= self._begun

    def begins(self, number: int) -> None:
        """The plan with this number has a place, and waits for its turn."""
        self._beginner = number

    def has_begun(self, number: int) -> None:
        """The plan with this number has had its turn, or needs none."""
        if self._beginner == number:
            self._beginner = None
        self._begun = max(self._begun, number + 1)

    def answer(self, error: Exception) -> KwtSMSError | None:
        """What a plan's error is among the answers, and what follows from it for the rest."""
        if isinstance(error, NotBegun):
            return None
        if isinstance(error, KwtSMSError):
            self.stopped = self.stopped or self._stops(error)
            return error
        self.stopped = True
        unknown = UnknownOutcome(f"It broke off ({type(error).__name__}: {str(error)[:200]}).")
        unknown.__cause__ = error
        return unknown


@dataclass(frozen=True, slots=True, eq=False)
class Journey:
    """One call of a client, of which parts may run side by side."""

    until: float = math.inf  # By the clock that the client goes by.
    ranks: tuple[tuple[Bulk, int], ...] = ()  # The bulks that it belongs to, and its place there.

    @classmethod
    def within(cls, seconds: float | None, now: float) -> Self:
        """One that has so much time.

        Raises:
            InvalidInput: that is no time.
        """
        if seconds is None:
            return cls()
        if not isinstance(seconds, int | float) or not seconds >= 0:
            raise InvalidInput("The deadline must be a number of seconds.")
        return cls(now + seconds)

    def part(self, bulk: Bulk, number: int) -> "Journey":
        """A part of it: one of several plans."""
        return replace(self, ranks=(*self.ranks, (bulk, number)))

    @property
    def latest(self) -> float:
        """When a request may begin at the latest."""
        return self.until - LEAST_SECONDS

    @property
    def stopped(self) -> bool:
        """Whether it is called off."""
        return any(bulk.stopped for bulk, _ in self.ranks)

    def timeout(self, now: float, most: float) -> float:
        """How long a request may take that begins now."""
        return max(0.001, min(most, self.until - now))
