"""10,000 numbers through a paced gateway, for three latencies: how near the floor it comes.

    .venv/bin/python benchmarks/bulk.py [ROUNDS]

The floor is 49 intervals of half a second and one latency: fifty requests of 200 numbers, two of
them starting in a second. The gateway itself tells when each request came in.
"""

import asyncio
import statistics
import sys
import time
from decimal import Decimal

from kwtsms_client import AsyncClient, Client, Credentials
from kwtsms_sandbox.gateway import Gateway, RunningGateway

NUMBERS = [f"965{90000000 + number}" for number in range(10_000)]
LATENCIES = (0.1, 0.8, 2.0)
INTERVALS = 49
INTERVAL = 0.5


async def run(latency: float, kind: str) -> tuple[float, int]:
    """How long it took, and the most starts that lie in any one second."""
    async with RunningGateway(Gateway()) as running:
        gateway = running.gateway
        gateway.turn(latency=latency)
        gateway.top_up(Decimal(20_000))
        account = Credentials(gateway.account.username, gateway.account.password)
        begun = time.monotonic()
        if kind == "Client":
            accepted = await asyncio.to_thread(by_threads, account, running.base_url)
        else:
            accepted = await by_asyncio(account, running.base_url)
        took = time.monotonic() - begun
        assert accepted == len(NUMBERS)  # noqa: S101 - What is timed has to be right.
        return took, most_in_a_second([seen.at for seen in gateway.requests])


def by_threads(account: Credentials, url: str) -> int:
    """Sends with `Client`; how many were accepted."""
    with Client(account, base_url=url) as sms:
        return len(sms.send(NUMBERS, "hello", sender="MY-APP").accepted)


async def by_asyncio(account: Credentials, url: str) -> int:
    """Sends with `AsyncClient`."""
    async with AsyncClient(account, base_url=url) as sms:
        return len((await sms.send(NUMBERS, "hello", sender="MY-APP")).accepted)


def most_in_a_second(starts: list[float]) -> int:
    """The most instants within any window of one second."""
    return max(sum(begin <= at < begin + 1.0 for at in starts) for begin in starts)


def main() -> None:
    """Measures and prints."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print("| latency | client | floor, s | took, s | above the floor | starts in a second |")
    print("|---|---|---|---|---|---|")
    for latency in LATENCIES:
        for kind in ("Client", "AsyncClient"):
            found = [asyncio.run(run(latency, kind)) for _ in range(rounds)]
            took = statistics.median(seconds for seconds, _ in found)
            floor = INTERVALS * INTERVAL + latency
            over = f"{(took / floor - 1) * 100:.1f} %"
            most = max(count for _, count in found)
            print(
                f"| {latency * 1000:.0f} ms | {kind} | {floor:.1f} | {took:.2f} | {over} | {most} |"
            )


if __name__ == "__main__":
    main()
