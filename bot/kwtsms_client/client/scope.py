"""The scope of one call of a client: its deadline, and the bulks that may stop it. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from kwtsms_client.errors import InvalidInput, KwtSMSError, NotSent, UnknownOutcome

CLOSED = "The client was closed before it was sent."
TOO_LATE = "There was no time left before the deadline."
MIN_ANSWER_SECONDS = 0.25  # An answer hardly comes in less time: better not sent than unknown.


class NotStarted(NotSent):
    """Another part of the same bulk ended with an error that stops the rest."""


class BulkGroup:
    """Plans that are executed together. They start in order, and one at a time.

    Other requests of the same client can therefore start in between.
    """

    def __init__(self, is_fatal: Callable[[KwtSMSError], bool]) -> None:
        self._is_fatal = is_fatal
        self._started = 0  # Number of plans that have started, or need no request.
        self._starting: int | None = None  # The plan that has a slot and waits for its start time.
        self.stopped = False

    def may_start(self, number: int) -> bool:
        """Whether the plan with this number is the next to make a request."""
        return self._starting is None and number <= self._started

    def mark_starting(self, number: int) -> None:
        """Records that the plan with this number has a slot, and waits for its start time."""
        self._starting = number

    def mark_started(self, number: int) -> None:
        """Records that the plan with this number has started, or needs no request."""
        if self._starting == number:
            self._starting = None
        self._started = max(self._started, number + 1)

    def record_error(self, error: Exception) -> KwtSMSError | None:
        """Returns the answer of a plan that failed, and stops the rest if the error is fatal."""
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
    """Scope of one call of a client, parts of which may run side by side."""

    deadline: float = math.inf  # By the client's monotonic clock.
    positions: tuple[
        tuple[BulkGroup, int], ...
    ] = ()  # The bulks that it belongs to, and its number in each.

    @classmethod
    def with_timeout(cls, seconds: float | None, now: float) -> Self:
        """Returns a scope whose deadline is in so many seconds, or that has none.

        Raises:
            InvalidInput: `seconds` is negative or not a number.
        """
        if seconds is None:
            return cls()
        if not isinstance(seconds, int | float) or not seconds >= 0:
            raise InvalidInput("The deadline must be a number of seconds.")
        return cls(now + seconds)

    def for_plan(self, bulk: BulkGroup, number: int) -> "CallScope":
        """The scope of one of several plans of this call."""
        return replace(self, positions=(*self.positions, (bulk, number)))

    @property
    def latest_start(self) -> float:
        """The latest time at which a request may start."""
        return self.deadline - MIN_ANSWER_SECONDS

    @property
    def stopped(self) -> bool:
        """Whether a bulk that it belongs to was stopped."""
        return any(bulk.stopped for bulk, _ in self.positions)

    def request_timeout(self, now: float, maximum: float) -> float:
        """The timeout in seconds of a request that starts now."""
        return max(0.001, min(maximum, self.deadline - now))
