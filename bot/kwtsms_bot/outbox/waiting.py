"""Waiting between two looks, and not a moment longer once the end is called."""

import asyncio


async def sleep(stop: asyncio.Event, seconds: float) -> None:
    """Returns after so many seconds, or as soon as `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
