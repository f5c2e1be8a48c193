"""The send API on a real server and a real database, whose time a test decides on."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from aiohttp import web

from kwtsms_bot.bridge.send_api.endpoint import ApiStores, ApiTiming, SendApi
from kwtsms_bot.bridge.send_api.store.intake import ApiIntake
from kwtsms_bot.bridge.send_api.store.messages import ApiMessages
from kwtsms_bot.bridge.send_api.terms import make_terms
from kwtsms_bot.config import Config
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.database import Database
from kwtsms_bot.monitoring.health_endpoint import ServerLimits, serve_http
from kwtsms_bot.outbox.store import Outbox, open_outbox
from support.database import AT, NUMBER, OTHER, opened

TOKEN, SECOND_TOKEN = "kwb_shop-token-that-is-long", "kwb_shop-token-that-is-new"
HOOK_TOKEN = "kwb_hook-token-that-is-long"
LIMITS = ServerLimits("bridge.listen", connections=500, linger=0.5, finish=2.5)
SECTIONS: Mapping[str, Any] = {
    "slack": {"bot_token": "xoxb-1", "app_token": "xapp-1"},
    "kwtsms": {"username": "user", "password": "pass", "sender_id": "MY-APP"},
    "phonebook": {
        "contacts": {"noura": f"+{NUMBER}", "fahad": f"+{OTHER}"},
        "groups": {"ops": ["noura", "fahad"]},
    },
}


def api_config(**settings: Any) -> Config:
    """A configuration with one application, `shop`, and an integration's token beside it."""
    bridge = {
        "channel": "C0123ALERT",
        "integrations": {"scripts": {"kind": "native", "token": HOOK_TOKEN}},
        "receivers": {"quiet": {"to": []}},
        "api": {"shop": {"token": [TOKEN, SECOND_TOKEN]} | settings},
    }
    return Config.model_validate({**SECTIONS, "bridge": bridge})


@dataclass
class ApiBench:
    """A client of the API, and what is behind it."""

    database: Database
    outbox: Outbox
    client: httpx.AsyncClient
    now: datetime = AT
    token: str = TOKEN
    tick: timedelta = timedelta(0)  # How far the clock moves whenever it is read.
    changes: list[None] = field(default_factory=list)

    async def post(
        self, body: object = None, *, key: str | None = None, path: str = "", **fields: Any
    ) -> httpx.Response:
        """Posts a message with these fields, or another body."""
        usual = {"to": f"+{NUMBER}", "text": "Your code is 4821"} | fields
        headers = self._headers() | ({"Idempotency-Key": key} if key else {})
        content = {"content": body} if isinstance(body, bytes) else {"json": body or usual}
        headers |= {"Content-Type": "application/json"}
        return await self.client.post(f"/v1/messages{path}", headers=headers, **content)

    async def get(self, path: str = "", **query: str) -> httpx.Response:
        """Gets a message, or several."""
        return await self.client.get(f"/v1/messages{path}", headers=self._headers(), params=query)

    def read_clock(self) -> datetime:
        """The time, which moves on."""
        self.now += self.tick
        return self.now

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@asynccontextmanager
async def api_bench(
    url: str, config: Config | None = None, *, accept_seconds: float = 10
) -> AsyncIterator[ApiBench]:
    """A running API on a database."""
    config = config or api_config()
    async with opened(url) as database:
        outbox = open_outbox(database)
        bridge = config.bridge or BridgeSettings()
        bench = ApiBench(database, outbox, httpx.AsyncClient(timeout=30))
        api = SendApi(
            bridge,
            make_terms(config),
            ApiStores(ApiIntake(database), ApiMessages(database), outbox.cancellation),
            on_change=lambda: bench.changes.append(None),
            timing=ApiTiming(bench.read_clock, refusal_seconds=0, accept_seconds=accept_seconds),
        )
        app = web.Application()
        app.add_routes(api.routes())
        async with serve_http(app, "127.0.0.1:0", LIMITS) as address, bench.client:
            bench.client.base_url = httpx.URL(address)
            yield bench
