"""Counts what is open of integrations that config.yaml no longer has. Changes nothing."""

import asyncio
from collections.abc import Collection, Mapping

from kwtsms_bot.bridge.store.ends.removed_integrations import RemovedIntegrations
from kwtsms_bot.database import DatabaseError, SchemaStatus, inspect_schema, open_database

TIMEOUT_SECONDS = 5.0


async def count_left(url: str, configured: Collection[str]) -> Mapping[str, int]:
    """Returns the number of open incidents by integration.

    There are none to count in a database that is away, or of another version.
    """
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            if await inspect_schema(url) is SchemaStatus.CURRENT:
                return await _count(url, configured)
    except (DatabaseError, TimeoutError):  # `doctor` reports it.
        pass
    return {}


async def _count(url: str, configured: Collection[str]) -> Mapping[str, int]:
    database = await open_database(url, create=False)
    try:
        return await RemovedIntegrations(database, configured).count()
    finally:
        await database.close()
