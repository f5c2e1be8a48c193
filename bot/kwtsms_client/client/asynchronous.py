"""kwtSMS from asyncio."""

import asyncio
import time
from dataclasses import replace
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import httpx

from kwtsms_client import flow, protocol
from kwtsms_client.client.account import MAX_IN_FLIGHT, Account
from kwtsms_client.client.journey import TOO_LATE, Journey, NotBegun
from kwtsms_client.client.wire import Leaving, Received, before_the_first_byte, translated
from kwtsms_client.errors import KwtSMSError, NotSent
from kwtsms_client.flow import Pause, Plan, Step, Together
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
from kwtsms_client.pacing import LATE_SECONDS, Pacer
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
        self._gate = asyncio.Lock()  # One request at a time waits for its turn.
        self._places = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._http = httpx.AsyncClient(**self._options)

    async def exchange(
        self,
        call: Call[T],
        timeout: float | None = None,  # noqa: ASYNC109
        *,
        leaving: Leaving | None = None,
    ) -> T:
        """Carries one call exactly once: no pacing, no retry. Raises as `Client.exchange` does.

        `leaving` is awaited when the connection is there, right before the first byte of the
        request is written to it. Where it raises NotSent, nothing leaves.
        """
        begun = time.monotonic()
        try:
            answer = await self._exchange(call, timeout or self._timeout, leaving)
        except KwtSMSError as error:
            await self._note(call, error, begun)
            raise
        await self._note(call, answer, begun)
        return answer

    async def _exchange(self, call: Call[T], seconds: float, leaving: Leaving | None) -> T:
        body = protocol.request_body(call, self.credentials)
        url = self.base_url + call.path
        hooks = before_the_first_byte(leaving) if leaving else None
        try:
            async with self._http.stream(
                "POST", url, content=body, timeout=seconds, extensions=hooks
            ) as reply:
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
        """The active country prefixes; remembered for a day, see `cached_coverage`."""
        return self._remember_coverage(await self._carry(flow.once(protocol.coverage())))

    async def validate(self, numbers: object) -> Validation:
        """Whether the gateway routes to these numbers."""
        return await self._carry(flow.validate(numbers, self.default_country))

    async def send(
        self, to: object, text: str, *, sender: str | None = None, deadline: float | None = None
    ) -> SendResult:
        """As `Client.send`."""
        plan = flow.send(self._order(to, text, sender))
        return self._remember(await self._carry(plan, _journey(deadline)))

    async def send_with_retry(
        self,
        to: object,
        text: str,
        *,
        sender: str | None = None,
        retries: int = 3,
        deadline: float | None = None,
    ) -> SendResult:
        """As `Client.send_with_retry`."""
        plan = flow.send(self._order(to, text, sender), retries_too_soon=retries)
        return self._remember(await self._carry(plan, _journey(deadline)))

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

    async def _carry(
        self,
        plan: Plan[T],
        way: Journey = Journey(),  # noqa: B008 - It is frozen.
    ) -> T:
        try:
            step = next(plan)
            while True:
                try:
                    answer = await self._do(step, way)
                except KwtSMSError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # StopIteration has no type for it.

    async def _do(self, step: Step, way: Journey) -> Any:
        if isinstance(step, Pause):
            return await _wait(step.seconds, way)
        if isinstance(step, Together):
            return await self._together(step, way)
        await self._turn(way)
        turn = time.monotonic()

        async def leaving() -> None:
            if time.monotonic() - turn > LATE_SECONDS:
                await self._turn(way)

        seconds = way.timeout(turn, self._timeout)
        return await self.exchange(step, seconds, leaving=leaving)

    async def _together(self, step: Together, way: Journey) -> list[Any]:
        """Each plan in a task, as many at a time as may be in flight."""
        stopped = asyncio.Event()

        async def run(plan: Plan[Any]) -> Any:
            async with self._places:
                try:
                    return await self._carry(plan, replace(way, stopped=stopped))
                except NotBegun:
                    return None
                except KwtSMSError as error:
                    if step.stops(error):
                        stopped.set()
                    return error

        return await asyncio.gather(*(run(plan) for plan in step.plans))

    async def _turn(self, way: Journey) -> None:
        """Waits until a request may start."""
        async with self._gate:
            way.check()
            try:
                async with asyncio.timeout_at(_loop_time(way.until)):
                    await self._turns.turn()
            except TimeoutError:
                raise NotSent(TOO_LATE) from None
            way.check()

    async def _note(self, call: Call[Any], outcome: object, begun: float) -> None:
        if self._log:
            await asyncio.to_thread(self._log.write, call, outcome, time.monotonic() - begun)


async def _wait(seconds: float, way: Journey) -> None:
    if time.monotonic() + seconds > way.until:
        raise NotSent(TOO_LATE)
    await asyncio.sleep(seconds)


def _journey(deadline: float | None) -> Journey:
    return Journey() if deadline is None else Journey(time.monotonic() + deadline)


def _loop_time(until: float) -> float | None:
    """An instant of `time.monotonic` by the loop's clock."""
    if until == float("inf"):
        return None
    return asyncio.get_running_loop().time() + until - time.monotonic()


class _OwnTurns:
    def __init__(self) -> None:
        self._pacer = Pacer()

    async def turn(self) -> None:
        await asyncio.sleep(self._pacer.reserve(time.monotonic()) or 0.0)
