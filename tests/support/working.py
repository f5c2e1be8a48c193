"""A worker at work between a real database and a real gateway."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kwtsms_bot.outbox.carrying import Turns
from kwtsms_bot.outbox.message import Message, State
from kwtsms_bot.outbox.store import DatabasePacer, Store
from kwtsms_bot.outbox.worker import Worker
from kwtsms_client import AsyncClient, Credentials
from kwtsms_sandbox.gateway import Gateway, RunningGateway
from support.database import OneClock, new, opened
from support.gateway import running_gateway

LEASE = timedelta(seconds=30)


@dataclass
class Bench:
    """A worker at work, a gateway, and a clock that can be moved on."""

    running: RunningGateway
    store: Store
    client: AsyncClient
    pacer: DatabasePacer
    worker: Worker = field(init=False)
    ahead: timedelta = timedelta()
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def gateway(self) -> Gateway:
        """The gateway."""
        return self.running.gateway

    def now(self) -> datetime:
        """The worker's time."""
        return datetime.now(UTC) + self.ahead

    def later(self, seconds: float) -> None:
        """Lets time pass for the worker and for the gateway."""
        self.ahead += timedelta(seconds=seconds)
        self.gateway.advance(seconds)
        self.worker.wake()

    async def send(self, *recipients: str, text: str = "hello", **changes: Any) -> Message:
        """Accepts a message, and tells the worker."""
        wanted = new(*recipients, text=text, **changes)
        accepted = await self.store.accept(wanted, self.now())
        self.worker.wake()
        return accepted.message

    async def until(self, message: Message, holds: Callable[[Message], bool]) -> Message:
        """The message, once `holds` of it."""
        async with asyncio.timeout(30):
            while True:
                self.changed.clear()
                found = await self.store.get(message.id)
                assert found
                if holds(found):
                    return found
                await self.changed.wait()

    async def reached(self, message: Message, state: State) -> Message:
        """The message, once all its recipients are in `state`."""
        return await self.until(message, lambda found: set(found.counts) == {state})


def codes(message: Message) -> list[str | None]:
    """Why it is where it is, in kwtSMS's codes."""
    return [one.code for one in message.reasons]


@asynccontextmanager
async def working(
    place: str | Path,
    *,
    lease: timedelta = LEASE,
    store: type[Store] = OneClock,
    turns: Turns | None = None,
    **options: Any,
) -> AsyncIterator[Bench]:
    """A worker between a database and a gateway; `options` are the client's."""
    async with running_gateway() as running, opened(place) as database:
        account = running.gateway.account
        credentials = Credentials(account.username, account.password)
        options = {"base_url": running.base_url, "timeout": 1.0, **options}
        async with AsyncClient(credentials, **options) as client:
            pacer = DatabasePacer(database, timedelta(milliseconds=10))
            bench = Bench(running, store(database), client, pacer)
            bench.worker = Worker(
                bench.store,
                client,
                turns or pacer,
                owner="bench",
                lease=lease,
                clock=bench.now,
                on_change=bench.changed.set,
            )
            stop = asyncio.Event()
            task = asyncio.create_task(bench.worker.run(stop))
            try:
                yield bench
            finally:
                stop.set()
                await task
