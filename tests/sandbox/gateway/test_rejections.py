"""Every rejection that a send can meet, and their precedence."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from kwtsms_sandbox.gateway import Behaviour, Gateway, Html
from kwtsms_sandbox.gateway.codes import PRECEDENCE
from support.gateway import ABROAD, KUWAIT, KUWAIT_2, Caller

BRITISH = "447911123456"

# The code, the change of the account and the fields of the send that cause it.
REJECTIONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("ERR001", {"api_enabled": False}, {}),
    ("ERR002", {}, {"sender": None}),
    ("ERR002", {}, {"mobile": None}),
    ("ERR002", {}, {"message": None}),
    ("ERR002", {}, {"username": None}),
    ("ERR002", {}, {"password": None}),
    ("ERR002", {}, {"sender": ""}),
    ("ERR002", {}, {"mobile": 96598765432}),
    ("ERR002", {}, {"mobile": [KUWAIT]}),
    ("ERR002", {}, {"message": {"text": "hello"}}),
    ("ERR002", {}, {"test": "yes"}),
    ("ERR002", {}, {"test": True}),
    ("ERR002", {}, {"test": 2}),
    ("ERR003", {}, {"username": "nobody"}),
    ("ERR003", {}, {"password": "wrong"}),
    ("ERR003", {}, {"password": ""}),
    ("ERR004", {"api_access": False}, {}),
    ("ERR005", {"blocked": True}, {}),
    ("ERR006", {}, {"mobile": ""}),
    ("ERR006", {}, {"mobile": "123,abc"}),
    ("ERR007", {}, {"mobile": ",".join(f"9655{n:07}" for n in range(201))}),
    ("ERR008", {}, {"sender": "my-app"}),
    ("ERR008", {}, {"sender": "UNKNOWN"}),
    ("ERR008", {"banned_sender_ids": ("MY-APP",)}, {}),
    ("ERR009", {}, {"message": ""}),
    ("ERR009", {}, {"message": " \n\t"}),
    ("ERR012", {}, {"message": "x" * 1072}),
    ("ERR012", {}, {"message": "م" * 470}),
    ("ERR024", {"allowed_addresses": ("192.0.2.1",)}, {}),
    ("ERR025", {}, {"mobile": "123"}),
    ("ERR025", {}, {"mobile": f"+{KUWAIT}"}),
    ("ERR025", {}, {"mobile": f"00{KUWAIT}"}),
    ("ERR025", {}, {"mobile": "965 9876 5432"}),
    ("ERR025", {}, {"mobile": "٩٦٥٩٨٧٦٥٤٣٢"}),
    ("ERR025", {}, {"mobile": "96522334455"}),
    ("ERR026", {}, {"mobile": BRITISH}),
    ("ERR027", {}, {"message": "<b>hello</b>"}),
    ("ERR031", {}, {"message": "what a BadWord"}),
    ("ERR032", {}, {"message": "FREE CASINO tonight"}),
    ("ERR033", {"coverage": ()}, {}),
]


@pytest.mark.parametrize(("code", "account", "fields"), REJECTIONS)
async def test_rejection(
    caller: Caller, code: str, account: dict[str, Any], fields: dict[str, Any]
) -> None:
    """A rejection has the right code, and leaves no charge, entry or message."""
    caller.gateway.change_account(**account)

    answer = await caller.send(**fields)

    assert (answer["result"], answer["code"]) == ("ERROR", code)
    assert caller.gateway.balance() == 1000
    assert not caller.gateway.ledger
    assert not caller.gateway.inboxes()


@pytest.mark.parametrize(("points", "code"), [("0", "ERR010"), ("1.5", "ERR011")])
async def test_too_little_money(caller: Caller, gateway: Gateway, points: str, code: str) -> None:
    """An empty balance and one that is too low have different codes."""
    gateway.set_credits(points)

    assert (await caller.send(f"{KUWAIT},{KUWAIT_2}"))["code"] == code


@pytest.mark.parametrize(
    ("fields", "behaviour", "code"),
    [
        ({"password": ""}, {"empty_credentials": "ERR002"}, "ERR002"),
        ({"sender": ""}, {"empty_sender": "ERR008"}, "ERR008"),
        ({"message": ""}, {"empty_message": "ERR002"}, "ERR002"),
        ({"mobile": "123"}, {"invalid_number": "ERR006"}, "ERR006"),
        ({"mobile": "1,2"}, {"invalid_number": "ERR025"}, "ERR025"),
        ({"mobile": f"{KUWAIT},12"}, {"partial_acceptance": False}, "ERR006"),
        ({"mobile": f"{KUWAIT},{BRITISH}"}, {"partial_acceptance": False}, "ERR026"),
        ({"message": "a<b && c>d"}, {"html": Html.ANGLES}, "ERR027"),
        ({"message": "x" * 960}, {"page_limit": 6}, "ERR012"),
        ({"mobile": f"{KUWAIT},{KUWAIT_2}"}, {"max_numbers": 1}, "ERR007"),
        ({"message": "Kaboom"}, {"bad_language": ("kaboom",)}, "ERR031"),
        (
            {"sender": "WRONG", "test": "1"},
            {"unknown_sender_in_test": False},
            "ERR008",
        ),
    ],
)
async def test_what_live_suites_disagree_on_can_be_configured(
    caller: Caller, fields: dict[str, Any], behaviour: dict[str, Any], code: str
) -> None:
    """The other reading of each ambiguous case can be configured."""
    caller.gateway.configure(**behaviour)

    assert (await caller.send(**fields))["code"] == code


@pytest.mark.parametrize(
    "text", ["a<b && c>d", "<5", "Ahmad <a@x.com>", "1 < 2 > 0", "<>", "مرحبا\n{ok}~ ©"]
)
async def test_text_that_is_no_html(caller: Caller, text: str) -> None:
    """Angle brackets alone are not HTML."""
    assert (await caller.send(message=text))["result"] == "OK"


@pytest.mark.parametrize("text", ["x" * 1071, "م" * 469])
async def test_seven_pages_are_accepted(caller: Caller, text: str) -> None:
    """The longest texts that the live service accepts have seven pages."""
    assert (await caller.send(message=text))["points-charged"] == 7


async def test_bad_numbers_among_good_ones_are_left_out(caller: Caller, gateway: Gateway) -> None:
    """`numbers` says how many were taken, and only those are charged."""
    answer = await caller.send(f"{KUWAIT},123,{BRITISH}")

    assert (answer["numbers"], answer["points-charged"]) == (1, 1)
    assert gateway.ledger[0].numbers == (KUWAIT,)


async def test_a_foreign_page_may_cost_more(caller: Caller, gateway: Gateway) -> None:
    """Points are pages times the rate of each number's country."""
    gateway.change_account(rates={"966": Decimal("2.5")})

    answer = await caller.send(f"{KUWAIT},{ABROAD}", "x" * 161)

    assert (answer["points-charged"], answer["balance-after"]) == (7, 993)


# A send that breaks each rule from this one on; dropping the earlier causes shows the next code.
CAUSES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "ERR001": ({"api_enabled": False}, {}, {}),
    "ERR002": ({}, {"test": "maybe"}, {}),
    "ERR003": ({}, {"password": "wrong"}, {}),
    "ERR005": ({"blocked": True}, {}, {}),
    "ERR004": ({"api_access": False}, {}, {}),
    "ERR024": ({"allowed_addresses": ("192.0.2.1",)}, {}, {}),
    "ERR008": ({"banned_sender_ids": ("MY-APP",)}, {}, {}),
    "ERR012": ({}, {}, {"page_limit": 0}),
    "ERR027": ({}, {"message": "<b>badword free casino"}, {}),
    "ERR031": ({}, {"message": "badword free casino"}, {}),
    "ERR032": ({}, {"message": "free casino"}, {}),
    "ERR007": ({}, {}, {"max_numbers": 0}),
    "ERR025": ({}, {"mobile": "123"}, {}),
    "ERR033": ({"coverage": ()}, {}, {}),
    "ERR026": ({}, {"mobile": BRITISH}, {}),
    "ERR010": ({"credits": 0}, {}, {}),
    "ERR013": ({}, {}, {"queue_limit": 0}),
}


@pytest.mark.parametrize("first", CAUSES)
async def test_precedence(caller: Caller, gateway: Gateway, first: str) -> None:
    """Of all the rules that a send breaks, the first one in the precedence is the answer."""
    account: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    behaviour: dict[str, Any] = {}
    for code in reversed(list(CAUSES)[list(CAUSES).index(first) :]):
        of_account, of_send, of_behaviour = CAUSES[code]
        account |= of_account
        fields |= of_send
        behaviour |= of_behaviour
    gateway.set_credits(account.pop("credits", 1000))
    gateway.change_account(**account)
    gateway.configure(**behaviour)

    assert (await caller.send(**fields))["code"] == first


async def test_precedence_can_be_configured(caller: Caller, gateway: Gateway) -> None:
    """Another order gives another answer to the same send."""
    gateway.configure(precedence=tuple(reversed(PRECEDENCE)))

    answer = await caller.send(mobile="123", message="")

    assert answer["code"] == "ERR025"


async def test_no_precedence_accepts_a_wrong_password(caller: Caller, gateway: Gateway) -> None:
    """A precedence without ERR003 still refuses a wrong password."""
    gateway.configure(precedence=("ERR009",))

    assert (await caller.send(password="wrong"))["code"] == "ERR003"
    assert (await caller.call("balance", password="wrong"))["code"] == "ERR003"


@pytest.mark.parametrize("endpoint", ["balance", "senderid", "coverage", "validate", "dlr"])
async def test_every_endpoint_asks_who_you_are(caller: Caller, endpoint: str) -> None:
    """A wrong password is ERR003 everywhere."""
    assert (await caller.call(endpoint, password="wrong"))["code"] == "ERR003"


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        (Behaviour(), 403),
        (Behaviour(error_status=200), 200),
        (Behaviour(error_statuses={"ERR003": 401}), 401),
        (Behaviour(error_status=200, error_statuses={"ERR003": 401}), 401),
    ],
)
async def test_http_status_of_errors(
    caller: Caller, gateway: Gateway, behaviour: Behaviour, status: int
) -> None:
    """ERR003 has HTTP status 403, unless the knobs say otherwise."""
    gateway.behaviour = behaviour

    assert (await caller.post("balance", password="wrong")).status_code == status


async def test_other_numbers_of_validate(caller: Caller, gateway: Gateway) -> None:
    """No numbers is ERR002; more than the limit of /validate/ is ERR007."""
    gateway.configure(validate_limit=1)

    assert (await caller.call("validate"))["code"] == "ERR002"
    assert (await caller.call("validate", mobile="1,2"))["code"] == "ERR007"


async def test_no_coverage(caller: Caller, gateway: Gateway) -> None:
    """/coverage/ is ERR033 if no country is active."""
    gateway.change_account(coverage=())

    assert (await caller.call("coverage"))["code"] == "ERR033"


def test_unknown_rules_are_refused() -> None:
    """A precedence may name only rules that exist."""
    with pytest.raises(ValueError, match="no rule is called ERR099"):
        replace(Behaviour(), precedence=("ERR099",))
