"""The bot's HTTP endpoints for operators, requested over a real socket."""

from pathlib import Path
from typing import Any

import httpx

from support.bot import local_env

HTTP_SECTION = {"listen": "127.0.0.1:0"}


def monitored_env(folder: Path, **changes: Any) -> Any:
    """A local environment whose bot serves HTTP endpoints."""
    return local_env(folder, http=HTTP_SECTION, **changes)


async def get(url: str, method: str = "GET", content: bytes | None = None) -> httpx.Response:
    """Makes one request."""
    # verify=False: reading the system's certificates takes longer than most tests.
    async with httpx.AsyncClient(trust_env=False, timeout=10, verify=False) as http:
        return await http.request(method, url, content=content)
