"""A real Alertmanager, which posts to the bot's endpoint."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
START_SECONDS = 20
_LISTENS = re.compile(r"Listening.*address=(\S+)")
_SENT = re.compile(r'alertmanager_notifications_total\{integration="webhook"\} (\d+)')


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """A running Alertmanager, as Prometheus sees it."""

    address: str
    client: httpx.AsyncClient

    async def fire(self, name: str, *, ends_in: timedelta = timedelta(hours=1)) -> None:
        """Reports an alert as firing."""
        await self._report(name, datetime.now(UTC) + ends_in)

    async def end(self, name: str) -> None:
        """Reports an alert as over."""
        await self._report(name, datetime.now(UTC))

    async def _report(self, name: str, ends_at: datetime) -> None:
        alert = {
            "labels": {"alertname": name, "instance": "db01:9100", "severity": "critical"},
            "annotations": {"summary": f"{name} on db01"},
            "startsAt": "2026-11-02T11:02:13.417Z",
            "endsAt": ends_at.isoformat(),
        }
        answer = await self.client.post(f"{self.address}/api/v2/alerts", json=[alert])
        answer.raise_for_status()

    async def notified(self, count: int) -> None:
        """Waits until it has tried to notify so many times."""
        async with asyncio.timeout(60):
            while True:
                page = (await self.client.get(f"{self.address}/metrics")).text
                found = _SENT.search(page)
                if found and int(found[1]) >= count:
                    return
                await asyncio.sleep(0.1)


@asynccontextmanager
async def running_alertmanager(folder: Path, url: str, token: str) -> AsyncIterator[Alertmanager]:
    """Runs an Alertmanager that notifies `url` quickly, and repeats after a few seconds."""
    if PROGRAM is None:
        if os.environ.get("CI"):
            pytest.fail("prometheus-alertmanager is not installed")
        pytest.skip("prometheus-alertmanager is not installed")
    file, log = _write_config(folder, url, token), folder / "alertmanager.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            f"--config.file={file}",
            f"--storage.path={folder / 'data'}",
            "--web.listen-address=127.0.0.1:0",
            "--cluster.listen-address=",
            stdout=output,
            stderr=output,
        )
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            yield Alertmanager(f"http://{await _address(log)}", client)
    finally:
        process.kill()
        await process.wait()


async def _address(log: Path) -> str:
    """Waits until the log says where it listens."""
    async with asyncio.timeout(START_SECONDS):
        while True:
            if found := _find_address(log):
                return found
            await asyncio.sleep(0.05)


def _find_address(log: Path) -> str:
    found = _LISTENS.search(log.read_text())
    return found[1] if found else ""


def _write_config(folder: Path, url: str, token: str) -> Path:
    folder.mkdir()
    authorization = {"authorization": {"credentials": token}}
    config = {
        "route": {
            "receiver": "sms",
            "group_by": ["alertname"],
            "group_wait": "1s",
            "group_interval": "1s",
            "repeat_interval": "3s",
        },
        "receivers": [
            {"name": "sms", "webhook_configs": [{"url": url, "http_config": authorization}]}
        ],
    }
    file = folder / "alertmanager.yml"
    file.write_text(json.dumps(config))  # JSON is YAML.
    return file
