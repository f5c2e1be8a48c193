"""Times single messages, one after the other, over TLS with 50 ms of added round-trip time.

    .venv/bin/python benchmarks/sends.py

A relay between the clients and the gateway delays every byte by 25 ms each way, and a new
connection by 50 ms, so that connecting and TLS cost as much as with a distant server. A bare socket
that sends the same bytes on one connection shows what one round trip really takes. The pace of our
client is switched off, as the official one has none; kwtSMS itself takes two requests a second.
"""

import asyncio
import itertools
import json
import multiprocessing
import os
import socket
import ssl
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import certifi
import kwtsms
import kwtsms._core

from kwtsms_client import Client, Credentials
from kwtsms_client.rate_limiter import Pacer
from kwtsms_sandbox.gateway import Gateway
from kwtsms_sandbox.gateway.tls import local_tls
from kwtsms_sandbox.http_server import listen

ONE_DIRECTION = 0.025
ROUND_TRIP = 2 * ONE_DIRECTION
COUNT = 20
ROUNDS = 5
Relay = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
numbers = (f"965{number}" for number in itertools.count(90_000_000))


@dataclass(frozen=True, slots=True)
class RemoteGateway:
    """Address, certificate authority and account of the distant gateway."""

    url: str
    authority: Path
    username: str
    password: str


@contextmanager
def remote_gateway() -> Iterator[RemoteGateway]:
    """Runs a gateway behind TLS and a relay that delays everything, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    with TemporaryDirectory() as folder:
        process = context.Process(target=serve, args=(Path(folder), there), daemon=True)
        process.start()
        try:
            yield here.recv()
        finally:
            process.terminate()
            process.join()


def serve(folder: Path, pipe: Connection) -> None:
    """Serves until it is terminated; sends its address through the pipe first."""
    asyncio.run(_serve(folder, pipe))


async def _serve(folder: Path, pipe: Connection) -> None:
    gateway = Gateway()
    gateway.configure(requests_per_second=None)
    gateway.top_up(Decimal(10_000))
    context, authority = local_tls(folder)
    served = await listen(gateway.app(), ssl_context=context)
    relay = await asyncio.start_server(_relay(served.port), "127.0.0.1", 0)
    url = f"https://127.0.0.1:{relay.sockets[0].getsockname()[1]}/API/"
    pipe.send(RemoteGateway(url, authority, gateway.account.username, gateway.account.password))
    await relay.serve_forever()


def _relay(port: int) -> Relay:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(ROUND_TRIP)  # The handshake of TCP.
        there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_delay(reader, there[1]), _delay(there[0], writer))

    return relay


async def _delay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Passes everything on, in order, 25 ms late."""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):  # A client that has its answer may hang up.
        while data := await reader.read(65536):
            loop.call_later(ONE_DIRECTION, writer.write, data)
    loop.call_later(ONE_DIRECTION, writer.close)


class Bare:
    """Bare TLS connection, which shows the least that a round trip takes."""

    def __init__(self, far: RemoteGateway, context: ssl.SSLContext) -> None:
        parts = urlsplit(far.url)
        self._account = {"username": far.username, "password": far.password}
        raw = socket.create_connection((str(parts.hostname), int(parts.port or 0)))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = context.wrap_socket(raw, server_hostname=parts.hostname)

    def send(self, number: str) -> None:
        """Sends one message, in one write."""
        fields = {"sender": "MY-APP", "mobile": number, "message": "hi", "test": "0"}
        body = json.dumps(self._account | fields).encode()
        head = f"POST /API/send/ HTTP/1.1\r\nHost: far\r\nContent-Length: {len(body)}\r\n"
        types = "Content-Type: application/json\r\nAccept: application/json\r\n\r\n"
        self._socket.sendall((head + types).encode() + body)
        answer = self._socket.recv(65536)
        assert b'"OK"' in answer, answer  # noqa: S101 - What is timed has to be right.


def measure(send: Callable[[str], object]) -> float:
    """The median duration of one round of single messages, in seconds."""
    durations = []
    for number in itertools.islice(numbers, COUNT):
        begun = time.perf_counter()
        send(number)
        durations.append(time.perf_counter() - begun)
    return statistics.median(durations)


def measure_all(far: RemoteGateway) -> list[tuple[float, float, float]]:
    """Measures the official client, ours and the bare socket in turn, on the same gateway."""
    kwtsms._core.BASE_URL = far.url
    # The certificates for urllib: those that every machine has, and the gateway's.
    ca_bundle = far.authority.with_name("everybody.pem")
    ca_bundle.write_text(Path(certifi.where()).read_text() + far.authority.read_text())
    os.environ["SSL_CERT_FILE"] = str(ca_bundle)
    context = ssl.create_default_context(cafile=str(far.authority))
    official = kwtsms.KwtSMS(far.username, far.password, sender_id="MY-APP", log_file="")
    credentials = Credentials(far.username, far.password)
    bare = Bare(far, context)
    pacer = Pacer(0.0)
    with Client(
        credentials, base_url=far.url, sender_id="MY-APP", tls=context, pacer=pacer
    ) as ours:
        ours.send(next(numbers), "hi")  # Opens the connection, which a running program has, too.
        return [
            (
                measure(lambda to: official.send(to, "hi")),
                measure(lambda to: ours.send(to, "hi")),
                measure(bare.send),
            )
            for _ in range(ROUNDS)
        ]


def main() -> None:
    """Measures and prints."""
    with remote_gateway() as far:
        found = measure_all(far)
    official, ours, bare = (statistics.median(one) for one in zip(*found, strict=True))
    ratio = statistics.median(slow / fast for slow, fast, _ in found)
    above_round_trip = statistics.median(fast / least for _, fast, least in found)
    print("| client | a send, ms | round trips |\n|---|---|---|")
    for label, duration in (("official", official), ("ours", ours), ("a bare socket", bare)):
        print(f"| {label} | {duration * 1000:.1f} | {duration / bare:.2f} |")
    most = statistics.median(slow / least for slow, _, least in found)
    print(f"\n{ratio:.2f} times faster than the official client, which a bare socket is {most:.2f}")
    print(
        f"times, and {(above_round_trip - 1) * 100:.1f} % above one round trip; "
        f"medians of {ROUNDS} rounds"
    )
    print(f"of {COUNT} messages each.")


if __name__ == "__main__":
    main()
