"""kwtSMS from threads."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from kwtsms_client import flow, protocol
from kwtsms_client.client.account import MAX_IN_FLIGHT, Account
from kwtsms_client.client.journey import CLOSED, TOO_LATE, Journey, NotBegun
from kwtsms_client.client.wire import Received, translated
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
from kwtsms_client.pacing import Pacer
from kwtsms_client.protocol import Call

T = TypeVar("T")


class Client(Account):
    """kwtSMS, from threads. Use it as a context manager, or `close()` it."""

    def __init__(self, credentials: Credentials, **options: Any) -> None:
        super().__init__(credentials, **options)
        self._pacer = Pacer()
        self._gate = threading.Lock()  # One request at a time waits for its turn.
        self._closing = threading.Event()
        self._idle = threading.Condition()
        self._in_flight = 0
        self._http = httpx.Client(**self._options)

    def exchange(self, call: Call[T], timeout: float | None = None) -> T:
        """Carries one call exactly once: no pacing, no retry.

        Raises:
            NotSent: nothing left this machine.
            UnknownOutcome: it left, and no readable answer came.
            Rejected: the gateway said no.
        """
        begun = time.monotonic()
        try:
            answer = self._exchange(call, timeout or self._timeout)
        except KwtSMSError as error:
            self._note(call, error, begun)
            raise
        self._note(call, answer, begun)
        return answer

    def _exchange(self, call: Call[T], timeout: float) -> T:
        body = protocol.request_body(call, self.credentials)
        url = self.base_url + call.path
        try:
            with self._http.stream("POST", url, content=body, timeout=timeout) as reply:
                received = Received()
                for part in reply.iter_bytes():
                    received.add(part)
                return received.read(call, reply)
        except httpx.HTTPError as error:
            raise translated(error) from error

    def verify(self) -> Verification:
        """Whether the credentials work."""
        try:
            return Verification(True, self.balance(), None)
        except KwtSMSError as error:
            return Verification(False, None, str(error))

    def balance(self) -> Balance:
        """The credits on the account."""
        return self._remember_balance(self._carry(flow.once(protocol.balance())))

    def senderids(self) -> tuple[str, ...]:
        """The sender IDs that the account may use."""
        return self._carry(flow.once(protocol.senderids()))

    def coverage(self) -> Coverage:
        """The active country prefixes; remembered for a day, see `cached_coverage`."""
        return self._remember_coverage(self._carry(flow.once(protocol.coverage())))

    def validate(self, numbers: object) -> Validation:
        """Whether the gateway routes to these numbers."""
        return self._carry(flow.validate(numbers, self.default_country))

    def send(
        self, to: object, text: str, *, sender: str | None = None, deadline: float | None = None
    ) -> SendResult:
        """Sends `text` to a number, several, or a comma-separated list of them.

        After `deadline` seconds nothing more begins; what has no answer by then is unknown.

        Raises:
            InvalidInput: nothing of it can be sent.
        """
        plan = flow.send(self._order(to, text, sender))
        return self._remember(self._carry(plan, _journey(deadline)))

    def send_with_retry(
        self,
        to: object,
        text: str,
        *,
        sender: str | None = None,
        retries: int = 3,
        deadline: float | None = None,
    ) -> SendResult:
        """The same, waiting 16 s where a number was sent to just before (ERR028)."""
        plan = flow.send(self._order(to, text, sender), retries_too_soon=retries)
        return self._remember(self._carry(plan, _journey(deadline)))

    def status(self, message_id: str) -> Status:
        """What the gateway did with a message."""
        return self._carry(flow.once(protocol.status(message_id)))

    def dlr(self, message_id: str) -> DeliveryReport:
        """The delivery report of a message: international numbers only."""
        return self._carry(flow.once(protocol.dlr(message_id)))

    def close(self) -> None:
        """Ends every wait, lets what is in flight finish, and closes the connections."""
        self._closing.set()
        with self._idle:
            self._idle.wait_for(lambda: self._in_flight == 0)
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _carry(self, plan: Plan[T], way: Journey = Journey()) -> T:  # noqa: B008 - It is frozen.
        try:
            step = next(plan)
            while True:
                try:
                    answer = self._do(step, way)
                except KwtSMSError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # StopIteration has no type for it.

    def _do(self, step: Step, way: Journey) -> Any:
        if isinstance(step, Pause):
            return self._wait(step.seconds, way)
        if isinstance(step, Together):
            return self._together(step, way)
        self._turn(way)
        try:
            return self.exchange(step, way.timeout(time.monotonic(), self._timeout))
        finally:
            with self._idle:
                self._in_flight -= 1
                self._idle.notify_all()

    def _together(self, step: Together, way: Journey) -> list[Any]:
        """Each plan in a thread, as many at a time as may be in flight."""
        stopped = threading.Event()

        def run(plan: Plan[Any]) -> Any:
            try:
                return self._carry(plan, replace(way, stopped=stopped))
            except NotBegun:
                return None
            except KwtSMSError as error:
                if step.stops(error):
                    stopped.set()
                return error

        if len(step.plans) == 1:
            return [run(step.plans[0])]
        with ThreadPoolExecutor(min(MAX_IN_FLIGHT, len(step.plans))) as pool:
            return list(pool.map(run, step.plans))

    def _turn(self, way: Journey) -> None:
        """Waits until a request may start; from then on it counts as in flight."""
        with self._gate:
            way.check()
            now = time.monotonic()
            seconds = self._pacer.reserve(now, way.until)
            if seconds is None:
                raise NotSent(TOO_LATE)
            self._wait(seconds, way)
            way.check()
            with self._idle:
                self._in_flight += 1

    def _wait(self, seconds: float, way: Journey) -> None:
        if time.monotonic() + seconds > way.until:
            raise NotSent(TOO_LATE)
        if self._closing.wait(seconds):
            raise NotSent(CLOSED)

    def _note(self, call: Call[Any], outcome: object, begun: float) -> None:
        if self._log:
            self._log.write(call, outcome, time.monotonic() - begun)


def _journey(deadline: float | None) -> Journey:
    return Journey() if deadline is None else Journey(time.monotonic() + deadline)
