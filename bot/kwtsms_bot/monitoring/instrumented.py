"""The store, the client and the pace, as they are, with every step counted on its way through."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import structlog

from kwtsms_bot.database import Database
from kwtsms_bot.monitoring.metrics import Metrics
from kwtsms_bot.outbox.dispatch.ports import RateLimiter
from kwtsms_bot.outbox.message import Message, NewMessage
from kwtsms_bot.outbox.quota.limits import UNLIMITED, Allowance
from kwtsms_bot.outbox.sql import no_quiet_hours
from kwtsms_bot.outbox.store import Accepted, Actor, Store
from kwtsms_client import AsyncClient, Credentials, KwtSMSError
from kwtsms_client.client.wire import Leaving
from kwtsms_client.protocol import Call

T = TypeVar("T")
log = structlog.get_logger(__name__)


class InstrumentedStore(Store):
    """What is accepted is counted, and logged under the request that it came with."""

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        *,
        in_quiet_hours: Callable[[], bool] = no_quiet_hours,
    ) -> None:
        super().__init__(database, in_quiet_hours=in_quiet_hours)
        self._metrics = metrics

    async def accept(
        self, new: NewMessage, now: datetime, allowance: Allowance = UNLIMITED
    ) -> Accepted:
        """As the store does."""
        accepted = await super().accept(new, now, allowance)
        if accepted.fresh:
            self._count(accepted.message)
        return accepted

    async def send_draft(
        self,
        token: str,
        new: NewMessage,
        now: datetime,
        allowance: Allowance,
        *,
        approved: Actor | None = None,
    ) -> Message | None:
        """As the store does."""
        message = await super().send_draft(token, new, now, allowance, approved=approved)
        if message is not None:
            self._count(message)
        return message

    def _count(self, message: Message) -> None:
        self._metrics.count_accepted(message.source)
        log.info(
            "message accepted",
            message=message.ref,
            author=message.author,
            recipients=message.size,
            pages=message.pages,
        )


class InstrumentedClient(AsyncClient):
    """Each call is counted once, by what it came to."""

    def __init__(self, credentials: Credentials, *, metrics: Metrics, **options: Any) -> None:
        super().__init__(credentials, **options)
        self._metrics = metrics

    async def exchange(
        self,
        call: Call[T],
        timeout: float | None = None,  # noqa: ASYNC109
        *,
        leaving: Leaving | None = None,
    ) -> T:
        """As the client does."""
        endpoint = call.path.strip("/")
        try:
            answer = await super().exchange(call, timeout, leaving=leaving)
        except KwtSMSError as error:
            self._metrics.count_call(endpoint, error)
            raise
        self._metrics.count_call(endpoint, None)
        return answer


class InstrumentedRateLimiter:
    """How long each turn took to come."""

    def __init__(self, limiter: RateLimiter, metrics: Metrics) -> None:
        self._limiter, self._metrics = limiter, metrics

    async def acquire(self) -> None:
        """As the pace does."""
        started = time.monotonic()
        await self._limiter.acquire()
        self._metrics.observe_wait(time.monotonic() - started)
