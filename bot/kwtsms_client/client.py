"""Carries calls over HTTP. Decides nothing: what is asked and how it is read is in `protocol`."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Protocol, Self, TypeVar

import httpx

from kwtsms_client import protocol
from kwtsms_client.errors import NotSent, UnknownOutcome
from kwtsms_client.models import Balance, Credentials, DeliveryReport, Status
from kwtsms_client.protocol import BASE_URL, HEADERS, MAX_REPLY_BYTES, Call

T = TypeVar("T")
KEEPALIVE_SECONDS = 20.0
# Raised before a byte of the request has left: it is certain that nothing was sent.
_NOTHING_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


class Turns(Protocol):
    """Something that lets requests start one after another."""

    async def turn(self) -> object:
        """Waits until this request may start."""


class AsyncClient:
    """kwtSMS, from asyncio."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        base_url: str = BASE_URL,
        sender_id: str = "KWT-SMS",
        test_mode: bool = False,
        default_country: str | None = None,
        timeout: float = 15.0,
        pacer: Turns | None = None,
    ) -> None:
        self.credentials = credentials
        self.base_url = base_url
        self.sender_id = sender_id
        self.test_mode = test_mode
        self.default_country = default_country
        self._pacer = pacer
        self._http = httpx.AsyncClient(
            timeout=timeout,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=8, keepalive_expiry=KEEPALIVE_SECONDS),
            headers=HEADERS,
        )

    async def exchange(self, call: Call[T]) -> T:
        """Carries one call exactly once: no pacing, no retry.

        Raises:
            NotSent: nothing left this machine.
            UnknownOutcome: it left, and no readable answer came.
            Rejected: the gateway said no.
        """
        body = protocol.request_body(call, self.credentials)
        try:
            async with self._http.stream("POST", self.base_url + call.path, content=body) as reply:
                if reply.is_redirect:
                    raise UnknownOutcome(f"The gateway redirected (HTTP {reply.status_code}).")
                return protocol.read_reply(
                    call, reply.status_code, await _read(reply.aiter_bytes())
                )
        except _NOTHING_LEFT as error:
            raise NotSent(f"No connection to the gateway ({type(error).__name__}).") from error
        except httpx.HTTPError as error:
            raise UnknownOutcome(f"No answer came ({type(error).__name__}).") from error

    async def balance(self) -> Balance:
        """The credits on the account."""
        return await self._paced(protocol.balance())

    async def status(self, message_id: str) -> Status:
        """What the gateway did with a message."""
        return await self._paced(protocol.status(message_id))

    async def dlr(self, message_id: str) -> DeliveryReport:
        """The delivery report of a message."""
        return await self._paced(protocol.dlr(message_id))

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

    async def _paced(self, call: Call[T]) -> T:
        if self._pacer is not None:
            await self._pacer.turn()
        return await self.exchange(call)


async def _read(parts: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for part in parts:
        body += part
        if len(body) > MAX_REPLY_BYTES:
            raise UnknownOutcome(f"The reply is larger than {MAX_REPLY_BYTES} bytes.")
    return bytes(body)
