"""The client for asyncio."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from kwtsms_client import bulk, flow, protocol
from kwtsms_client.bulk import SendObserver
from kwtsms_client.client.async_executor import AsyncExecutor, AsyncPacer
from kwtsms_client.client.base import BaseClient
from kwtsms_client.client.scope import CallScope
from kwtsms_client.client.transport import set_up
from kwtsms_client.client.wire import (
    INTERRUPTED,
    AsyncSendTracker,
    Leaving,
    ResponseBody,
    build_request,
    translate_error,
)
from kwtsms_client.errors import KwtSMSError
from kwtsms_client.flow import Gather, Plan, Sleep, Step
from kwtsms_client.models import (
    Balance,
    Coverage,
    DeliveryReport,
    SendResult,
    Status,
    Validation,
    Verification,
)
from kwtsms_client.protocol import Call
from kwtsms_client.rate_limiter import MAX_START_AGE_SECONDS, Pacer

T = TypeVar("T")


class AsyncClient(BaseClient[Pacer | AsyncPacer]):
    """Client of kwtSMS for asyncio. Use it as a context manager, or `aclose()` it.

    Clients with the same `pacer` share its pace; any object that decides when a request may start
    can be one. In another event loop than before, the client opens new connections.
    """

    def _open(self) -> None:
        super()._open()
        self._executor = AsyncExecutor(self._pacer or Pacer())
        self._connect()

    def _connect(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        make = httpx.AsyncHTTPTransport
        self._http: httpx.AsyncBaseTransport = set_up(lambda: make(**self._options))

    async def exchange(
        self,
        call: Call[T],
        timeout: float | None = None,  # noqa: ASYNC109
        *,
        leaving: Leaving | None = None,
    ) -> T:
        """Executes one call exactly once: no pacing, no retry. Raises as `Client.exchange` does.

        `leaving` is awaited once the connection is open, right before the first byte of the
        request is written to it. If it raises `NotSent`, nothing leaves.
        """
        begun = time.monotonic()
        outcome: object = INTERRUPTED
        try:
            async with self._executor.in_flight():
                if call.before:
                    call.before()
                outcome = answer = await self._exchange(
                    call, self._timeout_or_default(timeout), leaving
                )
            return answer
        except KwtSMSError as error:
            outcome = error
            raise
        finally:
            if self._log:
                duration = time.monotonic() - begun
                await asyncio.to_thread(self._log.write, call, outcome, duration)

    async def _exchange(self, call: Call[T], seconds: float, leaving: Leaving | None) -> T:
        body = protocol.request_body(call, self.credentials)
        tracker, response_body = AsyncSendTracker(leaving), ResponseBody()
        http_request = build_request(
            self.base_url + call.path, body, seconds, tracker.follow_and_wait
        )
        try:
            async with asyncio.timeout(seconds):
                answering = await self._connections().handle_async_request(http_request)
                async with aclosing(answering) as reply:
                    async for part in reply.aiter_raw():
                        response_body.add(part)
                    return response_body.read(call, reply)
        except Exception as error:
            raise translate_error(error, tracker) from error

    def _connections(self) -> httpx.AsyncBaseTransport:
        """The connections of this event loop; those of another one cannot be used."""
        loop = asyncio.get_running_loop()
        if self._loop not in (None, loop):
            self._connect()
        self._loop = loop
        return self._http

    async def verify(self) -> Verification:
        """Whether the credentials work."""
        try:
            return Verification(True, await self.balance(), None)
        except KwtSMSError as error:
            return Verification(False, None, str(error))

    async def balance(self) -> Balance:
        """The credits on the account."""
        return self._remember_balance(await self.carry(flow.single_call(protocol.balance())))

    async def senderids(self) -> tuple[str, ...]:
        """The sender IDs that the account may use."""
        return await self.carry(flow.single_call(protocol.senderids()))

    async def coverage(self) -> Coverage:
        """The active country prefixes; remembered for a day, see `cached_coverage`."""
        return self._remember_coverage(await self.carry(flow.single_call(protocol.coverage())))

    async def validate(self, numbers: object, *, deadline: float | None = None) -> Validation:
        """Whether the gateway routes to these numbers."""
        return await self.carry(flow.validate(numbers, self.default_country), deadline=deadline)

    async def send(
        self, to: object, text: str, *, sender: str | None = None, deadline: float | None = None
    ) -> SendResult:
        """Sends a text, as `Client.send` does."""
        plan = flow.send(self._order(to, text, sender))
        return self._remember(await self.carry(plan, deadline=deadline))

    async def send_with_retry(
        self,
        to: object,
        text: str,
        *,
        sender: str | None = None,
        retries: int = 3,
        deadline: float | None = None,
    ) -> SendResult:
        """Sends a text with retries, as `Client.send_with_retry` does."""
        plan = flow.send(self._order(to, text, sender), retries_too_soon=retries)
        return self._remember(await self.carry(plan, deadline=deadline))

    async def send_many(
        self,
        messages: Iterable[tuple[object, str]],
        *,
        sender: str | None = None,
        retries: int = 0,
        deadline: float | None = None,
        watch: SendObserver | None = None,
    ) -> list[SendResult]:
        """Sends several texts, as `Client.send_many` does."""
        orders = [self._order(to, text, sender) for to, text in messages]
        plan = bulk.send_many(orders, retries_too_soon=retries, watch=watch)
        return self._remember_lowest(await self.carry(plan, deadline=deadline))

    async def status(self, message_id: str) -> Status:
        """The gateway's status of a message."""
        return await self.carry(flow.single_call(protocol.status(message_id)))

    async def dlr(self, message_id: str) -> DeliveryReport:
        """The delivery report of a message: international numbers only."""
        return await self.carry(flow.single_call(protocol.dlr(message_id)))

    async def carry(self, plan: Plan[T], *, deadline: float | None = None) -> T:
        """Executes a plan, as `Client.carry` does."""
        return await self._execute(plan, CallScope.with_timeout(deadline, time.monotonic()))

    async def aclose(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Closes the client, as `Client.close` does."""
        try:
            await self._executor.close(timeout)
        finally:
            await self._connections().aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _execute(self, plan: Plan[T], scope: CallScope) -> T:
        try:
            step = next(plan)
            while True:
                try:
                    answer = await self._execute_step(step, scope)
                except KwtSMSError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # StopIteration has no type for it.
        finally:
            plan.close()

    async def _execute_step(self, step: Step, scope: CallScope) -> Any:
        if isinstance(step, Sleep):
            return await self._executor.sleep(step.seconds, scope)
        if isinstance(step, Gather):
            return await self._executor.gather(step, scope, self._execute)
        async with self._executor.slot(scope):
            started_at = time.monotonic()

            async def leaving() -> None:
                if time.monotonic() - started_at > MAX_START_AGE_SECONDS:
                    await self._executor.wait_for_new_start(scope)

            return await self.exchange(
                step, scope.request_timeout(started_at, self._timeout), leaving=leaving
            )
