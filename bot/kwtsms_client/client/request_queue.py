"""Queue and slots for the requests of a client. Pure: neither waits nor locks.

A request joins the queue; the first one that its bulk allows to start takes one of the slots. It
waits there for its start time, is made, and releases the slot.
"""

from kwtsms_client.client.scope import CLOSED, CallScope, NotStarted
from kwtsms_client.errors import NotSent
from kwtsms_client.results import CALLED_OFF, NOT_TRIED

MAX_IN_FLIGHT = 8


class RequestQueue:
    """FIFO queue, slots and in-flight count of a client's requests."""

    def __init__(self) -> None:
        self.closed = False
        self._queued: list[CallScope] = []
        self._acquired = 0
        self._in_flight = 0

    def check(self, scope: CallScope) -> None:
        """Checks that a request may go on.

        Raises:
            NotSent: the client was closed, or the rest of a bulk was stopped.
        """
        self._check_open()
        if scope.stopped:
            raise NotStarted(NOT_TRIED + CALLED_OFF)

    def enqueue(self, scope: CallScope) -> None:
        """Adds a request to the queue."""
        self._queued.append(scope)

    def dequeue(self, scope: CallScope) -> None:
        """Removes a request that has a slot or has given up."""
        self._queued.remove(scope)

    def is_next(self, scope: CallScope) -> bool:
        """Whether a slot is free and no request before `scope` may take it."""
        if self._acquired >= MAX_IN_FLIGHT:
            return False
        return scope is next((one for one in self._queued if _may_start(one)), None)

    def acquire(self, scope: CallScope) -> None:
        """Takes a slot for a request, which waits for its start time next."""
        self._acquired += 1
        for bulk, number in scope.positions:
            bulk.mark_starting(number)

    def release(self) -> None:
        """Frees the slot of a request that is over, or was never made."""
        self._acquired -= 1

    def mark_started(self, scope: CallScope) -> None:
        """Records that a request has started or never will: the bulk's next one may start."""
        for bulk, number in scope.positions:
            bulk.mark_started(number)

    def request_started(self) -> None:
        """Counts a request that is about to leave this machine.

        Raises:
            NotSent: the client was closed.
        """
        self._check_open()
        self._in_flight += 1

    def request_finished(self) -> None:
        """Stops counting a request whose answer came, or never will."""
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
