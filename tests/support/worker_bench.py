"""A running worker with a real database and a real gateway."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kwtsms_bot.database import Database
from kwtsms_bot.outbox.dispatch.ports import RateLimiter
from kwtsms_bot.outbox.dispatch.worker import DispatchStores, Worker
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import DatabaseRateLimiter, Outbox
from kwtsms_client import AsyncClient, Credentials
from kwtsms_sandbox.gateway import Gateway, RunningGateway
from support.database import caller_clock_outbox, new_message, opened
from support.gateway import running_gateway

LEASE = timedelta(seconds=30)


@dataclass
class Bench:
    """A running worker, its gateway, and a clock that can be advanced."""

    running: RunningGateway
    outbox: Outbox
    client: AsyncClient
    rate_limiter: DatabaseRateLimiter
    worker: Worker = field(init=False)
    clock_offset: timedelta = timedelta()
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def gateway(self) -> Gateway:
        """The gateway."""
        return self.running.gateway

    def now(self) -> datetime:
        """The worker's time."""
        return datetime.now(UTC) + self.clock_offset

    def advance(self, seconds: float) -> None:
        """Advances the time of the worker and of the gateway."""
        self.clock_offset += timedelta(seconds=seconds)
        self.gateway.advance(seconds)
        self.worker.wake()

    async def send(self, *recipients: str, text: str = "hello", **changes: Any) -> Message:
        """Accepts a message and wakes the worker."""
        message = new_message(*recipients, text=text, **changes)
        accepted = await self.outbox.intake.accept(message, self.now())
        self.worker.wake()
        return accepted.message

    async def wait_until(self, message: Message, condition: Callable[[Message], bool]) -> Message:
        """Waits until `condition` holds for the message; returns the message."""
        async with asyncio.timeout(30):
            while True:
                self.changed.clear()
                found = await self.outbox.messages.get(message.id)
                assert found
                if condition(found):
                    return found
                await self.changed.wait()

    async def wait_for_state(self, message: Message, state: State) -> Message:
        """Waits until all recipients are in `state`; returns the message."""
        return await self.wait_until(message, lambda found: set(found.counts) == {state})


def reason_codes(message: Message) -> list[str | None]:
    """The kwtSMS codes among the reasons of a message."""
    return [one.code for one in message.reasons]


@asynccontextmanager
async def running_worker(
    location: str | Path,
    *,
    lease: timedelta = LEASE,
    open_outbox: Callable[[Database], Outbox] = caller_clock_outbox,
    limiter: RateLimiter | None = None,
    **options: Any,
) -> AsyncIterator[Bench]:
    """Runs a worker with a database and a gateway; `options` are the client's."""
    async with running_gateway() as running, opened(location) as database:
        account = running.gateway.account
        credentials = Credentials(account.username, account.password)
        options = {"base_url": running.base_url, "timeout": 1.0, **options}
        async with AsyncClient(credentials, **options) as client:
            rate_limiter = DatabaseRateLimiter(database, timedelta(milliseconds=10))
            outbox = open_outbox(database)
            bench = Bench(running, outbox, client, rate_limiter)
            bench.worker = Worker(
                DispatchStores(outbox.claims, outbox.settlements, outbox.leases, outbox.breaker),
                client,
                limiter or rate_limiter,
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
