"""A gateway for tests: real sockets, a port of its own, nothing shared between tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from kwtsms_sandbox.gateway import Gateway, RunningGateway

KUWAIT = "96598765432"
KUWAIT_2 = "96551234567"
ABROAD = "966512345678"


@asynccontextmanager
async def running_gateway(**kwargs: Any) -> AsyncIterator[RunningGateway]:
    """Runs a gateway on a free port; `kwargs` are `Gateway`'s."""
    async with RunningGateway(Gateway(**kwargs)) as running:
        yield running


class Caller:
    """A plain HTTP client with JSON, independent of our own client."""

    def __init__(self, running: RunningGateway, http: httpx.AsyncClient) -> None:
        self.running = running
        self.http = http

    @property
    def gateway(self) -> Gateway:
        """The gateway that is called."""
        return self.running.gateway

    async def post(self, endpoint: str, **fields: Any) -> httpx.Response:
        """Posts a request with the first account's credentials; fields of None are left out."""
        account = self.running.gateway.account
        payload = {"username": account.username, "password": account.password, **fields}
        kept = {name: value for name, value in payload.items() if value is not None}
        headers = {"Accept": "application/json"}
        return await self.http.post(
            f"{self.running.base_url}{endpoint}/", json=kept, headers=headers
        )

    async def call(self, endpoint: str, **fields: Any) -> dict[str, Any]:
        """Posts a request and returns the JSON of the reply."""
        return dict((await self.post(endpoint, **fields)).json())

    async def send(
        self, mobile: str = KUWAIT, message: str = "hello", **fields: Any
    ) -> dict[str, Any]:
        """Posts a send request."""
        return await self.call(
            "send", **{"sender": "MY-APP", "mobile": mobile, "message": message, **fields}
        )


@asynccontextmanager
async def calling(running: RunningGateway) -> AsyncIterator[Caller]:
    """Yields a caller of that gateway."""
    # verify=False: reading the system's certificates takes longer than most tests.
    async with httpx.AsyncClient(trust_env=False, timeout=5, verify=False) as http:
        yield Caller(running, http)


@pytest.fixture
async def running() -> AsyncIterator[RunningGateway]:
    """A gateway with the demo account, on a free port."""
    async with running_gateway() as running:
        yield running


@pytest.fixture
def gateway(running: RunningGateway) -> Gateway:
    """The gateway behind `running`."""
    return running.gateway


@pytest.fixture
async def caller(running: RunningGateway) -> AsyncIterator[Caller]:
    """A caller of `running`."""
    async with calling(running) as caller:
        yield caller
