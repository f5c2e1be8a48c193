"""Notifies open pages of what has changed. Knows neither sockets nor JSON.

A viewer holds a set of topics, not a queue of messages: however fast things change and however slow
a browser is, its backlog is bounded and current.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager

from kwtsms_sandbox.gateway import Subscription
from kwtsms_sandbox.page.view_model import EVERYTHING, Topic, ViewModel
from kwtsms_sandbox.slack import User, WorkspaceEvent

MAX_TOPICS = 50  # with more topics, updating everything is cheaper


class Viewer:
    """Open page: the user it acts as, and the topics it has yet to receive."""

    def __init__(self, me: User) -> None:
        self.me = me
        self._topics: dict[Topic, None] = {EVERYTHING: None}
        self._changed = asyncio.Event()
        self._changed.set()

    def mark_changed(self, topic: Topic) -> None:
        """Marks a topic as out of date for this viewer."""
        if topic == EVERYTHING or len(self._topics) >= MAX_TOPICS:
            self._topics = {EVERYTHING: None}
        elif EVERYTHING not in self._topics:
            self._topics[topic] = None
        self._changed.set()

    async def topics(self) -> list[Topic]:
        """Waits for a change, and returns the topics that changed since the last call."""
        await self._changed.wait()
        self._changed.clear()
        topics, self._topics = list(self._topics), {}
        return topics


class Broadcaster:
    """Broadcaster of both services' events to the viewers, as long as `listening()` lasts."""

    def __init__(self, view_model: ViewModel) -> None:
        self._view_model = view_model
        self._viewers: set[Viewer] = set()

    def join(self, me: User) -> Viewer:
        """Adds a viewer, which receives everything first."""
        viewer = Viewer(me)
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Removes a viewer whose page was closed."""
        self._viewers.discard(viewer)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Follows the events of both services as long as the block lasts."""
        with ExitStack() as subscriptions:
            slack_events = subscriptions.enter_context(self._view_model.slack.subscribe())
            gateway_events = subscriptions.enter_context(self._view_model.gateway.subscribe())
            tasks = [
                asyncio.create_task(self._follow_slack(slack_events)),
                asyncio.create_task(self._follow_gateway(gateway_events)),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow_slack(self, events: AsyncIterator[WorkspaceEvent]) -> None:
        async for event in events:
            self._mark_changed(self._view_model.slack_topics(event))

    async def _follow_gateway(self, events: Subscription) -> None:
        async for event in events:
            self._mark_changed(self._view_model.gateway_topics(event))

    def _mark_changed(self, topics: Iterable[Topic]) -> None:
        for topic in topics:
            for viewer in self._viewers:
                viewer.mark_changed(topic)
