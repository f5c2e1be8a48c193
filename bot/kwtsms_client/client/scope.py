"""How far one call of a client may go: its deadline, and whether the rest was called off. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from kwtsms_client.errors import InvalidInput, KwtSMSError, NotSent, UnknownOutcome

CLOSED = "The client was closed before it was sent."
TOO_LATE = "There was no time left before the deadline."
MIN_ANSWER_SECONDS = (
    0.25  # In less than that hardly any answer comes: better not sent than unknown.
)


class NotStarted(NotSent):
    """Another part of the same bulk ended in a way that stops the rest."""


class BulkGroup:
    """Plans that are carried together. They begin in order, and one at a time.

    So others who send with the same client come in between.
    """

    def __init__(self, is_fatal: Callable[[KwtSMSError], bool]) -> None:
        self._is_fatal = is_fatal
        self._started = 0  # Plans that have made a request, or need none.
        self._starting: int | None = None  # The plan that has a place and waits for its turn.
        self.stopped = False

    def may_start(self, number: int) -> bool:
        """Whether the plan with this number is the next to make a request."""
        return self._starting is None and number <= self._started

    def mark_starting(self, number: int) -> None:
        """The plan with this number has a place, and waits for its turn."""
        self._starting = number

    def mark_started(self, number: int) -> None:
        """The plan with this number has had its turn, or needs none."""
        if self._starting == number:
            self._starting = None
        self._started = max(self._started, number + 1)

    def record_error(self, error: Exception) -> KwtSMSError | None:
        """What a plan's error is among the answers, and what follows from it for the rest."""
        if isinstance(error, NotStarted):
            return None
        if isinstance(error, KwtSMSError):
            self.stopped = self.stopped or self._is_fatal(error)
            return error
        self.stopped = True
        unknown = UnknownOutcome(f"It broke off ({type(error).__name__}: {str(error)[:200]}).")
        unknown.__cause__ = error
        return unknown


@dataclass(frozen=True, slots=True, eq=False)
class CallScope:
    """One call of a client, of which parts may run side by side."""

    deadline: float = math.inf  # By the clock that the client goes by.
    positions: tuple[
        tuple[BulkGroup, int], ...
    ] = ()  # The bulks that it belongs to, and its place there.

    @classmethod
    def with_timeout(cls, seconds: float | None, now: float) -> Self:
        """One that has so much time.

        Raises:
            InvalidInput: that is no time.
        """
        if seconds is None:
            return cls()
        if not isinstance(seconds, int | float) or not seconds >= 0:
            raise InvalidInput("The deadline must be a number of seconds.")
        return cls(now + seconds)

    def for_plan(self, bulk: BulkGroup, number: int) -> "CallScope":
        """A part of it: one of several plans."""
        return replace(self, positions=(*self.positions, (bulk, number)))

    @property
    def latest_start(self) -> float:
        """When a request may begin at the latest."""
        return self.deadline - MIN_ANSWER_SECONDS

    @property
    def stopped(self) -> bool:
        """Whether it is called off."""
        return any(bulk.stopped for bulk, _ in self.positions)

    def request_timeout(self, now: float, maximum: float) -> float:
        """How long a request may take that begins now."""
        return max(0.001, min(maximum, self.deadline - now))
