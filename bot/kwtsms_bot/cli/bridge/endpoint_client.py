"""A client of the endpoint for alerts: posts requests as tools do. Never retries."""

import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from kwtsms_bot.cli.bridge.credentials import with_credentials
from kwtsms_bot.cli.bridge.request_file import RecordedRequest

TIMEOUT_SECONDS = 30.0  # The endpoint answers within 2 s, or says that it is busy.
# Raised before a byte of the request has left.
NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class EndpointError(Exception):
    """A request got no answer; the text is for people."""


class EndpointUnreachable(EndpointError):
    """Nothing left this machine."""


class EndpointSilent(EndpointError):
    """The request left, and no readable answer came."""


@dataclass(frozen=True, slots=True)
class EndpointAnswer:
    """Answer of the endpoint: its status, and its JSON or else its text."""

    status: int
    content: Any = field(repr=False)

    @property
    def is_accepted(self) -> bool:
        """Whether the alerts are stored."""
        return 200 <= self.status < 300


class EndpointClient:
    """Client that posts requests; use it as an async context manager.

    `uses_proxies` is whether the proxies of the environment are used.
    """

    def __init__(self, *, uses_proxies: bool = True) -> None:
        self._http = httpx.AsyncClient(trust_env=uses_proxies, timeout=TIMEOUT_SECONDS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.aclose()

    async def post(
        self, request: RecordedRequest, url: str, *, kind: str, token: str
    ) -> EndpointAnswer:
        """Posts a request, with the token where a tool of this kind has it.

        For GitHub and Sentry, the token is the secret by which they sign.

        Raises:
            EndpointUnreachable: nothing left this machine.
            EndpointSilent: no readable answer came.
        """
        signed = with_credentials(request, url, kind=kind, token=token)
        try:
            response = await self._http.request(
                signed.method,
                httpx.URL(url).copy_merge_params(signed.query),
                headers=signed.headers,
                content=signed.body,
            )
        except NOT_CONNECTED as error:
            raise EndpointUnreachable("the endpoint can't be reached") from error
        except httpx.HTTPError as error:
            raise EndpointSilent("no answer came") from error
        return EndpointAnswer(response.status_code, _content(response))


def _content(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return response.text
