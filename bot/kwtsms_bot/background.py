"""Background tasks that must end before the process does, and a sleep that can be stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

E = TypeVar("E", bound=Exception)
T = TypeVar("T")


class BackgroundTasks:
    """Set of running tasks, kept here because asyncio keeps only weak references to them."""

    def __init__(self, on_acknowledged: Callable[[float], None] = lambda _: None) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self.on_acknowledged = on_acknowledged  # Gets the seconds that each took.

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Starts `work` as a task and keeps a reference to it."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def finish(self, seconds: float) -> None:
        """Waits for all tasks, for at most `seconds`; late ones are cancelled."""
        if self._running:
            _, late = await asyncio.wait(set(self._running), timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


async def wait_for_any(*events: asyncio.Event, seconds: float) -> None:
    """Returns as soon as one of the events is set, or after so many seconds."""
    waiters = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()


async def poll(
    stop: asyncio.Event,
    step: Callable[[], Awaitable[float]],
    on_error: Callable[[E], float],
    *,
    errors: type[E] | tuple[type[E], ...],
    wake: asyncio.Event | None = None,
) -> None:
    """Runs `step` until `stop` is set.

    `step` returns the seconds until it is to run again; so does `on_error`, which gets an error of
    the kinds `errors`. If `wake` is set meanwhile, the next run comes at once.
    """
    while not stop.is_set():
        if wake is not None:
            wake.clear()
        try:
            delay = await step()
        except errors as error:
            delay = on_error(error)
        await wait_for_any(stop, *filter(None, [wake]), seconds=delay)
