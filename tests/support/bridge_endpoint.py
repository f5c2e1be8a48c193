"""The endpoint for alerts at a free port, on a database of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from sqlalchemy import select

from kwtsms_bot.bridge.activity import ActivityLog
from kwtsms_bot.bridge.webhooks import Webhooks
from kwtsms_bot.database.tables import alert, incident
from kwtsms_bot.monitoring.health_endpoint import serve_http
from support.bridge_bench import BridgeBench, bridge_bench


@dataclass
class RunningEndpoint:
    """An endpoint, and the stores behind it."""

    bench: BridgeBench
    at: str  # Host and port.
    activity: ActivityLog  # What administrators see of its requests.

    async def alerts(self, *columns: str) -> list[tuple[Any, ...]]:
        """The columns of each stored alert."""
        query = select(*(alert.c[name] for name in columns)).order_by(alert.c.id)
        async with self.bench.database.reading() as connection:
            return [tuple(row) for row in await connection.execute(query)]

    async def incidents(self, *columns: str) -> list[tuple[Any, ...]]:
        """The columns of each stored incident."""
        query = select(*(incident.c[name] for name in columns)).order_by(incident.c.id)
        async with self.bench.database.reading() as connection:
            return [tuple(row) for row in await connection.execute(query)]


@asynccontextmanager
async def running_endpoint(
    location: str | Path, bridge: dict[str, Any]
) -> AsyncIterator[RunningEndpoint]:
    """Serves the endpoint of this configuration at a free port."""
    async with bridge_bench(location, bridge) as bench:
        app = web.Application()
        hooks = Webhooks(bench.bridge, bench.receivers, bench.intake, refusal_seconds=0)
        app.add_routes(hooks.routes())
        async with serve_http(app, "127.0.0.1:0") as address:
            yield RunningEndpoint(bench, urlsplit(address).netloc, hooks.activity)
