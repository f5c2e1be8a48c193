"""What the outbox needs to know of the way to the gateway: who carries a call, and when it may go.

Performs no I/O.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from kwtsms_client.protocol import Call

T = TypeVar("T")


class GatewayTransport(Protocol):
    """Something that carries a call to the gateway exactly once."""

    async def exchange(self, call: Call[T], *, leaving: Callable[[], Awaitable[None]]) -> T:
        """The answer, or one of the client's errors.

        `leaving` is awaited right before the first byte leaves; where it raises NotSent, none does.
        """


class RateLimiter(Protocol):
    """Something that lets requests start one after another."""

    async def acquire(self) -> None:
        """Waits until this request may start."""
