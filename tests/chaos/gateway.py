"""The gateway as a separate process, so that the load on the bots does not slow its records."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientSession

from chaos.evidence import GatewayRequest, LedgerEntry
from support.forked import COMMAND

CREDITS = 1_000_000


@dataclass(frozen=True, slots=True)
class Login:
    """The gateway's URL and account."""

    base_url: str
    username: str
    password: str


class GatewayProcess:
    """A `kwtsms-bridge sandbox gateway` process and its admin API."""

    def __init__(self, folder: Path, seed: int, **behaviour: Any) -> None:
        self._file = folder / "gateway.json"
        account = {"username": "chaos", "password": "chaos-password", "credits": str(CREDITS)}
        scenario = {"seed": seed, "accounts": [account], "knobs": behaviour}
        self._file.write_text(json.dumps(scenario))

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            str(COMMAND),
            *("sandbox", "gateway", "--json", "--scenario", str(self._file)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # Hides aiohttp's traces of killed connections.
        )
        assert self._process.stdout
        startup = json.loads(await self._process.stdout.readline())
        self.login = Login(startup["base_url"], startup["username"], startup["password"])
        self._admin = startup["admin_url"]
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

    async def plan_fault(self, fault: str, *, seconds: float = 0.0, times: int = 1) -> None:
        """Plans a fault for the next sends."""
        body = {"fault": fault, "endpoint": "send", "times": times, "seconds": seconds}
        await self._post("faults", body)

    async def count_planned_faults(self) -> int:
        """The number of planned faults that have not occurred yet."""
        return len(await self._get("faults"))

    async def clear_faults(self) -> None:
        """Removes all planned faults."""
        await self._post("faults/clear", {})

    async def requests(self) -> tuple[GatewayRequest, ...]:
        """Every request so far."""
        boot_time = time.time() - time.monotonic()
        return tuple(_to_request(one, boot_time) for one in await self._get("requests"))

    async def ledger(self) -> tuple[LedgerEntry, ...]:
        """Every send that was accepted and charged."""
        found = await self._get("ledger")
        return tuple(
            LedgerEntry(one["message_id"], one["text"], tuple(one["numbers"])) for one in found
        )

    async def _get(self, name: str) -> Sequence[Mapping[str, Any]]:
        async with self._session.get(self._admin + name) as reply:
            found: Sequence[Mapping[str, Any]] = await reply.json()
            return found

    async def _post(self, name: str, body: Mapping[str, Any]) -> None:
        async with self._session.post(self._admin + name, json=body) as reply:
            assert reply.status == 200, await reply.text()


def _to_request(record: Mapping[str, Any], boot_time: float) -> GatewayRequest:
    """Converts a logged request; its time is monotonic, so the boot time is added."""
    payload = record["payload"] or {}
    numbers = tuple(str(payload.get("mobile") or "").split(","))
    return GatewayRequest(
        at=boot_time + float(record["at"]),
        endpoint=str(record["endpoint"]),
        outcome=str(record["outcome"] or ""),
        text=str(payload.get("message") or ""),
        numbers=numbers if payload.get("mobile") else (),
    )
