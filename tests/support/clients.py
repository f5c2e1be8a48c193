"""Both clients behind one face, so that one test holds for both."""

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
    """`Client`, awaited as `AsyncClient` is: what it does it does in a thread."""

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
    """A client, to be awaited whichever it is; it does not wait for turns unless told to."""
    defaults: dict[str, Any] = {"sender_id": "MY-APP", "pacer": Pacer(0.0), "timeout": 5}
    defaults["credentials"] = Credentials("user", "secret")
    client = kind(base_url=base_url, **(defaults | options))
    return AsyncAdapter(client) if isinstance(client, Client) else client


@asynccontextmanager
async def opened(kind: Kind, running: RunningGateway, **options: Any) -> AsyncIterator[Any]:
    """A client of that gateway; what it has left in flight at the end is cut off."""
    account = running.gateway.account
    credentials = Credentials(account.username, account.password)
    sms = make_client(kind, running.base_url, credentials=credentials, **options)
    try:
        yield sms
    finally:
        await sms.aclose(0)
