"""Publishes the workspace's events to subscribers; lets a test wait for a state.

Nothing here sleeps or polls: waiting ends on an event, or at the timeout.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Kind(StrEnum):
    """Kind of an event."""

    MESSAGE_POSTED = "message_posted"
    MESSAGE_CHANGED = "message_changed"
    MESSAGE_DELETED = "message_deleted"
    VIEW_CHANGED = "view_changed"
    VIEW_CLOSED = "view_closed"
    HOME_CHANGED = "home_changed"
    TYPED = "typed"
    ACKED = "acked"
    CALLED = "called"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    STEP_ENDED = "step_ended"


@dataclass(frozen=True, slots=True)
class WorkspaceEvent:
    """Event in the workspace, with the message, view or call it is about."""

    kind: Kind
    subject: Any = None


class Feed:
    """Publisher of events to subscribers and to callers that wait."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[WorkspaceEvent]] = set()
        self._changed = asyncio.Event()

    def publish(self, kind: Kind, subject: Any = None) -> None:
        """Publishes an event."""
        for queue in self._queues:
            queue.put_nowait(WorkspaceEvent(kind, subject))
        self._changed.set()
        self._changed = asyncio.Event()

    @contextmanager
    def subscribe(self) -> Iterator[AsyncIterator[WorkspaceEvent]]:
        """Yields the events from now on, in order."""
        queue: asyncio.Queue[WorkspaceEvent] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield _drain(queue)
        finally:
            self._queues.discard(queue)

    async def until(
        self,
        condition: Callable[[], T | None],
        *,
        timeout: float = 20.0,  # noqa: ASYNC109  the error names what did not come
        what: str = "",
    ) -> T:
        """Waits until `condition()` is true, and returns its value; TimeoutError if it never is."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    if value := condition():
                        return value
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"not within {timeout:g} s: {what or condition}") from None


async def _drain(queue: asyncio.Queue[WorkspaceEvent]) -> AsyncIterator[WorkspaceEvent]:
    while True:
        yield await queue.get()
