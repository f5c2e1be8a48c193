"""kwtSMS from asyncio."""

import asyncio
import time
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import httpx

from kwtsms_client import flow, protocol
from kwtsms_client.client.account import Account
from kwtsms_client.client.wire import Received, translated
from kwtsms_client.errors import KwtSMSError
from kwtsms_client.flow import Pause, Plan
from kwtsms_client.models import (
    Balance,
    Coverage,
    Credentials,
    DeliveryReport,
    SendResult,
    Status,
    Validation,
    Verification,
)
from kwtsms_client.pacing import Pacer
from kwtsms_client.protocol import Call

T = TypeVar("T")


class Turns(Protocol):
    """Something that lets requests start one after another."""

    async def turn(self) -> None:
        """Waits until this request may start."""


class AsyncClient(Account):
    """kwtSMS, from asyncio. Use it as a context manager, or `aclose()` it.

    With `pacer`, something else than this client decides when a request may start.
    """

    def __init__(
        self, credentials: Credentials, *, pacer: Turns | None = None, **options: Any
    ) -> None:
        super().__init__(credentials, **options)
        self._turns = pacer or _OwnTurns()
        self._http = httpx.AsyncClient(**self._options)

    async def exchange(self, call: Call[T]) -> T:
        """Carries one call exactly once: no pacing, no retry. Raises as `Client.exchange` does."""
        body = protocol.request_body(call, self.credentials)
        try:
            async with self._http.stream("POST", self.base_url + call.path, content=body) as reply:
                received = Received()
                async for part in reply.aiter_bytes():
                    received.add(part)
                return received.read(call, reply)
        except httpx.HTTPError as error:
            raise translated(error) from error

    async def verify(self) -> Verification:
        """Whether the credentials work."""
        try:
            return Verification(True, await self.balance(), None)
        except KwtSMSError as error:
            return Verification(False, None, str(error))

    async def balance(self) -> Balance:
        """The credits on the account."""
        return self._remember_balance(await self._carry(flow.once(protocol.balance())))

    async def senderids(self) -> tuple[str, ...]:
        """The sender IDs that the account may use."""
        return await self._carry(flow.once(protocol.senderids()))

    async def coverage(self) -> Coverage:
        """The active country prefixes."""
        return await self._carry(flow.once(protocol.coverage()))

    async def validate(self, numbers: object) -> Validation:
        """Whether the gateway routes to these numbers."""
        return await self._carry(flow.validate(numbers, self.default_country))

    async def send(self, to: object, text: str, *, sender: str | None = None) -> SendResult:
        """As `Client.send`."""
        return self._remember(await self._carry(flow.send(self._order(to, text, sender))))

    async def send_with_retry(
        self, to: object, text: str, *, sender: str | None = None, retries: int = 3
    ) -> SendResult:
        """As `Client.send_with_retry`."""
        plan = flow.send(self._order(to, text, sender), retries_too_soon=retries)
        return self._remember(await self._carry(plan))

    async def status(self, message_id: str) -> Status:
        """What the gateway did with a message."""
        return await self._carry(flow.once(protocol.status(message_id)))

    async def dlr(self, message_id: str) -> DeliveryReport:
        """The delivery report of a message: international numbers only."""
        return await self._carry(flow.once(protocol.dlr(message_id)))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _carry(self, plan: Plan[T]) -> T:
        try:
            step = next(plan)
            while True:
                try:
                    answer = await self._do(step)
                except KwtSMSError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # StopIteration has no type for it.

    async def _do(self, step: Call[Any] | Pause) -> Any:
        if isinstance(step, Pause):
            return await asyncio.sleep(step.seconds)
        await self._turns.turn()
        return await self.exchange(step)


class _OwnTurns:
    def __init__(self) -> None:
        self._pacer = Pacer()

    async def turn(self) -> None:
        await asyncio.sleep(self._pacer.reserve(time.monotonic()))
