"""Every way an exchange can fail: the outcome, the requests seen, the credits charged."""

import asyncio
import re
import ssl
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kwtsms_client import Outcome, UnknownOutcome
from kwtsms_client.protocol import Call
from kwtsms_client.rate_limiter import Pacer
from kwtsms_sandbox.gateway import Fault, Gateway, RunningGateway
from kwtsms_sandbox.gateway.tls import local_tls
from support.clients import Kind, both, make_client, opened
from support.gateway import KUWAIT, KUWAIT_2, running_gateway
from support.sockets import answering, reply, request

FAR = "https://gateway.invalid/API/"


@dataclass(frozen=True)
class Row:
    """A fault and the outcome that it must have."""

    fault: Fault | str
    outcome: Outcome
    charged: int
    requests: int = 1
    status: int | None = None


ROWS = [
    Row(Fault.RESET_BEFORE, Outcome.UNKNOWN, 0),
    Row(Fault.RESET_AFTER, Outcome.UNKNOWN, 1),
    Row(Fault.HANG_BEFORE, Outcome.UNKNOWN, 0),
    Row(Fault.HANG, Outcome.UNKNOWN, 1),
    Row(Fault.HTML_502, Outcome.UNKNOWN, 0),
    Row(Fault.HTML_502_AFTER, Outcome.UNKNOWN, 1),
    Row(Fault.TRUNCATED, Outcome.UNKNOWN, 1),
    Row(Fault.EMPTY, Outcome.UNKNOWN, 1),
    Row(Fault.NOT_JSON, Outcome.UNKNOWN, 1),
    Row(Fault.JSON_LIST, Outcome.UNKNOWN, 1),
    Row(Fault.JSON_NULL, Outcome.UNKNOWN, 1),
    Row(Fault.BAD_UTF8, Outcome.UNKNOWN, 1),
    Row(Fault.HUGE, Outcome.UNKNOWN, 1),
    Row(Fault.REDIRECT, Outcome.UNKNOWN, 0),
    Row("ERR028", Outcome.REJECTED, 0),
    Row("ERR003", Outcome.REJECTED, 0, status=403),
    Row("ERR003", Outcome.REJECTED, 0, status=200),
    Row("ERR031", Outcome.REJECTED, 0, status=406),
    Row("ERR099", Outcome.REJECTED, 0),
]


@both
@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_a_fault_has_its_outcome(kind: Kind, row: Row) -> None:
    """Both clients report the same outcome after one request, with the right credits charged."""
    async with running_gateway() as running, opened(kind, running, timeout=0.5) as sms:
        gateway = running.gateway
        before = gateway.balance()
        gateway.fault(row.fault, endpoint="send", http_status=row.status)
        result = await sms.send(KUWAIT, "hello")

        assert [one.outcome for one in result.recipients] == [row.outcome]
        assert len(gateway.requests) == row.requests
        assert before - gateway.balance() == row.charged


@both
async def test_a_gateway_that_is_down_is_not_sent(kind: Kind) -> None:
    """Without a connection nothing is sent, and the system's reason is given."""
    async with running_gateway() as running, opened(kind, running) as sms:
        await running.stop()
        result = await sms.send(KUWAIT, "hello")

    assert result.not_sent == (KUWAIT,)
    assert re.search("refused|attempts failed", result.recipients[0].reason)


@both
async def test_a_name_that_nobody_knows_is_not_sent(kind: Kind) -> None:
    """DNS lookup precedes the first byte, and the reason differs from that of a closed port."""
    sms = make_client(kind, FAR)
    result = await sms.send(KUWAIT, "hello")
    await sms.aclose()

    assert result.not_sent == (KUWAIT,)
    assert not re.search("refused|attempts failed", result.recipients[0].reason)


@both
async def test_a_certificate_that_is_not_trusted_is_not_sent_to(kind: Kind, tmp_path: Path) -> None:
    """The password is sent only to a gateway with a trusted certificate."""
    context, authority = local_tls(tmp_path)
    trusting = ssl.create_default_context(cafile=authority)
    async with RunningGateway(Gateway(), ssl_context=context) as running:
        async with opened(kind, running) as sms:
            refused = await sms.send(KUWAIT, "hello")
        async with opened(kind, running, tls=trusting) as sms:
            accepted = await sms.send(KUWAIT, "hello")

    assert refused.not_sent == (KUWAIT,)
    assert "certificate" in refused.recipients[0].reason
    assert accepted.ok


async def stalls(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """A gateway that stops reading in the middle of a request."""
    await asyncio.Event().wait()


async def aborts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A gateway that aborts the connection in the middle of a request."""
    await reader.readexactly(1000)
    writer.transport.abort()


@both
@pytest.mark.parametrize("answer", [stalls, aborts])
async def test_a_request_that_was_cut_off_is_unknown(kind: Kind, answer: Any) -> None:
    """A part of the request has left, so it is not reported as not sent."""
    call: Call[Any] = Call("send/", {"message": "x" * 20_000_000}, lambda found: found)
    async with answering(answer) as address:
        sms = make_client(kind, f"http://{address}/API/", timeout=0.3)
        with pytest.raises(UnknownOutcome):
            await sms.exchange(call)
        await sms.aclose()


async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that refuses every connection."""
    await request(reader)
    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


async def hangs(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """A proxy or gateway that never answers."""
    await reader.read()


async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that accepts CONNECT and then sends bytes that are not TLS."""
    await request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"no TLS" * 9)
    await reader.read()


@both
@pytest.mark.parametrize("proxy", [refuses, hangs, breaks])
async def test_a_proxy_that_fails_means_not_sent(
    kind: Kind, proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy received only its CONNECT request; ours was not sent."""
    async with answering(proxy) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        sms = make_client(kind, FAR, timeout=0.3)
        result = await sms.send(KUWAIT, "hello")
        await sms.aclose()

    assert result.not_sent == (KUWAIT,)


@both
@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
async def test_no_proxy_is_used_for_this_machine_itself(
    kind: Kind, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password would be sent unencrypted to the proxy."""
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with running_gateway() as running, opened(kind, running) as sms:
        result = await sms.send(KUWAIT, "hello")

    assert result.ok


@both
async def test_a_reply_that_drips_ends_in_time(kind: Kind) -> None:
    """The timeout covers the whole reply, however often a byte arrives."""

    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        head, _, body = reply(b'{"result":"OK"}' + b" " * 45).partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        for byte in body:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.05)

    async with answering(drips) as address:
        sms = make_client(kind, f"http://{address}/API/")
        begun = time.monotonic()
        result = await sms.send(KUWAIT, "hello", deadline=0.4)
        elapsed = time.monotonic() - begun
        await sms.aclose()

    assert result.unknown == (KUWAIT,)
    assert elapsed < 1.0  # The whole reply takes three seconds.


@both
async def test_every_step_shares_the_same_timeout(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow proxy and a hanging TLS handshake together take no longer than the timeout."""

    async def dawdles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        await asyncio.sleep(0.4)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await reader.read()

    async with answering(dawdles) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        sms = make_client(kind, FAR, timeout=0.6)
        begun = time.monotonic()
        result = await sms.send(KUWAIT, "hello")
        elapsed = time.monotonic() - begun
        await sms.aclose()

    assert result.not_sent == (KUWAIT,)
    assert 0.5 < elapsed < 0.9


@pytest.mark.parametrize("style", ["float", "string", "null", "absent"])
@both
async def test_an_accepted_send_stays_accepted(kind: Kind, style: Any) -> None:
    """Numbers as floats, strings, null or missing never turn a charged send into an error."""
    async with running_gateway() as running, opened(kind, running) as sms:
        running.gateway.configure(number_style=style)
        result = await sms.send(KUWAIT, "hello")

    assert result.accepted == (KUWAIT,)
    assert result.balance_after in (Decimal(999), None)
    assert result.points_charged == (0 if style == "null" else 1)


@both
async def test_a_reply_that_is_compressed_unasked_is_read(kind: Kind) -> None:
    """A compressed reply is read although none was requested."""
    async with running_gateway() as running, opened(kind, running) as sms:
        running.gateway.configure(gzip=True)
        result = await sms.send(KUWAIT, "hello")

    assert result.ok


@both
@pytest.mark.parametrize(
    "to",
    [
        f"{KUWAIT},{KUWAIT_2}",
        [KUWAIT, KUWAIT_2],
        (f"+{KUWAIT}", KUWAIT_2, f"00{KUWAIT}"),
        {KUWAIT: 1, KUWAIT_2: 2}.keys(),
        [int(KUWAIT), KUWAIT_2],
    ],
    ids=["comma", "list", "duplicates", "keys", "int"],
)
async def test_numbers_come_in_any_container_and_are_sent_once(kind: Kind, to: object) -> None:
    """Strings with commas, lists, tuples, views and ints work; the first of duplicates counts."""
    async with running_gateway() as running, opened(kind, running) as sms:
        result = await sms.send(to, "hello")

        assert result.accepted == (KUWAIT, KUWAIT_2)
        assert [entry.numbers for entry in running.gateway.ledger] == [(KUWAIT, KUWAIT_2)]


@both
async def test_a_fatal_code_stops_the_rest_of_a_bulk(kind: Kind) -> None:
    """ERR003 in batch 2 of 3: the first is accepted, the second refused, the third not tried."""
    numbers = [f"965{90000000 + n}" for n in range(450)]
    async with running_gateway() as running, opened(kind, running, pacer=Pacer(0.2)) as sms:
        gateway = running.gateway
        gateway.fault(Fault.SLOW, endpoint="send", seconds=0)
        gateway.fault("ERR003", endpoint="send")
        result = await sms.send(numbers, "hello")

        assert [len(result.accepted), len(result.rejected), len(result.not_sent)] == [200, 200, 50]
        assert len(gateway.requests) == 2


@both
async def test_an_unknown_batch_does_not_stop_the_others(kind: Kind) -> None:
    """An unknown outcome of one batch says nothing about the next."""
    numbers = [f"965{90000000 + n}" for n in range(201)]
    async with running_gateway() as running, opened(kind, running, pacer=Pacer(0.1)) as sms:
        running.gateway.fault(Fault.RESET_AFTER, endpoint="send")
        result = await sms.send(numbers, "hello")

        assert (len(result.unknown), len(result.accepted)) == (200, 1)
