"""Fixtures of the gateway's tests."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kwtsms_sandbox.gateway import Gateway, RunningGateway
from kwtsms_sandbox.gateway.tls import local_tls


@pytest.fixture
async def tls_running(tmp_path: Path) -> AsyncIterator[tuple[RunningGateway, ssl.SSLContext]]:
    """A gateway on HTTPS, and a client's context that trusts it."""
    server_context, ca_file = local_tls(tmp_path)
    client_context = ssl.create_default_context(cafile=str(ca_file))
    async with RunningGateway(Gateway(), ssl_context=server_context) as running:
        yield running, client_context
