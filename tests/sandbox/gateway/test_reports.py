"""Test mode, stuck messages, status and delivery reports."""

import pytest

from kwtsms_sandbox.gateway import Gateway, GatewayAccount, State
from kwtsms_sandbox.gateway.ledger import UnknownRecordError
from support.gateway import ABROAD, KUWAIT, Caller


@pytest.mark.parametrize("test", ["1", 1])
async def test_test_mode_charges_and_delivers_nothing(
    caller: Caller, gateway: Gateway, test: str | int
) -> None:
    """Test mode charges like a real send, but the message stays queued and reaches no phone."""
    answer = await caller.send(test=test)

    assert (answer["points-charged"], answer["balance-after"]) == (1, 999)
    assert (gateway.ledger[0].state, gateway.inbox(KUWAIT)) == (State.TEST, [])


@pytest.mark.parametrize("test", ["0", 0, None])
async def test_live_mode(caller: Caller, gateway: Gateway, test: str | int | None) -> None:
    """Any value of `test` that means no is a live send."""
    await caller.send(test=test)

    assert len(gateway.inbox(KUWAIT)) == 1


async def test_an_unknown_sender_is_accepted_in_test_mode(caller: Caller) -> None:
    """Test mode accepts an unknown sender ID, as seen on the live service."""
    assert (await caller.send(sender="UNKNOWN", test="1"))["result"] == "OK"


async def test_deletion_gives_the_credits_back(caller: Caller, gateway: Gateway) -> None:
    """Deleting a test message, as in the dashboard, refunds its credits and ends its status."""
    sent = await caller.send(test="1")

    gateway.delete_from_queue(sent["msg-id"])

    assert gateway.balance() == 1000
    assert gateway.ledger[0].state is State.DELETED
    assert (await caller.call("status", msgid=sent["msg-id"]))["code"] == "ERR029"


async def test_what_was_sent_cannot_be_deleted(caller: Caller, gateway: Gateway) -> None:
    """A sent message can be neither deleted nor refunded."""
    sent = await caller.send()

    with pytest.raises(UnknownRecordError, match="it is sent"):
        gateway.delete_from_queue(sent["msg-id"])

    assert gateway.balance() == 999


async def test_stuck(caller: Caller, gateway: Gateway) -> None:
    """A message with an emoji is accepted and charged, and never leaves."""
    sent = await caller.send(message="hi 😀")

    assert (await caller.call("status", msgid=sent["msg-id"]))["code"] == "ERR030"
    assert gateway.balance() == 999
    assert not gateway.inbox(KUWAIT)


async def test_status_of_a_test(caller: Caller, gateway: Gateway) -> None:
    """A test message has the status "queued" for `queued_for` seconds, and then ERR030."""
    gateway.configure(queued_for=60.0)
    sent = await caller.send(test="1")

    assert (await caller.call("status", msgid=sent["msg-id"]))["status"] == "queued"
    gateway.advance(60)
    assert (await caller.call("status", msgid=sent["msg-id"]))["code"] == "ERR030"


@pytest.mark.parametrize(("endpoint", "code"), [("status", "ERR029"), ("dlr", "ERR020")])
async def test_unknown_id(caller: Caller, endpoint: str, code: str) -> None:
    """Each endpoint has its own code for an unknown id."""
    assert (await caller.call(endpoint, msgid="0" * 32))["code"] == code


@pytest.mark.parametrize("endpoint", ["status", "dlr"])
async def test_missing_id(caller: Caller, endpoint: str) -> None:
    """A missing id is ERR002, like any missing field."""
    assert (await caller.call(endpoint))["code"] == "ERR002"


async def test_a_foreign_id_is_unknown(caller: Caller, gateway: Gateway) -> None:
    """An account does not see another's messages."""
    sent = await caller.send()
    gateway.records.open_account(GatewayAccount(username="other", password="other-password"))

    answer = await caller.call(
        "status", username="other", password="other-password", msgid=sent["msg-id"]
    )

    assert answer["code"] == "ERR029"


@pytest.mark.parametrize(
    ("fields", "seconds", "code"),
    [
        ({"mobile": KUWAIT}, 600, "ERR021"),
        ({"mobile": ABROAD}, 299, "ERR022"),
        ({"mobile": ABROAD, "test": "1"}, 600, "ERR019"),
        ({"mobile": ABROAD, "message": "⏰"}, 600, "ERR019"),
    ],
)
async def test_no_report(caller: Caller, fields: dict[str, str], seconds: int, code: str) -> None:
    """There is no report for Kuwait, none before five minutes, and none for unsent messages."""
    sent = await caller.send(**fields)
    caller.gateway.advance(seconds)

    assert (await caller.call("dlr", msgid=sent["msg-id"]))["code"] == code


async def test_reports_by_hand(caller: Caller, gateway: Gateway) -> None:
    """A test can set a number's delivery status at once, even in Kuwait."""
    sent = await caller.send()
    gateway.set_dlr(sent["msg-id"], {KUWAIT: "Blacklisted"})

    answer = await caller.call("dlr", msgid=sent["msg-id"])

    assert answer["report"] == [{"Number": KUWAIT, "Status": "Blacklisted"}]


async def test_status_by_hand(caller: Caller, gateway: Gateway) -> None:
    """A test can set any word, or any error code, as the status."""
    sent = await caller.send()

    gateway.set_status(sent["msg-id"], "expired", "Gave up")
    assert (await caller.call("status", msgid=sent["msg-id"]))["description"] == "Gave up"
    gateway.set_status(sent["msg-id"], "ERR030")
    assert (await caller.call("status", msgid=sent["msg-id"]))["code"] == "ERR030"
