"""Which requests of a client are under way, and which may begin. Pure: it neither waits nor locks.

Whoever wants to make a request stands in line; the first whose bulk lets it takes one of the
places. It waits for its turn there, makes its request, and leaves.
"""

from kwtsms_client.client.scope import CLOSED, CallScope, NotStarted
from kwtsms_client.errors import NotSent
from kwtsms_client.results import CALLED_OFF, NOT_TRIED

MAX_IN_FLIGHT = 8


class RequestQueue:
    """Who stands in line, who has a place, and what is in flight."""

    def __init__(self) -> None:
        self.closed = False
        self._queued: list[CallScope] = []
        self._acquired = 0
        self._in_flight = 0

    def check(self, scope: CallScope) -> None:
        """Whether it may go on.

        Raises:
            NotSent: the client was closed, or the rest of a bulk called off.
        """
        self._check_open()
        if scope.stopped:
            raise NotStarted(NOT_TRIED + CALLED_OFF)

    def enqueue(self, scope: CallScope) -> None:
        """Somebody stands in line from now on."""
        self._queued.append(scope)

    def dequeue(self, scope: CallScope) -> None:
        """Somebody has a place, or has given up."""
        self._queued.remove(scope)

    def is_next(self, scope: CallScope) -> bool:
        """Whether there is a place, and nobody before `way` who could take it."""
        if self._acquired >= MAX_IN_FLIGHT:
            return False
        return scope is next((one for one in self._queued if _may_start(one)), None)

    def acquire(self, scope: CallScope) -> None:
        """From now on it waits for its turn."""
        self._acquired += 1
        for bulk, number in scope.positions:
            bulk.mark_starting(number)

    def release(self) -> None:
        """A request is over, or was never made."""
        self._acquired -= 1

    def mark_started(self, scope: CallScope) -> None:
        """It has had its turn, or will have none: the next of its bulk may come."""
        for bulk, number in scope.positions:
            bulk.mark_started(number)

    def request_started(self) -> None:
        """A request leaves this machine.

        Raises:
            NotSent: the client was closed.
        """
        self._check_open()
        self._in_flight += 1

    def request_finished(self) -> None:
        """Its answer is there, or will never be."""
        self._in_flight -= 1

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in flight."""
        return self._in_flight == 0

    def _check_open(self) -> None:
        if self.closed:
            raise NotSent(CLOSED)


def _may_start(scope: CallScope) -> bool:
    return all(bulk.may_start(number) for bulk, number in scope.positions)
