"""Executes plans and calls over httpx, used only here; the logic is in `flow` and `protocol`."""

from kwtsms_client.client.async_client import AsyncClient
from kwtsms_client.client.bridge_client import BridgeClient
from kwtsms_client.client.sync_client import Client

__all__ = ["AsyncClient", "BridgeClient", "Client"]
