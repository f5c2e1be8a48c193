"""The official Python client, as it is on PyPI, against this gateway.

Its faults are its own; that it works at all shows that the gateway answers as the real one does.
"""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import kwtsms
import kwtsms._async
import kwtsms._core
import pytest

from kwtsms_sandbox.gateway import Fault, Gateway, GatewayAccount, RunningGateway
from support.gateway import KUWAIT, KUWAIT_2

NUMBERS = [f"9655{n:07}" for n in range(450)]


@pytest.fixture(autouse=True)
def official(running: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points the client at the sandbox's URL, and its sleeps at the sandbox's clock."""
    clock = SimpleNamespace(sleep=running.gateway.clock.advance)
    monkeypatch.setattr(kwtsms._core, "BASE_URL", running.base_url)
    monkeypatch.setattr(kwtsms._async, "BASE_URL", running.base_url)
    monkeypatch.setattr(kwtsms._core, "time", clock)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def client(gateway: Gateway) -> kwtsms.KwtSMS:
    """The client, without its log file."""
    account = gateway.account
    return kwtsms.KwtSMS(account.username, account.password, sender_id="MY-APP", log_file="")


async def run(call: Callable[..., Any], *arguments: Any) -> Any:
    """Runs a blocking call of the client in a thread."""
    return await asyncio.to_thread(call, *arguments)


async def test_verify(client: kwtsms.KwtSMS) -> None:
    """`verify` accepts the credentials and returns the balance."""
    assert await run(client.verify) == (True, 1000.0, None)


async def test_verify_with_a_wrong_password(client: kwtsms.KwtSMS) -> None:
    """A wrong password is ERR003 on 403, with the action from the client's table."""
    client.password = "wrong"

    ok, balance, error = await run(client.verify)

    assert (ok, balance) == (False, None)
    assert "Wrong API username or password" in error


async def test_send(client: kwtsms.KwtSMS, gateway: Gateway) -> None:
    """A text is cleaned, sent, charged and received."""
    answer = await run(client.send, "+965 9876 5432", "مرحبا 😀 ١٢٣")

    assert (answer["result"], answer["balance-after"]) == ("OK", 999)
    assert [sms.text for sms in gateway.inbox(KUWAIT)] == ["مرحبا  123"]


async def test_send_to_several(client: kwtsms.KwtSMS, gateway: Gateway) -> None:
    """Several numbers are one call and one id."""
    answer = await run(client.send, [KUWAIT, KUWAIT_2], "hello")

    assert answer["numbers"] == 2
    assert len(gateway.ledger) == 1


async def test_bulk_of_450(client: kwtsms.KwtSMS, gateway: Gateway) -> None:
    """450 numbers are three calls of at most 200, no faster than the gateway allows."""
    answer = await run(client.send, NUMBERS, "hello")

    assert (answer["result"], answer["batches"], answer["numbers"]) == ("OK", 3, 450)
    assert answer["msg-ids"] == [entry.message_id for entry in gateway.ledger]
    assert (answer["points-charged"], answer["balance-after"]) == (450, 550.0)


async def test_bulk_waits_for_a_full_queue(client: kwtsms.KwtSMS, gateway: Gateway) -> None:
    """ERR013 is retried after 30 seconds of the sandbox's clock."""
    before = gateway.clock.monotonic()
    gateway.fault("ERR013", endpoint="send")

    answer = await run(client.send, NUMBERS, "hello")

    assert (answer["result"], answer["numbers"]) == ("OK", 450)
    assert gateway.clock.monotonic() - before > 30


async def test_bulk_that_runs_out_of_credits(client: kwtsms.KwtSMS, gateway: Gateway) -> None:
    """The batches with enough credits are sent, and the last is refused."""
    gateway.set_credits(400)

    answer = await run(client.send, NUMBERS, "hello")

    assert (answer["result"], answer["numbers"]) == ("PARTIAL", 400)
    assert [error["code"] for error in answer["errors"]] == ["ERR010"]


async def test_send_with_retry(client: kwtsms.KwtSMS, gateway: Gateway) -> None:
    """ERR028 is over after the 16 seconds that the client waits."""
    await run(client.send, KUWAIT, "one")

    answer = await run(client.send_with_retry, KUWAIT, "two")

    assert answer["result"] == "OK"
    assert [request.outcome for request in gateway.requests] == ["OK", "ERR028", "OK"]


async def test_test_mode(client: kwtsms.KwtSMS, gateway: Gateway) -> None:
    """In test mode a message is charged and queued, but not received."""
    client.test_mode = True

    answer = await run(client.send, KUWAIT, "hello")

    assert answer["balance-after"] == 999
    assert gateway.inbox(KUWAIT) == []


async def test_validate(client: kwtsms.KwtSMS) -> None:
    """`validate` returns the gateway's three lists, and includes what the client rejects itself."""
    report = await run(client.validate, [KUWAIT, "+447911123456", "abc"])

    assert (report["ok"], report["nr"], report["er"]) == ([KUWAIT], ["447911123456"], ["abc"])
    assert report["error"] is None


async def test_sender_ids_and_coverage(client: kwtsms.KwtSMS) -> None:
    """Sender IDs and coverage are lists of strings."""
    assert (await run(client.senderids))["senderids"] == ["KWT-SMS", "MY-APP"]
    assert (await run(client.coverage))["prefixes"] == ["965", "966", "971"]


async def test_its_status_asks_at_an_address_that_does_not_exist(
    client: kwtsms.KwtSMS, gateway: Gateway
) -> None:
    """The client's status calls /report/, which is a 404 as on the real service."""
    sent = await run(client.send, KUWAIT, "hello")

    answer = await run(client.status, sent["msg-id"])

    assert (answer["code"], answer["description"]) == ("NETWORK", "HTTP 404: Not Found")
    assert gateway.requests[-1].endpoint == "report"


@pytest.mark.parametrize(
    ("number", "text", "code"),
    [
        ("447911123456", "hello", "ERR026"),
        (KUWAIT, "x" * 1072, "ERR012"),
        (KUWAIT, "badword", "ERR031"),
        (KUWAIT, "free casino", "ERR032"),
    ],
)
async def test_rejected_sends(client: kwtsms.KwtSMS, number: str, text: str, code: str) -> None:
    """A rejection has the gateway's code and the action from the client's table."""
    answer = await run(client.send, number, text)

    assert (answer["result"], answer["code"]) == ("ERROR", code)
    assert answer["action"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"api_enabled": False}, "ERR001"),
        ({"blocked": True}, "ERR005"),
        ({"allowed_addresses": ("192.0.2.1",)}, "ERR024"),
        ({"sender_ids": ("my-app",)}, "ERR008"),
        ({"coverage": ()}, "ERR033"),
    ],
)
async def test_refused_accounts(
    client: kwtsms.KwtSMS, gateway: Gateway, change: dict[str, Any], code: str
) -> None:
    """A problem of the account reaches the client as a code."""
    gateway.change_account(**change)

    assert (await run(client.send, KUWAIT, "hello"))["code"] == code


async def test_a_bad_gateway(client: kwtsms.KwtSMS, gateway: Gateway) -> None:
    """HTML on 502 is the client's NETWORK error."""
    gateway.fault(Fault.HTML_502)

    answer = await run(client.send, KUWAIT, "hello")

    assert (answer["code"], answer["description"]) == ("NETWORK", "HTTP 502: Bad Gateway")


async def test_the_sandbox_finds_out_who_follows_redirects(
    client: kwtsms.KwtSMS, gateway: Gateway
) -> None:
    """The client believes the redirect's page; the request log and the ledger show the truth."""
    gateway.fault(Fault.REDIRECT)

    answer = await run(client.send, KUWAIT, "hello")

    assert answer["result"] == "OK"
    assert gateway.requests[-1].outcome == "followed a redirect"
    assert gateway.ledger == []


async def test_the_sandbox_finds_out_who_repeats_numbers(client: kwtsms.KwtSMS) -> None:
    """The client does not merge two forms of one number, so the gateway refuses them."""
    answer = await run(client.send, [KUWAIT, f"+{KUWAIT}"], "hello")

    assert answer["code"] == "ERR028"


async def test_asynchronous(gateway: Gateway) -> None:
    """The client's asynchronous half, on aiohttp, works too."""
    account: GatewayAccount = gateway.account
    client = kwtsms.AsyncKwtSMS(account.username, account.password, "MY-APP", log_file="")

    answer = await client.send(KUWAIT, "hello")

    assert answer["result"] == "OK"
    assert await client.balance() == 999.0
