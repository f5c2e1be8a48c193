"""A gateway that answers every request with given fields, whatever is asked."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

MARKUP = "<!channel> <https://evil.example|here> *b* `c`"


@dataclass
class HostileGateway:
    """The fields of the next replies, each as JSON, by endpoint."""

    base_url: str = ""
    replies: dict[str, Mapping[str, str]] = field(default_factory=dict)
    sends: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        """Answers with the fields for this endpoint; without any, with `result` only."""
        endpoint = request.match_info["endpoint"]
        self.sends += endpoint == "send"
        fields = {"result": '"OK"'} | dict(self.replies.get(endpoint, {}))
        body = ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items())
        return web.Response(text=f"{{{body}}}", content_type="application/json")


@asynccontextmanager
async def hostile_gateway(**replies: Mapping[str, str]) -> AsyncIterator[HostileGateway]:
    """Runs such a gateway."""
    gateway = HostileGateway(replies=replies)
    app = web.Application()
    app.router.add_post("/API/{endpoint}/", gateway.answer)
    async with TestServer(app) as server:
        gateway.base_url = str(server.make_url("/API/"))
        yield gateway
