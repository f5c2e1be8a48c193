"""Carries plans and calls over httpx, which stops here; `flow` and `protocol` decide."""

from kwtsms_client.client.asynchronous import AsyncClient
from kwtsms_client.client.synchronous import Client

__all__ = ["AsyncClient", "Client"]
