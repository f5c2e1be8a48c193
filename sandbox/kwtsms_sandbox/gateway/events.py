"""Event bus of the gateway: publishes events in order, and keeps none for later subscribers."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from kwtsms_sandbox.gateway.models import Event


class Subscription:
    """Events since the subscription began: `async for`, or `await next()`; close it when done."""

    def __init__(self, unsubscribe: Callable[["Subscription"], None]) -> None:
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._unsubscribe = unsubscribe

    def put(self, event: Event) -> None:
        """Queues one event."""
        self._queue.put_nowait(event)

    def close(self) -> None:
        """Stops listening; a loop over the subscription ends."""
        self._unsubscribe(self)
        self._queue.put_nowait(None)

    async def next(self) -> Event:
        """Waits for the next event and returns it.

        Raises:
            StopAsyncIteration: the subscription was closed.
        """
        event = await self._queue.get()
        if event is None:
            raise StopAsyncIteration
        return event

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await self.next()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class EventBus:
    """Publisher of every event to every subscription."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []

    def publish(self, event: Event) -> None:
        """Publishes one event."""
        for subscription in self._subscriptions:
            subscription.put(event)

    def subscribe(self) -> Subscription:
        """Returns a subscription to the events from now on."""
        subscription = Subscription(self._unsubscribe)
        self._subscriptions.append(subscription)
        return subscription

    def _unsubscribe(self, subscription: Subscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
