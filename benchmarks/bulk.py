"""Times 10,000 numbers at three latencies, beside the official Python client.

    .venv/bin/python benchmarks/bulk.py

`--rounds 1 --numbers 1000 --latencies 100` makes a short run of it; the whole takes twenty minutes.

A request carries 200 numbers, and two requests may start in a second. The floor is an interval of
half a second between each two requests, and one latency. The gateway records when each arrived. In
a round the clients run at the same time, each with a gateway of its own: they wait much more than
they work.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import kwtsms
import kwtsms._core
from side_by_side import ROUNDS

from kwtsms_client import AsyncClient, Client, Credentials
from kwtsms_sandbox.gateway import Gateway, RunningGateway

NUMBERS = 10_000
PER_REQUEST = 200
LATENCIES = (100, 800, 2000)  # Milliseconds.
INTERVAL = 0.5
OFFICIAL = "official"
TEXT, SENDER = "hello", "MY-APP"

Send = Callable[[RunningGateway, list[str]], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class BulkRun:
    """Duration of a bulk, and the most requests that started within any one second."""

    seconds: float
    starts: int


async def by_official(running: RunningGateway, numbers: list[str]) -> int:
    """Sends with the official client from PyPI; returns how many were accepted."""
    kwtsms._core.BASE_URL = running.base_url
    account = running.gateway.account
    sms = kwtsms.KwtSMS(account.username, account.password, sender_id=SENDER, log_file="")
    return int((await asyncio.to_thread(sms.send, numbers, TEXT))["numbers"])


async def by_threads(running: RunningGateway, numbers: list[str]) -> int:
    """Sends with `Client`."""

    def send() -> int:
        with Client(_account(running), base_url=running.base_url) as sms:
            return len(sms.send(numbers, TEXT, sender=SENDER).accepted)

    return await asyncio.to_thread(send)


async def by_asyncio(running: RunningGateway, numbers: list[str]) -> int:
    """Sends with `AsyncClient`."""
    async with AsyncClient(_account(running), base_url=running.base_url) as sms:
        return len((await sms.send(numbers, TEXT, sender=SENDER)).accepted)


CLIENTS: Mapping[str, Send] = {
    OFFICIAL: by_official,
    "Client": by_threads,
    "AsyncClient": by_asyncio,
}


def _account(running: RunningGateway) -> Credentials:
    account = running.gateway.account
    return Credentials(account.username, account.password)


async def run_bulk(send: Send, latency: float, numbers: list[str]) -> BulkRun:
    """Times one bulk on a gateway of its own."""
    async with RunningGateway(Gateway()) as running:
        running.gateway.configure(latency=latency)
        running.gateway.top_up(Decimal(len(numbers)))
        begun = time.monotonic()
        accepted = await send(running, numbers)
        seconds = time.monotonic() - begun
        assert accepted == len(numbers)  # noqa: S101 - What is timed has to be right.
        return BulkRun(
            seconds, most_in_a_second([request.at for request in running.gateway.requests])
        )


async def one_round(latency: float, numbers: list[str]) -> dict[str, BulkRun]:
    """Runs all clients at the same time."""
    runs = await asyncio.gather(*(run_bulk(send, latency, numbers) for send in CLIENTS.values()))
    return dict(zip(CLIENTS, runs, strict=True))


def most_in_a_second(starts: list[float]) -> int:
    """The most instants within any window of one second."""
    return max(sum(begin <= at < begin + 1.0 for at in starts) for begin in starts)


def floor(latency: float, count: int) -> float:
    """The seconds that so many numbers take at least."""
    return (-(-count // PER_REQUEST) - 1) * INTERVAL + latency


def row(name: str, rounds: Sequence[Mapping[str, BulkRun]], least: float) -> str:
    """A client's cells of the table: medians, and the worst second of all rounds."""
    seconds = statistics.median(found[name].seconds for found in rounds)
    faster = statistics.median(found[OFFICIAL].seconds / found[name].seconds for found in rounds)
    starts = max(found[name].starts for found in rounds)
    above_floor = (seconds / least - 1) * 100
    return f"{name} | {least:.1f} | {seconds:.2f} | {above_floor:.1f} % | {starts} | {faster:.2f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="A bulk beside the official Python client.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--numbers", type=int, default=NUMBERS)
    parser.add_argument("--latencies", type=int, nargs="+", default=LATENCIES, metavar="MS")
    given = parser.parse_args(arguments)
    numbers = [f"965{90_000_000 + number}" for number in range(given.numbers)]
    print(
        "| latency | client | floor, s | took, s | above the floor | most starts in a second "
        "| times faster |\n|---|---|---|---|---|---|---|"
    )
    for latency in given.latencies:
        seconds = latency / 1000
        rounds = [asyncio.run(one_round(seconds, numbers)) for _ in range(given.rounds)]
        for name in CLIENTS:
            print(f"| {latency} ms | {row(name, rounds, floor(seconds, len(numbers)))} |")
    print(f"\nMedians of rounds: {given.rounds}; {len(numbers)} numbers.")


if __name__ == "__main__":
    main()
