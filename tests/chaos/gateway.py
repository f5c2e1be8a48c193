"""The gateway as a process of its own, so that its watch is not slowed by what it watches."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientSession

from chaos.evidence import Entry, Request
from support.bot import COMMAND

CREDITS = 1_000_000


@dataclass(frozen=True, slots=True)
class Login:
    """Where it is and who may use it."""

    base_url: str
    username: str
    password: str


class GatewayProcess:
    """`kwtsms-bridge sandbox gateway`, and its admin API."""

    def __init__(self, folder: Path, seed: int, **knobs: Any) -> None:
        self._file = folder / "gateway.json"
        account = {"username": "chaos", "password": "chaos-password", "credits": str(CREDITS)}
        scenario = {"seed": seed, "accounts": [account], "knobs": knobs}
        self._file.write_text(json.dumps(scenario))

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            str(COMMAND),
            *("sandbox", "gateway", "--json", "--scenario", str(self._file)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # aiohttp's traces of connections that were killed.
        )
        assert self._process.stdout
        told = json.loads(await self._process.stdout.readline())
        self.login = Login(told["base_url"], told["username"], told["password"])
        self._admin = told["admin_url"]
        self._session = ClientSession(trust_env=False)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()
        self._process.terminate()
        await self._process.wait()

    async def fault(self, fault: str, *, seconds: float = 0.0, times: int = 1) -> None:
        """Lets the next sends go wrong."""
        order = {"fault": fault, "endpoint": "send", "times": times, "seconds": seconds}
        await self._post("faults", order)

    async def faults(self) -> int:
        """How many wait for their send."""
        return len(await self._get("faults"))

    async def mend(self) -> None:
        """No more faults."""
        await self._post("faults/clear", {})

    async def requests(self) -> tuple[Request, ...]:
        """Every request so far."""
        began = time.time() - time.monotonic()
        return tuple(_request(one, began) for one in await self._get("requests"))

    async def ledger(self) -> tuple[Entry, ...]:
        """Every send that was accepted and charged."""
        found = await self._get("ledger")
        return tuple(Entry(one["message_id"], one["text"], tuple(one["numbers"])) for one in found)

    async def _get(self, name: str) -> Sequence[Mapping[str, Any]]:
        async with self._session.get(self._admin + name) as reply:
            found: Sequence[Mapping[str, Any]] = await reply.json()
            return found

    async def _post(self, name: str, body: Mapping[str, Any]) -> None:
        async with self._session.post(self._admin + name, json=body) as reply:
            assert reply.status == 200, await reply.text()


def _request(seen: Mapping[str, Any], began: float) -> Request:
    """As the gateway saw it; its clock is the machine's monotonic one, which began then."""
    payload = seen["payload"] or {}
    numbers = tuple(str(payload.get("mobile") or "").split(","))
    return Request(
        at=began + float(seen["at"]),
        endpoint=str(seen["endpoint"]),
        outcome=str(seen["outcome"] or ""),
        text=str(payload.get("message") or ""),
        numbers=numbers if payload.get("mobile") else (),
    )
