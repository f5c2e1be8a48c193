"""Executes plans in threads, which wait for their slots and start times or until a stop."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from kwtsms_client.client.request_queue import MAX_IN_FLIGHT, RequestQueue
from kwtsms_client.client.scope import TOO_LATE, BulkGroup, CallScope
from kwtsms_client.errors import NotSent
from kwtsms_client.flow import Gather, Plan
from kwtsms_client.rate_limiter import Pacer

MAX_WAIT_SECONDS = 0.5  # No wait is longer, because a signal just before it does not end it.
Execute = Callable[[Plan[Any], CallScope], Any]


class ThreadExecutor:
    """Queue, slots and pacing of one client, for any number of threads."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._queue = RequestQueue()
        self._changed = threading.Condition()  # Guards the queue, and signals every change.

    @contextmanager
    def slot(self, scope: CallScope) -> Iterator[None]:
        """Waits for a slot and a start time; a request may be made within."""
        with self._changed:
            self._acquire_slot(scope)
        try:
            with self._changed:
                self._wait_for_start(scope)
            yield
        finally:
            with self._changed:
                self._queue.release()
                self._changed.notify_all()

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Counts a request as in flight; closing the client waits for it."""
        with self._changed:
            self._queue.request_started()
        try:
            yield
        finally:
            with self._changed:
                self._queue.request_finished()
                self._changed.notify_all()

    def sleep(self, seconds: float, scope: CallScope) -> None:
        """Waits for so many seconds; raises `NotSent` if the deadline does not allow it."""
        ends_at = time.monotonic() + seconds
        if ends_at > scope.latest_start:
            raise NotSent(TOO_LATE)
        with self._changed:
            self._wait(scope, ends_at)

    def gather(self, step: Gather, scope: CallScope, execute: Execute) -> list[Any]:
        """Executes each plan in a thread, at most as many at a time as may be in flight."""
        bulk = BulkGroup(step.is_fatal)

        def run(number: int, plan: Plan[Any]) -> Any:
            if bulk.stopped:  # Saves thousands of plans a wait that ends in a refusal.
                return None
            try:
                return execute(plan, scope.for_plan(bulk, number))
            except Exception as error:  # noqa: BLE001 - Keeps the others' results.
                return bulk.record_error(error)
            except BaseException:
                bulk.stopped = True
                raise
            finally:
                with self._changed:
                    bulk.mark_started(number)
                    self._changed.notify_all()

        if len(step.plans) < 2:
            return [run(0, plan) for plan in step.plans]
        with ThreadPoolExecutor(min(MAX_IN_FLIGHT, len(step.plans))) as pool:
            try:
                return _collect([pool.submit(run, *one) for one in enumerate(step.plans)])
            except BaseException:  # Ctrl-C: requests in flight finish, and no others start.
                self._stop(bulk)
                raise

    def close(self, timeout: float | None) -> None:
        """Ends every wait, and waits for requests in flight, for at most `timeout` seconds."""
        with self._changed:
            self._queue.closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._queue.is_idle, timeout)

    def _stop(self, bulk: BulkGroup) -> None:
        with self._changed:
            bulk.stopped = True
            self._changed.notify_all()

    def _acquire_slot(self, scope: CallScope) -> None:
        self._queue.enqueue(scope)
        try:
            if not self._wait(scope, scope.latest_start, lambda: self._queue.is_next(scope)):
                raise NotSent(TOO_LATE)
        finally:
            self._queue.dequeue(scope)
            self._changed.notify_all()
        self._queue.acquire(scope)

    def _wait_for_start(self, scope: CallScope) -> None:
        try:
            now = time.monotonic()
            seconds = self._pacer.reserve(now, scope.latest_start)
            if seconds is None:
                raise NotSent(TOO_LATE)
            self._wait(scope, now + seconds)
        finally:
            self._queue.mark_started(scope)
            self._changed.notify_all()

    def _wait(
        self, scope: CallScope, until: float, ready: Callable[[], bool] = lambda: False
    ) -> bool:
        """Waits until `ready` is true, or the time is `until`; returns whether it is ready.

        Raises:
            NotSent: the client was closed, or the rest of a bulk was stopped.
        """
        while True:
            self._queue.check(scope)
            if ready():
                return True
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._changed.wait(min(left, MAX_WAIT_SECONDS))


def _collect(futures: list[Future[Any]]) -> list[Any]:
    """Returns the result of each future, once all have ended."""
    for future in futures:
        while not future.done():
            wait([future], MAX_WAIT_SECONDS)
    return [future.result() for future in futures]
