"""Carries plans and calls over httpx, which stops here; `flow` and `protocol` decide."""

from kwtsms_client.client.async_client import AsyncClient
from kwtsms_client.client.sync_client import Client

__all__ = ["AsyncClient", "Client"]
