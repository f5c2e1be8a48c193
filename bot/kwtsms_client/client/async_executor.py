"""Executes plans in asyncio tasks, like `thread_executor`, but in one thread without locks."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from kwtsms_client.client.request_queue import MAX_IN_FLIGHT, RequestQueue
from kwtsms_client.client.scope import TOO_LATE, BulkGroup, CallScope
from kwtsms_client.errors import NotSent
from kwtsms_client.flow import Gather, Plan
from kwtsms_client.rate_limiter import Pacer

Execute = Callable[[Plan[Any], CallScope], Awaitable[Any]]


class AsyncPacer(Protocol):
    """Object that lets requests start one after another."""

    async def acquire(self) -> None:
        """Waits until this request may start."""


class AsyncExecutor:
    """Queue, slots and pacing of one client, for any number of tasks."""

    def __init__(self, pacer: Pacer | AsyncPacer) -> None:
        self._pacer = pacer
        self._queue = RequestQueue()
        self._waiters: set[asyncio.Future[None]] = set()

    @asynccontextmanager
    async def slot(self, scope: CallScope) -> AsyncIterator[None]:
        """Waits for a slot and a start time; a request may be made within."""
        await self._acquire_slot(scope)
        try:
            await self._wait_for_start(scope)
            yield
        finally:
            self._queue.release()
            self._notify()

    async def wait_for_new_start(self, scope: CallScope) -> None:
        """Waits for another start time, for a request with a slot that did not leave in time."""
        await self._wait_for_start(scope)

    @asynccontextmanager
    async def in_flight(self) -> AsyncIterator[None]:
        """Counts a request as in flight; closing the client waits for it."""
        self._queue.request_started()
        try:
            yield
        finally:
            self._queue.request_finished()
            self._notify()

    async def sleep(self, seconds: float, scope: CallScope) -> None:
        """Waits for so many seconds; raises `NotSent` if the deadline does not allow it."""
        ends_at = time.monotonic() + seconds
        if ends_at > scope.latest_start:
            raise NotSent(TOO_LATE)
        await self._wait(scope, ends_at)

    async def gather(self, step: Gather, scope: CallScope, execute: Execute) -> list[Any]:
        """Executes each plan in a task, at most as many at a time as may be in flight."""
        bulk = BulkGroup(step.is_fatal)
        window = asyncio.Semaphore(MAX_IN_FLIGHT)

        async def run(number: int, plan: Plan[Any]) -> Any:
            async with window:
                if bulk.stopped:
                    return None
                try:
                    return await execute(plan, scope.for_plan(bulk, number))
                except Exception as error:  # noqa: BLE001 - Keeps the others' results.
                    return bulk.record_error(error)
                finally:
                    bulk.mark_started(number)
                    self._notify()

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(*one)) for one in enumerate(step.plans)]
        return [task.result() for task in tasks]

    async def close(self, timeout: float | None) -> None:  # noqa: ASYNC109 - As for threads.
        """Ends every wait, and waits for requests in flight, for at most `timeout` seconds."""
        self._queue.closed = True
        self._notify()
        until = math.inf if timeout is None else time.monotonic() + timeout
        while not self._queue.is_idle and time.monotonic() < until:
            await self._wait_for_change(until)

    async def _acquire_slot(self, scope: CallScope) -> None:
        self._queue.enqueue(scope)
        try:
            if not await self._wait(scope, scope.latest_start, lambda: self._queue.is_next(scope)):
                raise NotSent(TOO_LATE)
            self._queue.acquire(scope)
        finally:
            self._queue.dequeue(scope)
            self._notify()

    async def _wait_for_start(self, scope: CallScope) -> None:
        try:
            if isinstance(self._pacer, Pacer):
                now = time.monotonic()
                seconds = self._pacer.reserve(now, scope.latest_start)
                if seconds is None:
                    raise NotSent(TOO_LATE)
                await self._wait(scope, now + seconds)
            else:
                await self._wait_for_pacer(self._pacer, scope)
        finally:
            self._queue.mark_started(scope)
            self._notify()

    async def _wait_for_pacer(self, pacer: AsyncPacer, scope: CallScope) -> None:
        """Waits for a start time from a pacer that the caller wrote."""
        acquiring = asyncio.ensure_future(pacer.acquire())
        acquiring.add_done_callback(lambda _: self._notify())
        try:
            if not await self._wait(scope, scope.latest_start, acquiring.done):
                raise NotSent(TOO_LATE)
            acquiring.result()
        finally:
            acquiring.cancel()

    async def _wait(
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
            if time.monotonic() >= until:
                return False
            await self._wait_for_change(until)

    async def _wait_for_change(self, until: float) -> None:
        """Waits until the next change, or until the time is `until`."""
        change = asyncio.get_running_loop().create_future()
        self._waiters.add(change)
        left = None if until == math.inf else max(0.0, until - time.monotonic())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await change
        finally:
            self._waiters.discard(change)

    def _notify(self) -> None:
        """Wakes all waiting tasks after a change."""
        for one in self._waiters:
            if not one.done():
                one.set_result(None)
