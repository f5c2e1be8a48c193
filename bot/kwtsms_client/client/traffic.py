"""Which requests of a client are under way, and which may begin. Pure: it neither waits nor locks.

Whoever wants to make a request stands in line; the first whose bulk lets it takes one of the
places. It waits for its turn there, makes its request, and leaves.
"""

from kwtsms_client.client.journey import CLOSED, Journey, NotBegun
from kwtsms_client.errors import NotSent
from kwtsms_client.results import CALLED_OFF, NOT_TRIED

MAX_IN_FLIGHT = 8


class Traffic:
    """Who stands in line, who has a place, and what is in flight."""

    def __init__(self) -> None:
        self.closed = False
        self._line: list[Journey] = []
        self._under_way = 0
        self._in_flight = 0

    def check(self, way: Journey) -> None:
        """Whether it may go on.

        Raises:
            NotSent: the client was closed, or the rest of a bulk called off.
        """
        self._check_open()
        if way.stopped:
            raise NotBegun(NOT_TRIED + CALLED_OFF)

    def join(self, way: Journey) -> None:
        """Somebody stands in line from now on."""
        self._line.append(way)

    def leave_line(self, way: Journey) -> None:
        """Somebody has a place, or has given up."""
        self._line.remove(way)

    def is_next(self, way: Journey) -> bool:
        """Whether there is a place, and nobody before `way` who could take it."""
        if self._under_way >= MAX_IN_FLIGHT:
            return False
        return way is next((one for one in self._line if _may_begin(one)), None)

    def take_place(self, way: Journey) -> None:
        """From now on it waits for its turn."""
        self._under_way += 1
        for bulk, number in way.ranks:
            bulk.begins(number)

    def leave_place(self) -> None:
        """A request is over, or was never made."""
        self._under_way -= 1

    def has_begun(self, way: Journey) -> None:
        """It has had its turn, or will have none: the next of its bulk may come."""
        for bulk, number in way.ranks:
            bulk.has_begun(number)

    def take_off(self) -> None:
        """A request leaves this machine.

        Raises:
            NotSent: the client was closed.
        """
        self._check_open()
        self._in_flight += 1

    def land(self) -> None:
        """Its answer is there, or will never be."""
        self._in_flight -= 1

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is in flight."""
        return self._in_flight == 0

    def _check_open(self) -> None:
        if self.closed:
            raise NotSent(CLOSED)


def _may_begin(way: Journey) -> bool:
    return all(bulk.may_begin(number) for bulk, number in way.ranks)
