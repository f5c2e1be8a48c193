"""Polling with a deadline, for conditions without a notification."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.02


async def until(
    condition: Callable[[], object | Awaitable[object]],
    *,
    seconds: float = 30,
    what: str,
    every: float = POLL_SECONDS,
) -> None:
    """Returns as soon as `condition` is true.

    Raises:
        TimeoutError: the condition is not true within `seconds`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        found = condition()
        if await found if inspect.isawaitable(found) else found:
            return
        if loop.time() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(every)
