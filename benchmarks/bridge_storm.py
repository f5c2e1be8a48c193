"""Times the answers to alerts, as the tool that posts them sees it, and counts the SMS of a storm.

    .venv/bin/python benchmarks/bridge_storm.py [--seconds 60] [--rate 1] [--kind PostgreSQL]
        [--campaign] [--replicas 2]

The bot runs in its own process, whole: it sends, and it posts cards to the sandbox's Slack. With
`--campaign` it is sending to 10,000 other numbers meanwhile; with `--replicas 2`, on PostgreSQL,
requests go to two bots alternately. The first SMS is timed from the first alert's answer. Each
request reports a new alert; requests arrive on schedule, whether earlier ones are answered or not,
and each is timed from its scheduled arrival. The answer comes after the alert is on disk. A server
that only answers, without reading or storing, shows what of that is the network and the client.
"""

import argparse
import asyncio
import gc
import itertools
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import httpx
from aiohttp import web
from databases import KINDS, database_url

from kwtsms_bot.database import open_database
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.outbox.message import NewMessage, Priority
from kwtsms_bot.outbox.store import open_outbox
from support.bot import BotProcess, local_env

TOKEN = "benchmark-token-0000000"  # noqa: S105 - Of this run's own bot.
NUMBER = "96598765432"
FIRST = 50  # Requests for warm-up, which are not counted.
RATES = (1, 100, 200)
BODIES = (1_000, 5_000)
BULK_RECIPIENTS = 10_000  # Numbers.
Post = Callable[[object], Awaitable[int]]


@asynccontextmanager
async def running_bots(
    kind: str, folder: Path, options: argparse.Namespace
) -> AsyncIterator[tuple[LocalEnvironment, Sequence[str]]]:
    """Runs bots with a bridge and a database of that kind; yields their endpoints' addresses."""
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
            environment.gateway.top_up(10 * BULK_RECIPIENTS)
            if options.campaign:
                await queue_bulk_message(url)
            replicas = options.replicas if kind == "PostgreSQL" else 1
            async with AsyncExitStack() as stack:
                addresses = [
                    await stack.enter_async_context(running_bot(environment))
                    for _ in range(replicas)
                ]
                yield environment, addresses


@asynccontextmanager
async def running_bot(environment: LocalEnvironment) -> AsyncIterator[str]:
    """Runs one bot; yields its endpoint's address."""
    bot = BotProcess(environment)
    await bot.start()
    try:
        log = (environment.folder / "bot.log").read_text()
        found = re.search(r"alerts accepted.*at=(\S+?)(?:\x1b|\s)", log)
        yield found[1] if found else ""
    finally:
        await bot.end()


async def queue_bulk_message(url: str) -> None:
    """Queues a message to many numbers."""
    database = await open_database(url)
    numbers = tuple(f"965{50_000_000 + number}" for number in range(BULK_RECIPIENTS))
    message = NewMessage(
        source="cli",
        author="benchmark",
        text="A campaign",
        sender_id="MY-APP",
        recipients=numbers,
        pages=1,
        priority=Priority.BULK,
    )
    await open_outbox(database).intake.accept(message, datetime.now(UTC))
    await database.close()


def count_sms(environment: LocalEnvironment) -> int:
    """The number of messages that the gateway has accepted for the person's phone."""
    return sum(NUMBER in one.numbers for one in environment.gateway.ledger)


async def first_sms(environment: LocalEnvironment, post: Post) -> float:
    """The seconds from an alert's answer to its SMS at the gateway."""
    await post(new_alert(0))
    begun = time.perf_counter()
    while not count_sms(environment):  # noqa: ASYNC110 - The gateway tells nobody.
        await asyncio.sleep(0.02)
    return time.perf_counter() - begun


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
    options = parse_options()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    limits = httpx.Limits(max_connections=200)
    print("| requests | median, ms | p99, ms | longest, ms |\n|---|---|---|---|")
    async with (
        bare_server() as address,
        httpx.AsyncClient(trust_env=False, limits=limits) as client,
    ):
        waits = await measure_waits(poster(client, address), 100, min(options.seconds, 10))
        print(row("a server that only answers, 100 a second", waits))
    for kind in options.kind or KINDS:
        with tempfile.TemporaryDirectory() as folder:
            async with (
                running_bots(kind, Path(folder), options) as (environment, addresses),
                httpx.AsyncClient(
                    trust_env=False, limits=limits, headers=headers, timeout=30
                ) as client,
            ):
                post = poster(client, *(f"{one}/hooks/scripts" for one in addresses))
                waited = await first_sms(environment, post) * 1000
                print(f"| {kind}, the first SMS | {waited:.0f} | | |", flush=True)
                for rate in options.rate or RATES:
                    waits = await measure_waits(post, rate, options.seconds)
                    print(row(f"{kind}, {rate} a second", waits), flush=True)
                async for line in measure_bodies(client, addresses[0]):
                    print(f"| {kind}, {line}", flush=True)
                print(f"| {kind}, SMS for all of that | {count_sms(environment)} | | |")


def parse_options() -> argparse.Namespace:
    """Returns the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for each rate")
    parser.add_argument("--rate", type=int, action="append", help="requests a second")
    parser.add_argument("--kind", choices=KINDS, action="append", help="of database")
    parser.add_argument("--campaign", action="store_true", help="send to 10,000 numbers, too")
    parser.add_argument("--replicas", type=int, default=1, help="on PostgreSQL")
    return parser.parse_args()


def poster(client: httpx.AsyncClient, *addresses: str) -> Post:
    """Returns a function that posts an alert, to each address alternately; returns the status."""
    targets = itertools.cycle(addresses)

    async def post(alert: object) -> int:
        return (await client.post(next(targets), json=alert)).status_code

    return post


if __name__ == "__main__":
    asyncio.run(main())
