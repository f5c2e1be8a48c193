"""The seven endpoints, over real sockets."""

from decimal import Decimal

from kwtsms_sandbox.gateway import Gateway, State
from support.gateway import ABROAD, KUWAIT, KUWAIT_2, Caller


async def test_balance(caller: Caller) -> None:
    """/balance/ gives the credits left and those purchased, as plain integers."""
    assert await caller.call("balance") == {"result": "OK", "available": 1000, "purchased": 1000}


async def test_sender_ids(caller: Caller) -> None:
    """The key of /senderid/ is singular."""
    answer = await caller.call("senderid")

    assert answer == {"result": "OK", "senderid": ["KWT-SMS", "MY-APP"]}


async def test_coverage(caller: Caller) -> None:
    """/coverage/ gives the active prefixes as digits."""
    answer = await caller.call("coverage")

    assert answer == {"result": "OK", "prefixes": ["965", "966", "971"]}


async def test_validate_sorts_numbers(caller: Caller) -> None:
    """/validate/ sorts numbers into routable, malformed and without a route."""
    answer = await caller.call("validate", mobile=f"{KUWAIT},123,447911123456")

    assert answer["mobile"] == {"OK": [KUWAIT], "ER": ["123"], "NR": ["447911123456"]}


async def test_send_answers_as_the_real_one(caller: Caller) -> None:
    """An accepted send has every documented field, a 32-digit id and the balance left."""
    answer = await caller.send(f"{KUWAIT},{KUWAIT_2}", "مرحبا")

    assert len(answer.pop("msg-id")) == 32
    assert answer.pop("unix-timestamp") > 1_600_000_000
    assert answer == {"result": "OK", "numbers": 2, "points-charged": 2, "balance-after": 998}


async def test_send_reaches_the_phones(caller: Caller, gateway: Gateway) -> None:
    """Each phone receives the text from the sender ID."""
    await caller.send(f"{KUWAIT},{KUWAIT_2}", "مرحبا")

    [sms] = gateway.inbox(KUWAIT_2)
    assert (sms.to, sms.sender, sms.text) == (KUWAIT_2, "MY-APP", "مرحبا")


async def test_the_ledger_knows_what_was_accepted(caller: Caller, gateway: Gateway) -> None:
    """The ledger has one entry per call, with its full price."""
    answer = await caller.send(KUWAIT, "x" * 161)

    [entry] = gateway.ledger
    assert entry.message_id == answer["msg-id"]
    assert (entry.numbers, entry.pages, entry.points) == ((KUWAIT,), 2, Decimal(2))
    assert entry.state is State.SENT


async def test_status_of_a_sent_message(caller: Caller) -> None:
    """A message that was forwarded has the status "sent"."""
    sent = await caller.send()

    answer = await caller.call("status", msgid=sent["msg-id"])

    assert (answer["result"], answer["status"]) == ("OK", "sent")


async def test_reports_for_numbers_abroad(caller: Caller, gateway: Gateway) -> None:
    """After five minutes there is a report for each number abroad."""
    sent = await caller.send(f"{KUWAIT},{ABROAD}")
    gateway.advance(300)

    answer = await caller.call("dlr", msgid=sent["msg-id"])

    assert answer["report"] == [{"Number": ABROAD, "Status": "Received by recipient"}]
