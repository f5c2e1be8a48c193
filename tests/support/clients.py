"""Both clients with one async interface, so that one test covers both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kwtsms_client import AsyncClient, Client, Credentials
from kwtsms_client.rate_limiter import Pacer
from kwtsms_sandbox.gateway import RunningGateway

NOT_AWAITED = ("preview",)
Kind = type[Client] | type[AsyncClient]
both = pytest.mark.parametrize("kind", [Client, AsyncClient])


class AsyncAdapter:
    """An adapter that runs a `Client` in threads behind the interface of `AsyncClient`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, {"aclose": "close"}.get(name, name))
        if name in NOT_AWAITED or not callable(found):
            return found

        async def call(*args: Any, **options: Any) -> Any:
            return await asyncio.to_thread(found, *args, **options)

        return call


def make_client(kind: Kind, base_url: str, **options: Any) -> Any:
    """Creates a client with an async interface; by default without a rate limit."""
    defaults: dict[str, Any] = {"sender_id": "MY-APP", "pacer": Pacer(0.0), "timeout": 5}
    defaults["credentials"] = Credentials("user", "secret")
    client = kind(base_url=base_url, **(defaults | options))
    return AsyncAdapter(client) if isinstance(client, Client) else client


@asynccontextmanager
async def opened(kind: Kind, running: RunningGateway, **options: Any) -> AsyncIterator[Any]:
    """Yields a client of that gateway; closing cuts off requests in flight."""
    account = running.gateway.account
    credentials = Credentials(account.username, account.password)
    sms = make_client(kind, running.base_url, credentials=credentials, **options)
    try:
        yield sms
    finally:
        await sms.aclose(0)
