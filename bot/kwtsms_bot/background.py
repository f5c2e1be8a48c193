"""Background tasks that must end before the process does, and a sleep that can be stopped."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

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


async def sleep(stop: asyncio.Event, seconds: float) -> None:
    """Returns after so many seconds, or as soon as `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
