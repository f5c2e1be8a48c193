"""Waiting for what tells nobody when it happens: a look every few milliseconds, and a deadline."""

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
    """Returns as soon as what `holds` answers is true.

    Raises:
        TimeoutError: it never is.
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
