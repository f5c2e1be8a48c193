"""Interfaces between the outbox and the gateway: the transport and the rate limiter.

Performs no I/O.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from kwtsms_client.protocol import Call

T = TypeVar("T")


class GatewayTransport(Protocol):
    """Transport that makes a call to the gateway exactly once."""

    async def exchange(self, call: Call[T], *, leaving: Callable[[], Awaitable[None]]) -> T:
        """Makes the call; returns its answer or raises one of the client's errors.

        `leaving` is awaited right before the first byte leaves; if it raises NotSent, none does.
        """


class RateLimiter(Protocol):
    """Rate limiter that lets requests start one after another."""

    async def acquire(self) -> None:
        """Waits until this request may start."""
