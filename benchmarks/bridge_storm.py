"""Times the answers to alerts, as the tool that posts them sees it, and counts the SMS of a storm.

    .venv/bin/python benchmarks/bridge_storm.py [SECONDS]

The bot runs in its own process, whole: it sends, and it posts cards to the sandbox's Slack. Each
request reports a new alert; requests arrive on schedule, whether earlier ones are answered or not,
and each is timed from its scheduled arrival. The answer comes after the alert is on disk. A server
that only answers, without reading or storing, shows what of that is the network and the client.
"""

import asyncio
import gc
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import httpx
from aiohttp import web
from databases import KINDS, database_url

from kwtsms_bot.demo.environment import LocalEnvironment
from support.bot import BotProcess, local_env

TOKEN = "benchmark-token-0000000"  # noqa: S105 - Of this run's own bot.
NUMBER = "96598765432"
FIRST = 50  # Requests for warm-up, which are not counted.
RATES = (1, 100, 200)
BODIES = (1_000, 5_000)
Post = Callable[[object], Awaitable[int]]


@asynccontextmanager
async def running_bot(kind: str, folder: Path) -> AsyncIterator[tuple[LocalEnvironment, str]]:
    """Runs the bot with a bridge and a database of that kind; yields the endpoint's address."""
    bridge = {
        "listen": "127.0.0.1:0",
        "channel": "C0OPS",
        "integrations": {
            "scripts": {"kind": "native", "token": TOKEN},
            "prometheus": {"kind": "alertmanager", "token": TOKEN.swapcase()},
        },
        "receivers": {"ops": {"to": ["noura"]}},
    }
    async with database_url(kind, folder) as url:
        changes: dict[str, Any] = {
            "bridge": bridge,
            "phonebook": {"contacts": {"noura": f"+{NUMBER}"}},
            "outbox": {"database": url},
        }
        async with local_env(folder, **changes) as environment:
            await environment.stop_bot()
            bot = BotProcess(environment)
            await bot.start()
            try:
                log = (environment.folder / "bot.log").read_text()
                found = re.search(r"alerts accepted.*at=(\S+?)(?:\x1b|\s)", log)
                yield environment, found[1] if found else ""
            finally:
                await bot.end()


@asynccontextmanager
async def bare_server() -> AsyncIterator[str]:
    """Runs a server that answers at once."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"ok": True})

    app = web.Application(client_max_size=8 * 1024 * 1024)
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def new_alert(number: int) -> dict[str, str]:
    """An alert that is not known yet."""
    return {"title": f"host-{number} is down", "key": f"{time.monotonic_ns()}-{number}"}


async def measure_waits(post: Post, rate: int, seconds: float) -> list[float]:
    """The seconds that each request waited for its answer, shortest first."""
    for number in range(FIRST if rate > 1 else 3):
        await post(new_alert(number))
    gc.collect()
    begun = time.perf_counter()

    async def arrive(number: int) -> float:
        at = begun + number / rate
        await asyncio.sleep(at - time.perf_counter())
        if (status := await post(new_alert(number))) != HTTPStatus.OK:
            sys.exit(f"A request was answered with {status}.")
        return time.perf_counter() - at

    return sorted(await asyncio.gather(*(arrive(n) for n in range(int(rate * seconds)))))


def row(name: str, waits: list[float]) -> str:
    """A line of the table, in milliseconds."""
    p99 = waits[min(len(waits) - 1, len(waits) * 99 // 100)]
    return (
        f"| {name} | {statistics.median(waits) * 1000:.1f} | {p99 * 1000:.1f} "
        f"| {waits[-1] * 1000:.1f} |"
    )


async def measure_bodies(client: httpx.AsyncClient, address: str) -> AsyncIterator[str]:
    """Yields a line for each size of a body with many alerts, as Alertmanager sends it."""
    headers = {"Authorization": f"Bearer {TOKEN.swapcase()}"}
    for size in BODIES:
        alerts = [
            {
                "status": "firing",
                "labels": {"alertname": "HostDown", "instance": f"host-{size}-{number}:9100"},
                "annotations": {"summary": f"host-{number} is down"},
                "startsAt": "2026-11-02T11:02:13.417Z",
                "fingerprint": f"{size}-{number}",
            }
            for number in range(size)
        ]
        body = {"version": "4", "groupKey": "hosts", "alerts": alerts}
        begun = time.perf_counter()
        answer = await client.post(f"{address}/hooks/prometheus", json=body, headers=headers)
        waited = (time.perf_counter() - begun) * 1000
        yield f"a body of {size:,} alerts, status {answer.status_code} | {waited:.0f} | | |"


async def main() -> None:
    """Measures and prints."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    headers = {"Authorization": f"Bearer {TOKEN}"}
    limits = httpx.Limits(max_connections=200)
    print("| requests | median, ms | p99, ms | longest, ms |\n|---|---|---|---|")
    async with (
        bare_server() as address,
        httpx.AsyncClient(trust_env=False, limits=limits) as client,
    ):
        waits = await measure_waits(poster(client, address), 100, min(seconds, 10))
        print(row("a server that only answers, 100 a second", waits))
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            async with (
                running_bot(kind, Path(folder)) as (environment, address),
                httpx.AsyncClient(
                    trust_env=False, limits=limits, headers=headers, timeout=30
                ) as client,
            ):
                for rate in RATES:
                    waits = await measure_waits(
                        poster(client, f"{address}/hooks/scripts"), rate, seconds
                    )
                    print(row(f"{kind}, {rate} a second", waits), flush=True)
                async for line in measure_bodies(client, address):
                    print(f"| {kind}, {line}", flush=True)
                print(f"| {kind}, SMS for all of that | {len(environment.gateway.ledger)} | | |")


def poster(client: httpx.AsyncClient, address: str) -> Post:
    """Returns a function that posts one alert and returns the status of the answer."""

    async def post(alert: object) -> int:
        return (await client.post(address, json=alert)).status_code

    return post


if __name__ == "__main__":
    asyncio.run(main())
