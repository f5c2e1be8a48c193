"""The client of a bridge's send API, for scripts that share the bot's pace, limits and ledger.

A class of its own, since hardly anything of `Client` has a meaning there: no balance, no sender
IDs, no pace. What it adds is a retry that never sends twice.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from uuid import uuid4

import httpx

from kwtsms_client.client import bridge_protocol
from kwtsms_client.client.bridge_protocol import BridgeMessage, BridgeRequest
from kwtsms_client.client.transport import set_up, transport_options
from kwtsms_client.client.wire import SendTracker
from kwtsms_client.errors import KwtSMSError, NotSent, UnknownOutcome
from kwtsms_client.settings import bridge_token, check_bridge_url

TIMEOUT = 15.0  # Seconds for one try; the bot answers within ten.
DEADLINE = 60.0  # Seconds for all tries of a request.


class BridgeClient:
    """Client of a kwtsms-bridge. Use it as a context manager, or `close()` it.

    Each message has a key, so that a retry after any failure sends it once.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = TIMEOUT,
        deadline: float = DEADLINE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = check_bridge_url(url)
        self._deadline, self._sleep = deadline, sleep
        options = transport_options(self.url, tls=True)
        self._http = httpx.Client(
            transport=set_up(lambda: httpx.HTTPTransport(**options)),
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=timeout,
            trust_env=False,  # The transport has the proxies of the environment.
        )

    @classmethod
    def from_env(cls, url: str, path: str | Path | None = None, **options: Any) -> Self:
        """A client with the token in KWTSMS_BRIDGE_TOKEN: in the environment, else in the file.

        Raises:
            ConfigurationError: the token is set nowhere, or the file cannot be read.
        """
        return cls(url, bridge_token(path), **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def send(
        self,
        to: str | Sequence[str],
        text: str,
        *,
        sender: str | None = None,
        urgent: bool | None = None,
        reference: str | None = None,
        expires_in: str | None = None,
        key: str | None = None,
        dry_run: bool | None = None,
    ) -> BridgeMessage:
        """Sends `text` to a number, an @name or several; returns once the bridge has stored it.

        A request with the same `key` and contents is sent once within 24 hours, however often it
        is repeated. Without `key`, it gets one of its own for the retries of this call.

        Raises:
            BridgeRefused: the bridge refused it; nothing was sent.
            NotSent: the bridge could not be reached.
            UnknownOutcome: it may have been accepted; the text names the key to repeat it with.
        """
        options = {
            "sender_id": sender,
            "urgent": urgent,
            "reference": reference,
            "expires_in": expires_in,
            "dry_run": dry_run,
        }
        body = bridge_protocol.send_body(to, text, options)
        request = BridgeRequest("POST", "/v1/messages", body, key=key or uuid4().hex)
        return bridge_protocol.read_message(self._complete(request))

    def message(self, message_id: str) -> BridgeMessage:
        """The message of this ID, with its status now."""
        return bridge_protocol.read_message(self._complete(BridgeRequest("GET", _path(message_id))))

    def find(self, reference: str) -> tuple[BridgeMessage, ...]:
        """The latest 50 messages with this reference, the newest first."""
        request = BridgeRequest("GET", "/v1/messages", query={"reference": reference})
        return tuple(
            bridge_protocol.read_message(one) for one in self._complete(request)["messages"]
        )

    def cancel(self, message_id: str) -> BridgeMessage:
        """Cancels what has not been sent of a message.

        Raises:
            BridgeRefused: nothing of it can be cancelled any more.
        """
        request = BridgeRequest("POST", f"{_path(message_id)}/cancel")
        return bridge_protocol.read_message(self._complete(request))

    def _complete(self, request: BridgeRequest) -> Any:
        """Repeats a request until there is a final answer, or the deadline has come."""
        until, attempt, undecided = time.monotonic() + self._deadline, 0, False
        while True:
            try:
                return self._exchange(request)
            except KwtSMSError as error:
                undecided |= isinstance(error, UnknownOutcome)
                delay = bridge_protocol.retry_delay(error, attempt)
                if delay is None or time.monotonic() + delay > until:
                    raise bridge_protocol.final_error(
                        error, request.key, undecided=undecided
                    ) from error
            self._sleep(delay)
            attempt += 1

    def _exchange(self, request: BridgeRequest) -> Any:
        tracker = SendTracker()
        headers = {"Idempotency-Key": request.key} if request.key else {}
        try:
            prepared = self._http.build_request(
                request.method,
                f"{self.url}{request.path}",
                json=request.body,
                params=request.query,
                headers=headers,
                extensions={"trace": tracker.follow},
            )
            with closing(self._http.send(prepared)) as reply:
                retry_after = reply.headers.get("Retry-After")
                return bridge_protocol.read_answer(reply.status_code, reply.content, retry_after)
        except httpx.HTTPError as error:
            if tracker.may_have_been_sent:
                raise UnknownOutcome(bridge_protocol.NO_ANSWER) from error
            raise NotSent(bridge_protocol.UNREACHABLE) from error


def _path(message_id: str) -> str:
    return f"/v1/messages/{quote(message_id, safe='')}"
