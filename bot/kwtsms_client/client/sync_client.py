"""The client for threads."""

import time
from collections.abc import Iterable
from contextlib import closing
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from kwtsms_client import bulk, flow, protocol
from kwtsms_client.bulk import SendObserver
from kwtsms_client.client.base import BaseClient
from kwtsms_client.client.scope import CallScope
from kwtsms_client.client.thread_executor import ThreadExecutor
from kwtsms_client.client.transport import set_up
from kwtsms_client.client.wire import (
    INTERRUPTED,
    ResponseBody,
    TimedSendTracker,
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
from kwtsms_client.rate_limiter import Pacer

T = TypeVar("T")


class Client(BaseClient[Pacer]):
    """Client of kwtSMS for threads. Use it as a context manager, or `close()` it.

    Clients with the same `pacer` share its pace: two requests a second in all.
    """

    def _open(self) -> None:
        super()._open()
        self._executor = ThreadExecutor(self._pacer or Pacer())
        self._http: httpx.BaseTransport = set_up(lambda: httpx.HTTPTransport(**self._options))

    def exchange(self, call: Call[T], timeout: float | None = None) -> T:
        """Executes one call exactly once: no pacing, no retry.

        Raises:
            NotSent: nothing left this machine.
            UnknownOutcome: it left, and no readable answer came.
            Rejected: the gateway rejected it.
        """
        begun = time.monotonic()
        outcome: object = INTERRUPTED
        try:
            with self._executor.in_flight():
                if call.before:
                    call.before()
                outcome = answer = self._exchange(call, self._timeout_or_default(timeout))
            return answer
        except KwtSMSError as error:
            outcome = error
            raise
        finally:
            if self._log:
                self._log.write(call, outcome, time.monotonic() - begun)

    def _exchange(self, call: Call[T], seconds: float) -> T:
        body = protocol.request_body(call, self.credentials)
        until = time.monotonic() + seconds
        tracker, response_body = TimedSendTracker(until), ResponseBody(until)
        http_request = build_request(self.base_url + call.path, body, seconds, tracker.follow)
        try:
            with closing(self._http.handle_request(http_request)) as reply:
                for part in reply.iter_raw():
                    response_body.add(part)
                return response_body.read(call, reply)
        except Exception as error:
            raise translate_error(error, tracker) from error

    def verify(self) -> Verification:
        """Whether the credentials work."""
        try:
            return Verification(True, self.balance(), None)
        except KwtSMSError as error:
            return Verification(False, None, str(error))

    def balance(self) -> Balance:
        """The credits on the account."""
        return self._remember_balance(self.carry(flow.single_call(protocol.balance())))

    def senderids(self) -> tuple[str, ...]:
        """The sender IDs that the account may use."""
        return self.carry(flow.single_call(protocol.senderids()))

    def coverage(self) -> Coverage:
        """The active country prefixes; remembered for a day, see `cached_coverage`."""
        return self._remember_coverage(self.carry(flow.single_call(protocol.coverage())))

    def validate(self, numbers: object, *, deadline: float | None = None) -> Validation:
        """Whether the gateway routes to these numbers."""
        return self.carry(flow.validate(numbers, self.default_country), deadline=deadline)

    def send(
        self, to: object, text: str, *, sender: str | None = None, deadline: float | None = None
    ) -> SendResult:
        """Sends `text` to a number, several, or a comma-separated list of them.

        No request starts less than a quarter of a second before the `deadline`, in seconds; one
        without an answer by then is unknown. After Ctrl-C, too, no request starts.

        Raises:
            InvalidInput: the text, the sender ID or all of the numbers are invalid.
        """
        plan = flow.send(self._order(to, text, sender))
        return self._remember(self.carry(plan, deadline=deadline))

    def send_with_retry(
        self,
        to: object,
        text: str,
        *,
        sender: str | None = None,
        retries: int = 3,
        deadline: float | None = None,
    ) -> SendResult:
        """Sends like `send`; retries after 16 s if a number was sent to just before (ERR028)."""
        plan = flow.send(self._order(to, text, sender), retries_too_soon=retries)
        return self._remember(self.carry(plan, deadline=deadline))

    def send_many(
        self,
        messages: Iterable[tuple[object, str]],
        *,
        sender: str | None = None,
        retries: int = 0,
        deadline: float | None = None,
        watch: SendObserver | None = None,
    ) -> list[SendResult]:
        """Sends several texts, each to its own numbers, side by side: `[(numbers, text), …]`.

        An error that all would meet (no connection, wrong password, no credits) stops the requests
        that have not started. `watch` is notified of each request before it leaves.

        Raises:
            InvalidInput: one of the texts cannot be sent at all; then none is.
        """
        orders = [self._order(to, text, sender) for to, text in messages]
        plan = bulk.send_many(orders, retries_too_soon=retries, watch=watch)
        return self._remember_lowest(self.carry(plan, deadline=deadline))

    def status(self, message_id: str) -> Status:
        """The gateway's status of a message."""
        return self.carry(flow.single_call(protocol.status(message_id)))

    def dlr(self, message_id: str) -> DeliveryReport:
        """The delivery report of a message: international numbers only."""
        return self.carry(flow.single_call(protocol.dlr(message_id)))

    def carry(self, plan: Plan[T], *, deadline: float | None = None) -> T:
        """Executes a plan of `kwtsms_client.flow`, or one of your own, at this client's pace."""
        return self._execute(plan, CallScope.with_timeout(deadline, time.monotonic()))

    def close(self, timeout: float | None = None) -> None:
        """Ends every wait, waits for requests in flight, and closes the connections.

        Requests that are still in flight after `timeout` seconds are cut off; they are unknown.
        """
        self._executor.close(timeout)
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

    def _execute(self, plan: Plan[T], scope: CallScope) -> T:
        try:
            step = next(plan)
            while True:
                try:
                    answer = self._execute_step(step, scope)
                except KwtSMSError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # StopIteration has no type for it.
        finally:
            plan.close()

    def _execute_step(self, step: Step, scope: CallScope) -> Any:
        if isinstance(step, Sleep):
            return self._executor.sleep(step.seconds, scope)
        if isinstance(step, Gather):
            return self._executor.gather(step, scope, self._execute)
        with self._executor.slot(scope):
            return self.exchange(step, scope.request_timeout(time.monotonic(), self._timeout))
