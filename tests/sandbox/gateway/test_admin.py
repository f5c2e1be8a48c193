"""The admin API: everything that a test in another process or language needs."""

from typing import Any

import httpx
import pytest

from kwtsms_sandbox.gateway import Gateway, NumberStyle
from support.gateway import KUWAIT, Caller


class Administrator:
    """Client of /admin/."""

    def __init__(self, caller: Caller) -> None:
        self._http = caller.http
        self._url = f"{caller.running.url}/admin/"

    async def read(self, name: str) -> Any:
        """Sends one GET and returns the JSON."""
        return (await self._http.get(self._url + name)).json()

    async def change(self, name: str, **body: Any) -> httpx.Response:
        """Sends one POST."""
        return await self._http.post(self._url + name, json=body)


@pytest.fixture
def admin(caller: Caller) -> Administrator:
    """The administrator of the gateway that `caller` calls."""
    return Administrator(caller)


async def test_ledger(caller: Caller, admin: Administrator) -> None:
    """`ledger` lists every accepted send as JSON, with amounts as strings."""
    sent = await caller.send(message="مرحبا")

    [entry] = await admin.read("ledger")
    assert entry["message_id"] == sent["msg-id"]
    assert (entry["numbers"], entry["text"], entry["points"]) == ([KUWAIT], "مرحبا", "1")
    assert entry["state"] == "sent"


async def test_requests(caller: Caller, admin: Administrator) -> None:
    """`requests` lists the API's requests without passwords, and not the administrator's."""
    await caller.call("balance", password="wrong")

    [request] = await admin.read("requests")
    assert (request["endpoint"], request["outcome"]) == ("balance", "ERR003")
    assert request["payload"]["password"] == "***"


async def test_inbox(caller: Caller, admin: Administrator) -> None:
    """`inbox` lists the messages that each phone has received."""
    await caller.send()

    inboxes = await admin.read("inbox")
    assert [sms["text"] for sms in inboxes[KUWAIT]] == ["hello"]


async def test_top_up(caller: Caller, admin: Administrator) -> None:
    """`topup` adds credits; `balance` sets what is left."""
    assert (await admin.change("topup", points="2.5")).json() == {"demo": "1002.5"}
    assert (await admin.change("balance", points=3)).json() == {"demo": "3"}
    assert (await caller.call("balance"))["available"] == 3


async def test_queue_delete(caller: Caller, admin: Administrator, gateway: Gateway) -> None:
    """A test message is deleted and refunded; the second time it is unknown."""
    sent = await caller.send(test="1")

    first = await admin.change("queue/delete", message_id=sent["msg-id"])
    second = await admin.change("queue/delete", message_id=sent["msg-id"])

    assert (first.status_code, first.json()["state"]) == (200, "deleted")
    assert second.status_code == 404
    assert gateway.balance() == 1000


async def test_status_and_dlr(caller: Caller, admin: Administrator) -> None:
    """An administrator can set the status and the delivery report of a message."""
    sent = await caller.send()
    await admin.change("status", message_id=sent["msg-id"], status="expired")
    await admin.change("dlr", message_id=sent["msg-id"], deliveries={KUWAIT: "Delivered"})

    assert (await caller.call("status", msgid=sent["msg-id"]))["status"] == "expired"
    assert (await caller.call("dlr", msgid=sent["msg-id"]))["report"][0]["Status"] == "Delivered"


async def test_clock(caller: Caller, admin: Administrator) -> None:
    """The clock can be moved fifteen seconds at once."""
    await caller.send()
    await admin.change("clock", advance=15)

    assert (await caller.send())["result"] == "OK"


async def test_behaviour(admin: Administrator, gateway: Gateway) -> None:
    """Single knobs are changed, and the others stay."""
    gateway.configure(latency=0.01)

    changed = (await admin.change("knobs", number_style="string", error_status=200)).json()

    assert gateway.behaviour.number_style is NumberStyle.STRING
    assert (changed["latency"], changed["error_status"]) == (0.01, 200)
    assert await admin.read("knobs") == changed


async def test_accounts(caller: Caller, admin: Administrator) -> None:
    """An account's fields can be changed."""
    answer = await admin.change("account", blocked=True, sender_ids=["NEW"])

    assert answer.json()["sender_ids"] == ["NEW"]
    assert "password" not in answer.json()
    assert (await caller.send())["code"] == "ERR005"


async def test_credits_of_an_account(caller: Caller, admin: Administrator) -> None:
    """`credits` sets what the account has left; `username` only selects the account."""
    answer = await admin.change("account", username="demo", credits=3)

    assert answer.json()["credits"] == "3"
    assert (await caller.call("balance"))["available"] == 3


async def test_a_word_that_only_begins_like_a_code(caller: Caller, admin: Administrator) -> None:
    """A word that only begins like an error code is a status like any other."""
    sent = await caller.send()
    await admin.change("status", message_id=sent["msg-id"], status="ERRATIC")

    assert (await caller.call("status", msgid=sent["msg-id"]))["status"] == "ERRATIC"


async def test_faults(caller: Caller, admin: Administrator) -> None:
    """Faults can be planned, listed and cleared."""
    await admin.change("faults", fault="html_502", endpoint="send", times=None)

    [planned] = await admin.read("faults")
    assert (planned["fault"], planned["times"]) == ("html_502", None)
    assert (await caller.post("send")).status_code == 502
    await admin.change("faults/clear")
    assert await admin.read("faults") == []


async def test_answers_are_delayed_until_released(
    caller: Caller, admin: Administrator, gateway: Gateway
) -> None:
    """Answers to accepted sends are withheld until released."""
    await admin.change("hold")
    caller.http.timeout = httpx.Timeout(0.1)
    with pytest.raises(httpx.ReadTimeout):
        await caller.send()
    await admin.change("release")

    await gateway.until(lambda: gateway.requests[0].outcome == "OK")


async def test_reset(caller: Caller, admin: Administrator) -> None:
    """A reset restores the initial state."""
    await caller.send()
    await admin.change("reset")

    assert await admin.read("ledger") == []
    assert await admin.read("balance") == {"demo": "1000"}


@pytest.mark.parametrize(
    ("name", "body", "problem"),
    [
        ("knobs", {"latency": "slow"}, "knobs.latency: expected a number, got 'slow'"),
        ("knobs", {"latency": -1}, "knobs.latency: expected 0 to 1000000000, got -1.0"),
        ("knobs", {"wrong": 1}, "knobs.wrong: unknown; known are number_style"),
        ("topup", {}, "topup.points: missing"),
        ("topup", {"points": "NaN"}, "topup.points: expected a number, got 'NaN'"),
        ("clock", {"advance": -1}, "the clock only goes forward"),
        ("clock", {"advance": 1e300}, "at most 10 years at once"),
        ("faults", {"fault": "boom"}, "faults.fault: expected a code such as ERR013 or one of"),
        ("topup", {"points": -5000}, "topup.points: expected 0 to 1000000000, got -5000"),
        ("balance", {"points": "1e999999"}, "balance.points: expected 0 to 1000000000"),
        ("account", {"credits": -1}, "account.credits: expected 0 to 1000000000, got -1"),
        ("account", {"rates": {"965": -1}}, "account.rates.965: expected 0 to 1000000000, got -1"),
    ],
)
async def test_invalid_input_is_reported(
    admin: Administrator, name: str, body: dict[str, Any], problem: str
) -> None:
    """Each problem names the field and what was expected."""
    answer = await admin.change(name, **body)

    assert answer.status_code == 400
    assert problem in answer.json()["problems"][0]


@pytest.mark.parametrize(
    ("name", "body", "problem"),
    [
        ("topup", {"points": 1, "username": "x"}, "no account 'x'; there are ['demo']"),
        ("account", {"username": "x"}, "no account 'x'; there are ['demo']"),
        ("dlr", {"message_id": "x", "deliveries": {}}, "no message 'x' in the ledger"),
        ("nothing", {}, "POST /admin/: one of topup"),
    ],
)
async def test_what_is_not_there(
    admin: Administrator, name: str, body: dict[str, Any], problem: str
) -> None:
    """An unknown name is a 404 that lists what there is."""
    answer = await admin.change(name, **body)

    assert answer.status_code == 404
    assert problem in answer.json()["problems"][0]


@pytest.mark.parametrize(
    ("body", "problem"),
    [(b"{", "not JSON: "), (b"[" * 50_000, "too deep"), (b"[" * 50 + b"]" * 50, "at most 32")],
)
async def test_unreadable_json(caller: Caller, body: bytes, problem: str) -> None:
    """A body that is not JSON, or is nested too deeply, is a 400 with the reason."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    answer = await caller.http.post(
        f"{caller.running.url}/admin/knobs", content=body, headers=headers
    )

    assert answer.status_code == 400
    assert problem in answer.json()["problems"][0]


async def test_a_page_elsewhere_cannot_change_it(caller: Caller) -> None:
    """A request that a browser sends across origins without a preflight is refused."""
    answer = await caller.http.post(f"{caller.running.url}/admin/hold", content=b"{}")

    assert answer.status_code == 415
    assert (await caller.send())["result"] == "OK"


async def test_what_can_be_read_is_listed(admin: Administrator) -> None:
    """A path that does not exist is answered with those that do."""
    assert "ledger, requests, inbox" in (await admin.read(""))["problems"][0]
