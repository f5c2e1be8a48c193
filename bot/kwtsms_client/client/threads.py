"""Carries plans in threads: each waits for its place and its turn, and until all is called off."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from kwtsms_client.client.journey import TOO_LATE, Bulk, Journey
from kwtsms_client.client.traffic import MAX_IN_FLIGHT, Traffic
from kwtsms_client.errors import NotSent
from kwtsms_client.flow import Plan, Together
from kwtsms_client.pacing import Pacer

LOOK_SECONDS = 0.5  # A signal that comes just before a wait does not end it: so none is longer.
Carry = Callable[[Plan[Any], Journey], Any]


class Threads:
    """The traffic of one client, for any number of threads."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._traffic = Traffic()
        self._changed = threading.Condition()  # Guards the traffic, and tells of every change.

    @contextmanager
    def turn(self, way: Journey) -> Iterator[None]:
        """A place and a turn; a request may be made within."""
        with self._changed:
            self._take_place(way)
        try:
            with self._changed:
                self._wait_for_turn(way)
            yield
        finally:
            with self._changed:
                self._traffic.leave_place()
                self._changed.notify_all()

    @contextmanager
    def flight(self) -> Iterator[None]:
        """A request is in flight within; whoever closes the client waits for it."""
        with self._changed:
            self._traffic.take_off()
        try:
            yield
        finally:
            with self._changed:
                self._traffic.land()
                self._changed.notify_all()

    def pause(self, seconds: float, way: Journey) -> None:
        """Waits, unless there is no time for it."""
        ends_at = time.monotonic() + seconds
        if ends_at > way.latest:
            raise NotSent(TOO_LATE)
        with self._changed:
            self._wait(way, ends_at)

    def together(self, step: Together, way: Journey, carry: Carry) -> list[Any]:
        """Each plan in a thread, so many at a time as may be in flight."""
        bulk = Bulk(step.stops)

        def run(number: int, plan: Plan[Any]) -> Any:
            if bulk.stopped:  # Of thousands, each would look for its place only to be told so.
                return None
            try:
                return carry(plan, way.part(bulk, number))
            except Exception as error:  # noqa: BLE001 - What came of the others must not be lost.
                return bulk.answer(error)
            except BaseException:
                bulk.stopped = True
                raise
            finally:
                with self._changed:
                    bulk.has_begun(number)
                    self._changed.notify_all()

        if len(step.plans) < 2:
            return [run(0, plan) for plan in step.plans]
        with ThreadPoolExecutor(min(MAX_IN_FLIGHT, len(step.plans))) as pool:
            try:
                return _answers([pool.submit(run, *one) for one in enumerate(step.plans)])
            except BaseException:  # Ctrl-C: what is in flight is finished, and nothing else begun.
                self._stop(bulk)
                raise

    def close(self, timeout: float | None) -> None:
        """Ends every wait, and lets what is in flight finish, for so many seconds at most."""
        with self._changed:
            self._traffic.closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._traffic.is_quiet, timeout)

    def _stop(self, bulk: Bulk) -> None:
        with self._changed:
            bulk.stopped = True
            self._changed.notify_all()

    def _take_place(self, way: Journey) -> None:
        self._traffic.join(way)
        try:
            if not self._wait(way, way.latest, lambda: self._traffic.is_next(way)):
                raise NotSent(TOO_LATE)
        finally:
            self._traffic.leave_line(way)
            self._changed.notify_all()
        self._traffic.take_place(way)

    def _wait_for_turn(self, way: Journey) -> None:
        try:
            now = time.monotonic()
            seconds = self._pacer.reserve(now, way.latest)
            if seconds is None:
                raise NotSent(TOO_LATE)
            self._wait(way, now + seconds)
        finally:
            self._traffic.has_begun(way)
            self._changed.notify_all()

    def _wait(self, way: Journey, until: float, ready: Callable[[], bool] = lambda: False) -> bool:
        """Waits until it is `ready`, and until then at most; whether it is.

        Raises:
            NotSent: it was called off.
        """
        while True:
            self._traffic.check(way)
            if ready():
                return True
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._changed.wait(min(left, LOOK_SECONDS))


def _answers(parts: list[Future[Any]]) -> list[Any]:
    """What came of each part, once all have come to an end."""
    for part in parts:
        while not part.done():
            wait([part], LOOK_SECONDS)
    return [part.result() for part in parts]
