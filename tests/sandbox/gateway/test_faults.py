"""Every fault on the wire, as the client sees it and as the ledger records it."""

import asyncio
import ssl
from typing import Any

import httpx
import pytest

from kwtsms_sandbox.gateway import Fault, Gateway, RunningGateway
from kwtsms_sandbox.gateway.fault_plan import FaultSpec
from support.gateway import KUWAIT, Caller

UNREADABLE = [
    (Fault.EMPTY, b""),
    (Fault.NOT_JSON, b"Service is under maintenance."),
    (Fault.JSON_NULL, b"null"),
]


async def test_reset_before(caller: Caller, gateway: Gateway) -> None:
    """The connection is reset, and nothing was accepted."""
    gateway.fault(Fault.RESET_BEFORE)

    with pytest.raises(httpx.ReadError):
        await caller.send()

    assert gateway.ledger == []


async def test_reset_after(caller: Caller, gateway: Gateway) -> None:
    """The connection is reset, and the message was accepted, charged and delivered."""
    gateway.fault(Fault.RESET_AFTER)

    with pytest.raises(httpx.ReadError):
        await caller.send()

    assert len(gateway.ledger) == 1
    assert gateway.balance() == 999
    assert len(gateway.inbox(KUWAIT)) == 1


async def test_a_reset_is_a_reset(running: RunningGateway) -> None:
    """The peer sees an RST, not an orderly end of the stream."""
    running.gateway.fault(Fault.RESET_BEFORE)
    host, port = running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /API/send/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")

    with pytest.raises(ConnectionResetError):
        await reader.read()

    writer.close()


@pytest.mark.parametrize(("fault", "accepted"), [(Fault.HANG, 1), (Fault.HANG_BEFORE, 0)])
async def test_hang(caller: Caller, gateway: Gateway, fault: Fault, accepted: int) -> None:
    """No answer ever comes, with or without the message accepted."""
    gateway.fault(fault)
    caller.http.timeout = httpx.Timeout(0.1)

    with pytest.raises(httpx.ReadTimeout):
        await caller.send()

    assert len(gateway.ledger) == accepted


@pytest.mark.parametrize(("fault", "accepted"), [(Fault.HTML_502_AFTER, 1), (Fault.HTML_502, 0)])
async def test_bad_gateway(caller: Caller, gateway: Gateway, fault: Fault, accepted: int) -> None:
    """The client gets a proxy's HTML page, with or without the message accepted."""
    gateway.fault(fault)

    answer = await caller.post("send", sender="MY-APP", mobile=KUWAIT, message="hello")

    assert answer.status_code == 502
    assert "<html>" in answer.text
    assert len(gateway.ledger) == accepted


async def test_redirect(caller: Caller, gateway: Gateway) -> None:
    """The answer is a 302; a client that follows it gets a false success and is recorded."""
    gateway.fault(Fault.REDIRECT)

    answer = await caller.post("send", sender="MY-APP", mobile=KUWAIT, message="hello")
    lie = await caller.http.get(f"{caller.running.url}{answer.headers['location']}")

    assert answer.status_code == 302
    assert lie.json()["result"] == "OK"
    assert gateway.requests[-1].endpoint == "trap"
    assert gateway.ledger == []


async def test_truncated(caller: Caller, gateway: Gateway) -> None:
    """The connection ends after half of the announced body; the message was accepted."""
    gateway.fault(Fault.TRUNCATED)

    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        await caller.send()

    assert len(gateway.ledger) == 1


@pytest.mark.parametrize(("fault", "body"), UNREADABLE)
async def test_unreadable(caller: Caller, gateway: Gateway, fault: Fault, body: bytes) -> None:
    """The answer is a 200 that says nothing about the message, which was accepted."""
    gateway.fault(fault)

    answer = await caller.post("send", sender="MY-APP", mobile=KUWAIT, message="hello")

    assert (answer.status_code, answer.content) == (200, body)
    assert len(gateway.ledger) == 1


async def test_json_list(caller: Caller, gateway: Gateway) -> None:
    """The normal answer comes wrapped in a list."""
    gateway.fault(Fault.JSON_LIST)

    answer = await caller.post("balance")

    assert answer.json()[0]["result"] == "OK"


async def test_bad_utf8(caller: Caller, gateway: Gateway) -> None:
    """The answer is JSON but for two bytes that are not UTF-8."""
    gateway.fault(Fault.BAD_UTF8)

    answer = await caller.post("balance")

    with pytest.raises(UnicodeDecodeError):
        answer.content.decode("utf-8")


async def test_huge(caller: Caller, gateway: Gateway) -> None:
    """The answer is ten megabytes of valid JSON."""
    gateway.fault(Fault.HUGE)

    answer = await caller.post("balance")

    assert len(answer.content) > 10_000_000
    assert answer.json()["available"] == 1000


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (Fault.JSON_LIST, '[{"result": "OK", "available": 1000, "purchased": 1000}]'),
        (Fault.JSON_NULL, "null"),
        (Fault.NOT_JSON, "Service is under maintenance."),
    ],
)
async def test_a_spoilt_answer_is_compressed_too(
    caller: Caller, gateway: Gateway, fault: Fault, answer: str
) -> None:
    """The gzip knob applies to a spoilt answer too."""
    gateway.configure(gzip=True)
    gateway.fault(fault)

    spoilt = await caller.post("balance")

    assert (spoilt.headers["content-encoding"], spoilt.text) == ("gzip", answer)


async def test_half_of_a_compressed_answer(caller: Caller, gateway: Gateway) -> None:
    """The compressed body is cut, not the plain one."""
    gateway.configure(gzip=True)
    gateway.fault(Fault.TRUNCATED)
    url = f"{caller.running.base_url}balance/"

    async with caller.http.stream("POST", url, json={}) as cut:
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            await cut.aread()

    assert cut.headers["content-encoding"] == "gzip"


async def test_slow(caller: Caller, gateway: Gateway) -> None:
    """The normal answer comes later."""
    gateway.fault(Fault.SLOW, seconds=0.05)
    started = asyncio.get_running_loop().time()

    answer = await caller.call("balance")

    assert answer["result"] == "OK"
    assert asyncio.get_running_loop().time() - started >= 0.05


async def test_a_rejection_by_force(caller: Caller, gateway: Gateway) -> None:
    """Any code can be forced, on any HTTP status, and nothing is accepted."""
    gateway.fault("ERR013", http_status=429)

    answer = await caller.post("send", sender="MY-APP", mobile=KUWAIT, message="hello")

    assert (answer.status_code, answer.json()["code"]) == (429, "ERR013")
    assert gateway.ledger == []


async def test_a_code_nobody_knows(caller: Caller, gateway: Gateway) -> None:
    """Codes that are not in any table can be forced too."""
    gateway.fault("ERR099")

    assert (await caller.call("balance"))["code"] == "ERR099"


async def test_a_fault_is_met_once(caller: Caller, gateway: Gateway) -> None:
    """A fault is met as often as planned, and then no more."""
    gateway.fault("ERR013", times=2)

    answers = [await caller.call("balance") for _ in range(3)]

    assert [answer["result"] for answer in answers] == ["ERROR", "ERROR", "OK"]


async def test_a_fault_waits_for_its_endpoint(caller: Caller, gateway: Gateway) -> None:
    """A fault of one endpoint leaves requests to the others alone."""
    gateway.fault(Fault.HTML_502, endpoint="send")

    assert (await caller.post("balance")).status_code == 200
    assert (await caller.post("send")).status_code == 502


async def test_a_lasting_fault(caller: Caller, gateway: Gateway) -> None:
    """A lasting fault stays until cleared, and lets one-shot faults go first."""
    gateway.fault(Fault.HTML_502, times=None)
    gateway.fault("ERR013")

    first = await caller.post("balance")
    second, third = await caller.post("balance"), await caller.post("balance")
    gateway.faults.clear()

    assert first.json()["code"] == "ERR013"
    assert (second.status_code, third.status_code) == (502, 502)
    assert (await caller.post("balance")).status_code == 200


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"fault": "explode"}, "expected a code such as ERR013 or one of reset_before"),
        ({"fault": "code"}, "expected a code"),
        ({"fault": "ERR"}, "expected a code"),
        ({"fault": "ERR0013"}, "expected a code"),
        ({"fault": "hang", "endpoint": "sned"}, "expected one of balance"),
        ({"fault": "hang", "times": 0}, "expected 1 or more"),
        ({"fault": "slow", "seconds": -1.0}, "seconds: expected 0 to"),
        ({"fault": "ERR013", "http_status": 99999}, "http_status: expected 200 to 599, got 99999"),
        ({"fault": "html_502", "http_status": 503}, "http_status: goes with a code"),
    ],
)
def test_faults_that_could_never_be_met(spec: dict[str, Any], problem: str) -> None:
    """A fault that no request can meet is an error, so a slip in a test does not pass."""
    with pytest.raises(ValueError, match=problem):
        FaultSpec(**spec)


async def test_faults_with_tls(tls_running: tuple[RunningGateway, ssl.SSLContext]) -> None:
    """A fault resets the connection under TLS too, after the message was accepted."""
    running, context = tls_running
    running.gateway.fault(Fault.RESET_AFTER)
    async with httpx.AsyncClient(verify=context, trust_env=False) as http:
        caller = Caller(running, http)

        with pytest.raises(httpx.ReadError):
            await caller.send()

        assert len(running.gateway.ledger) == 1
        assert (await caller.call("balance"))["available"] == 999
