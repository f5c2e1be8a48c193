"""Client and rate limiter that also record metrics, and a listener that counts messages."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog

from kwtsms_bot.monitoring.metrics import Metrics
from kwtsms_bot.outbox.dispatch.ports import RateLimiter
from kwtsms_bot.outbox.message import Message
from kwtsms_client import AsyncClient, Credentials, KwtSMSError
from kwtsms_client.client.wire import Leaving
from kwtsms_client.protocol import Call

T = TypeVar("T")
log = structlog.get_logger(__name__)


def count_accepted(metrics: Metrics) -> Callable[[Message], None]:
    """Returns a listener that counts each accepted message, and logs it with its request id."""

    def count(message: Message) -> None:
        metrics.count_accepted(message.source)
        log.info(
            "message accepted",
            message=message.ref,
            author=message.author,
            recipients=message.size,
            pages=message.pages,
        )

    return count


class InstrumentedClient(AsyncClient):
    """A client that counts each call once, by its outcome."""

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
        """Makes a call, and counts its outcome."""
        endpoint = call.path.strip("/")
        try:
            answer = await super().exchange(call, timeout, leaving=leaving)
        except KwtSMSError as error:
            self._metrics.count_call(endpoint, error)
            raise
        self._metrics.count_call(endpoint, None)
        return answer


class InstrumentedRateLimiter:
    """A rate limiter that records how long each call waited."""

    def __init__(self, limiter: RateLimiter, metrics: Metrics) -> None:
        self._limiter, self._metrics = limiter, metrics

    async def acquire(self) -> None:
        """Waits until this request may start, and records the wait."""
        started = time.monotonic()
        await self._limiter.acquire()
        self._metrics.observe_wait(time.monotonic() - started)
