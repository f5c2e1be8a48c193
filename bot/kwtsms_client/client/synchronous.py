"""kwtSMS from threads."""

import time
from types import TracebackType
from typing import Any, Self, TypeVar

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


class Client(Account):
    """kwtSMS, from threads. Use it as a context manager, or `close()` it."""

    def __init__(self, credentials: Credentials, **options: Any) -> None:
        super().__init__(credentials, **options)
        self._pacer = Pacer()
        self._http = httpx.Client(**self._options)

    def exchange(self, call: Call[T]) -> T:
        """Carries one call exactly once: no pacing, no retry.

        Raises:
            NotSent: nothing left this machine.
            UnknownOutcome: it left, and no readable answer came.
            Rejected: the gateway said no.
        """
        body = protocol.request_body(call, self.credentials)
        try:
            with self._http.stream("POST", self.base_url + call.path, content=body) as reply:
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
        """The active country prefixes."""
        return self._carry(flow.once(protocol.coverage()))

    def validate(self, numbers: object) -> Validation:
        """Whether the gateway routes to these numbers."""
        return self._carry(flow.validate(numbers, self.default_country))

    def send(self, to: object, text: str, *, sender: str | None = None) -> SendResult:
        """Sends `text` to a number, several, or a comma-separated list of them.

        Raises:
            InvalidInput: nothing of it can be sent.
        """
        return self._remember(self._carry(flow.send(self._order(to, text, sender))))

    def send_with_retry(
        self, to: object, text: str, *, sender: str | None = None, retries: int = 3
    ) -> SendResult:
        """The same, waiting 16 s where a number was sent to just before (ERR028)."""
        plan = flow.send(self._order(to, text, sender), retries_too_soon=retries)
        return self._remember(self._carry(plan))

    def status(self, message_id: str) -> Status:
        """What the gateway did with a message."""
        return self._carry(flow.once(protocol.status(message_id)))

    def dlr(self, message_id: str) -> DeliveryReport:
        """The delivery report of a message: international numbers only."""
        return self._carry(flow.once(protocol.dlr(message_id)))

    def close(self) -> None:
        """Closes the connections."""
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

    def _carry(self, plan: Plan[T]) -> T:
        try:
            step = next(plan)
            while True:
                try:
                    answer = self._do(step)
                except KwtSMSError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # StopIteration has no type for it.

    def _do(self, step: Call[Any] | Pause) -> Any:
        if isinstance(step, Pause):
            return time.sleep(step.seconds)
        time.sleep(self._pacer.reserve(time.monotonic()))
        return self.exchange(step)
