"""Carries plans in tasks of asyncio: as `threads` does, with one thread and so without locks."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from kwtsms_client.client.journey import TOO_LATE, Bulk, Journey
from kwtsms_client.client.traffic import MAX_IN_FLIGHT, Traffic
from kwtsms_client.errors import NotSent
from kwtsms_client.flow import Plan, Together
from kwtsms_client.pacing import Pacer

Carry = Callable[[Plan[Any], Journey], Awaitable[Any]]


class Turns(Protocol):
    """Something that lets requests start one after another."""

    async def turn(self) -> None:
        """Waits until this request may start."""


class Tasks:
    """The traffic of one client, for any number of tasks."""

    def __init__(self, pacer: Pacer | Turns) -> None:
        self._pacer = pacer
        self._traffic = Traffic()
        self._waiting: set[asyncio.Future[None]] = set()

    @asynccontextmanager
    async def turn(self, way: Journey) -> AsyncIterator[None]:
        """A place and a turn; a request may be made within."""
        await self._take_place(way)
        try:
            await self._wait_for_turn(way)
            yield
        finally:
            self._traffic.leave_place()
            self._tell()

    async def another_turn(self, way: Journey) -> None:
        """For a request that has a place, and whose turn has passed before it left."""
        await self._wait_for_turn(way)

    @asynccontextmanager
    async def flight(self) -> AsyncIterator[None]:
        """A request is in flight within; whoever closes the client waits for it."""
        self._traffic.take_off()
        try:
            yield
        finally:
            self._traffic.land()
            self._tell()

    async def pause(self, seconds: float, way: Journey) -> None:
        """Waits, unless there is no time for it."""
        ends_at = time.monotonic() + seconds
        if ends_at > way.latest:
            raise NotSent(TOO_LATE)
        await self._wait(way, ends_at)

    async def together(self, step: Together, way: Journey, carry: Carry) -> list[Any]:
        """Each plan in a task, so many at a time as may be in flight."""
        bulk = Bulk(step.stops)
        window = asyncio.Semaphore(MAX_IN_FLIGHT)

        async def run(number: int, plan: Plan[Any]) -> Any:
            async with window:
                if bulk.stopped:
                    return None
                try:
                    return await carry(plan, way.part(bulk, number))
                except Exception as error:  # noqa: BLE001 - What came of the others is not lost.
                    return bulk.answer(error)
                finally:
                    bulk.has_begun(number)
                    self._tell()

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(*one)) for one in enumerate(step.plans)]
        return [task.result() for task in tasks]

    async def close(self, timeout: float | None) -> None:  # noqa: ASYNC109 - As for threads.
        """Ends every wait, and lets what is in flight finish, for so many seconds at most."""
        self._traffic.closed = True
        self._tell()
        until = math.inf if timeout is None else time.monotonic() + timeout
        while not self._traffic.is_quiet and time.monotonic() < until:
            await self._next_change(until)

    async def _take_place(self, way: Journey) -> None:
        self._traffic.join(way)
        try:
            if not await self._wait(way, way.latest, lambda: self._traffic.is_next(way)):
                raise NotSent(TOO_LATE)
            self._traffic.take_place(way)
        finally:
            self._traffic.leave_line(way)
            self._tell()

    async def _wait_for_turn(self, way: Journey) -> None:
        try:
            if isinstance(self._pacer, Pacer):
                now = time.monotonic()
                seconds = self._pacer.reserve(now, way.latest)
                if seconds is None:
                    raise NotSent(TOO_LATE)
                await self._wait(way, now + seconds)
            else:
                await self._wait_for(self._pacer, way)
        finally:
            self._traffic.has_begun(way)
            self._tell()

    async def _wait_for(self, turns: Turns, way: Journey) -> None:
        """A turn that something else than this client gives."""
        turn = asyncio.ensure_future(turns.turn())
        turn.add_done_callback(lambda _: self._tell())
        try:
            if not await self._wait(way, way.latest, turn.done):
                raise NotSent(TOO_LATE)
            turn.result()
        finally:
            turn.cancel()

    async def _wait(
        self, way: Journey, until: float, ready: Callable[[], bool] = lambda: False
    ) -> bool:
        """Waits until it is `ready`, and until then at most; whether it is.

        Raises:
            NotSent: it was called off.
        """
        while True:
            self._traffic.check(way)
            if ready():
                return True
            if time.monotonic() >= until:
                return False
            await self._next_change(until)

    async def _next_change(self, until: float) -> None:
        """Waits until something has changed, and until then at most."""
        change = asyncio.get_running_loop().create_future()
        self._waiting.add(change)
        left = None if until == math.inf else max(0.0, until - time.monotonic())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await change
        finally:
            self._waiting.discard(change)

    def _tell(self) -> None:
        """Wakes all who wait: something has changed."""
        for one in self._waiting:
            if not one.done():
                one.set_result(None)
