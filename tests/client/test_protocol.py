"""Parsing of replies: amounts, codes, prefixes and texts in every form a gateway may send."""

from decimal import Decimal
from typing import Any

import pytest

from kwtsms_client import (
    Credentials,
    InvalidInput,
    KwtSMSError,
    RequestError,
    UnknownOutcome,
    protocol,
)
from kwtsms_client.errors import AccountError
from kwtsms_client.protocol import Call, amount, read_reply

SEND = protocol.send(sender="S", recipients=["96598765432"], text="hi", test=False)


def reply(call: Call[Any], body: str) -> Any:
    """Parses these bytes as a reply to the call."""
    return read_reply(call, 200, body.encode())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("150", Decimal(150)),
        (" 150.50 ", Decimal("150.50")),
        ("-3", Decimal(-3)),
        ("1.5e3", Decimal(1500)),
        ("999999999999999999", Decimal(10**18 - 1)),
        ("0.0001", Decimal("0.0001")),
        (Decimal(7), Decimal(7)),
    ],
)
def test_an_amount(text: Any, number: Decimal) -> None:
    """ASCII digits with an optional point, in the range of credits."""
    assert amount(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *("1_0", "٣", "３", "", "1,5", "0x1", "NaN", "inf", "1e18", "9e999999", "1" * 41),
        *("9e99999999999999999999", "1e-99999999999999999999", None, True, []),
    ],
)
def test_what_is_no_amount(text: Any) -> None:
    """An unreadable amount is None, never a guess."""
    assert amount(text) is None


@pytest.mark.parametrize(
    "written", ["9e99999999999999999999", "9" * 5000, "NaN", "-Infinity", "1e400", '"9e999999"']
)
def test_an_absurd_number_loses_no_acceptance(written: str) -> None:
    """The send was charged, so an unreadable field is None and the rest is kept."""
    found = reply(SEND, f'{{"result":"OK","msg-id":"f4c8","points-charged":{written}}}')

    assert (found.message_id, found.points_charged) == ("f4c8", None)


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ('"f4c8"', "f4c8"),
        ("12345", "12345"),
        ('" "', None),
        ("null", None),
        ('"f4c8-Z"', "f4c8-Z"),
        ('"f4\\u0000c8"', None),
        ('"\\ud800"', None),
        ('"<!channel>"', None),
        ('"<https://evil.example|here>"', None),
        ('"f4`c8"', None),
        ('"f4c8\\n"', "f4c8"),
        ('"٣٤"', None),
        (f'"{"a" * 64}"', "a" * 64),
        (f'"{"a" * 65}"', None),
        ('["f4c8"]', None),
    ],
)
def test_a_message_id_can_be_stored(written: str, known: str | None) -> None:
    """An ID is up to 64 ASCII letters, digits and hyphens; any other text is none."""
    assert reply(SEND, f'{{"result":"OK","msg-id":{written}}}').message_id == known


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("0", Decimal(0)),
        ("3", Decimal(3)),
        ('"2.50"', Decimal("2.5")),
        ("-1", None),
        ("-1000", None),
        ("4", None),
        ("3000000000", None),
        ("1e17", None),
        ('"1e17"', None),
        ("2147483648", None),
        ("NaN", None),
        ('"NaN"', None),
        ("Infinity", None),
        ('"-1,000"', None),
    ],
)
def test_a_price_that_a_call_cannot_have_is_not_used(written: str, known: Decimal | None) -> None:
    """One page to Kuwait costs 0 to 3 credits; another figure is kept as a word, for the log."""
    found = reply(SEND, f'{{"result":"OK","msg-id":"f4c8","points-charged":{written}}}')
    named = [one.split()[0] for one in found.implausible]

    assert (found.message_id, found.points_charged) == ("f4c8", known)
    assert named == ["points-charged"] * (known is None)


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("-1000", "-1000"),
        ("1e99", "1e99"),
        ('"NaN"', "NaN"),
        ("Infinity", "Infinity"),
        ('"\\u001b[31m<!channel>"', "?[31m<!channel>"),
        (f'"{"9" * 5000}"', "9" * 40),
        ("{}", "dict"),
    ],
)
def test_the_word_of_the_gateway_is_kept_for_the_log(written: str, word: str) -> None:
    """The word is short and printable, so a terminal can show it."""
    found = reply(SEND, f'{{"result":"OK","points-charged":{written}}}')

    assert found.implausible == (f"points-charged {word}",)


@pytest.mark.parametrize(
    ("numbers", "text", "highest"),
    [
        (["96598765432"], "hi", 3),
        (["96598765432"], "م" * 71, 6),
        (["96598765432", "971501234567"], "hi", 103),
        (["971501234567"] * 200, "x" * 1071, 140_000),
    ],
)
def test_the_highest_price_follows_the_call(numbers: list[str], text: str, highest: int) -> None:
    """The limit grows with the pages and the numbers, and is higher outside Kuwait."""
    call = protocol.send(sender="S", recipients=numbers, text=text, test=False)
    charged = [
        reply(call, f'{{"result":"OK","points-charged":{points}}}').points_charged
        for points in (highest, highest + 1)
    ]

    assert charged == [Decimal(highest), None]


@pytest.mark.parametrize("field", ["numbers", "balance-after", "unix-timestamp"])
@pytest.mark.parametrize("written", ["-1", "-1000", "1e17", '"1e30"', "NaN", '"<!channel>"'])
def test_an_untrue_figure_is_not_used(field: str, written: str) -> None:
    """No figure of an acceptance is negative, without bound, or no number."""
    found = reply(SEND, f'{{"result":"OK","msg-id":"f4c8","{field}":{written}}}')

    assert (found.numbers, found.balance_after, found.unix_timestamp) == (None, None, None)
    assert [one.split()[0] for one in found.implausible] == [field]


@pytest.mark.parametrize("written", ["-1", "-0.5", "1e17", "1000000001", "NaN", '"<!channel>"'])
def test_an_untrue_balance_is_none(written: str) -> None:
    """A balance is 0 to a billion credits; another one is as good as no answer."""
    with pytest.raises(UnknownOutcome, match="tells no balance"):
        reply(protocol.balance(), f'{{"result":"OK","available":{written}}}')


def test_an_untrue_purchase_loses_no_balance() -> None:
    """The available credits are known, whatever the purchased ones are."""
    found = reply(protocol.balance(), '{"result":"OK","available":5,"purchased":-1000}')

    assert (found.available, found.purchased) == (Decimal(5), None)


@pytest.mark.parametrize(
    ("written", "prefixes"),
    [
        ('"prefixes":["965","966"]', ("965", "966")),
        ('"prefixes":["+965","00966"," 971 ",973]', ("965", "966", "971", "973")),
        ('"prefixes":"965,966"', ("965", "966")),
        ('"prefixes":965', ("965",)),
        ('"data":["965"]', ("965",)),
        ('"prefixes":null,"coverage":["965"]', ("965",)),
        ('"prefixes":[],"list":["965"]', ("965",)),
        ('"coverage":[{"prefix":"+965","country":"Kuwait"}]', ("965",)),
        ('"countries":{"965":"Kuwait","966":"Saudi Arabia"}', ("965", "966")),
        ('"965":"Kuwait"', ("965",)),
        ('"prefixes":["965",null,{},[],"","Kuwait","٩٦٥"]', ("965",)),
    ],
)
def test_the_coverage_in_every_form(written: str, prefixes: tuple[str, ...]) -> None:
    """The first readable field counts, digits only."""
    assert reply(protocol.coverage(), f'{{"result":"OK",{written}}}').prefixes == prefixes


@pytest.mark.parametrize(
    "written", ['"prefixes":[]', '"prefixes":"Kuwait"', '"x":5', '"prefixes":[["965"]]']
)
def test_a_coverage_without_a_country_is_none(written: str) -> None:
    """An empty coverage would block every number; accounts without coverage get ERR033 instead."""
    with pytest.raises(UnknownOutcome, match="names no country"):
        reply(protocol.coverage(), f'{{"result":"OK",{written}}}')


@pytest.mark.parametrize(
    ("code", "kind", "known"),
    [
        ('"ERR003"', AccountError, "ERR003"),
        ('" err003 "', AccountError, "ERR003"),
        ("3", AccountError, "ERR003"),
        ('"ERR099"', RequestError, "ERR099"),
        ("1000", RequestError, "1000"),
        ('"<!channel>"', RequestError, "CHANNEL"),
        ('"<https://evil.example|x>"', RequestError, "HTTPSEVILEXAMPLEX"),
    ],
)
def test_a_code_however_it_is_written(code: str, kind: type[KwtSMSError], known: str) -> None:
    """A refusal is recognised in any spelling, so nothing was charged."""
    with pytest.raises(kind) as caught:
        reply(SEND, f'{{"result":"ERROR","code":{code}}}')

    assert caught.value.code == known


@pytest.mark.parametrize("body", ['{"result":"ERROR"}', '{"result":"ERROR","code":""}', "{}"])
def test_what_is_neither_is_unknown(body: str) -> None:
    """A reply that is neither OK nor a readable refusal has an unknown outcome."""
    with pytest.raises(UnknownOutcome):
        reply(SEND, body)


def test_a_report_that_is_no_list_has_no_deliveries() -> None:
    """A malformed report gives no deliveries."""
    assert reply(protocol.dlr("f4c8"), '{"result":"OK","report":5}').deliveries == ()


@pytest.mark.parametrize("half", ["\ud800", "a\udfffb"])
def test_no_error_of_a_request_contains_the_password(half: str) -> None:
    """A message or ID that cannot be encoded is an `InvalidInput` without cause or context."""
    calls: tuple[Call[Any], ...] = (
        protocol.send(sender=half, recipients=["96598765432"], text="hi", test=False),
        Call("status/", {"msgid": half.encode(errors="replace")}, lambda found: found),
    )
    for call in calls:
        with pytest.raises(InvalidInput) as caught:
            protocol.request_body(call, Credentials("user", "very-secret"))

        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
