"""Phone numbers as programs and people write them: accepted, completed or refused."""

from decimal import Decimal
from typing import Any

import pytest

from kwtsms_client import (
    Client,
    ConfigurationError,
    Credentials,
    InvalidInput,
    RejectedInput,
    flow,
    normalize_phone,
    parse_phone,
    split_recipients,
    validate_phone_input,
)

NUMBER = "96598765432"


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (96598765432, NUMBER),
        (96598765432.0, NUMBER),
        (9613123456.0, "9613123456"),
        (Decimal("9613123456.0"), "9613123456"),
    ],
)
def test_an_integral_number_is_one_whatever_its_type(given: Any, number: str) -> None:
    """A spreadsheet column may contain floats; the zero after the point is not a digit."""
    assert validate_phone_input(given) == (True, None, number)
    assert validate_phone_input([given]) == [(True, None, number)]
    assert (parse_phone(given), normalize_phone(given)) == (number, number)
    assert split_recipients([given]) == [number]


@pytest.mark.parametrize(
    "given",
    [
        9613123456.5,
        float("nan"),
        float("inf"),
        Decimal("sNaN"),
        Decimal("1E+999999"),
        10**5000,
        b"96598765432",
        object(),
        Credentials("96598765432", ""),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_python_writes_of_a_thing_is_no_number(given: object) -> None:
    """The digits in an object's representation could be another person's number."""
    check = validate_phone_input(given)

    assert (check.valid, check.normalized) == (False, "")  # type: ignore[union-attr]  # One check.
    assert validate_phone_input([given]) == [check]
    with pytest.raises(InvalidInput, match=f"this is {type(given).__name__}"):
        parse_phone(given)


@pytest.mark.parametrize(
    "given",
    [{NUMBER}, {NUMBER: 1}, (NUMBER,), iter([NUMBER])],
    ids=["set", "keys", "tuple", "iterator"],
)
def test_any_iterable_of_numbers_is_one(given: Any) -> None:
    """The items of any iterable are checked, never its representation."""
    assert validate_phone_input(given) == [(True, None, NUMBER)]


def test_a_list_in_a_list_is_no_number() -> None:
    """There is one check for each item of the outer list."""
    checks = validate_phone_input([[NUMBER, NUMBER], NUMBER])

    assert [check.valid for check in checks] == [False, True]


@pytest.mark.parametrize(
    "written", ["9.61312346E+9", "9613123456.0", "3.53871E+11", " 9.61312346e+09 "]
)
def test_what_a_spreadsheet_made_of_a_number_is_refused(written: str) -> None:
    """The digits after rounding are not the phone's, and may be another person's."""
    check = validate_phone_input(written)

    assert not check.valid
    assert "format its column as text" in (check.error or "")
    assert validate_phone_input([written, NUMBER])[0] == check


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("98765432", "965", "96598765432"),
        ("98765432", "+965", "96598765432"),
        ("98765432", "00965", "96598765432"),
        ("98765432", 965, "96598765432"),
        ("0501234567", "966", "966501234567"),
        ("050 123 4567", "971", "971501234567"),
        ("٠٧٩١٢٣٤٥٦٧", "962", "962791234567"),
        ("01012345678", "20", "201012345678"),
        ("0712345678", "225", "2250712345678"),  # The zero is part of the number there.
        ("096598765432", "965", "96598765432"),
        ("6591234567", "965", "6591234567"),  # Singapore: not local, but valid abroad.
    ],
)
def test_a_number_is_completed_as_its_country_writes_it(
    written: str, country: Any, number: str
) -> None:
    """Local numbers work with and without their leading zero."""
    assert validate_phone_input(written, default_country=country) == (True, None, number)
    assert normalize_phone([written], default_country=country) == [number]


@pytest.mark.parametrize(
    ("written", "country", "reason"),
    [
        ("0111234567", "966", "not a mobile in Saudi Arabia"),  # A landline in Riyadh.
        ("98765432", "966", "not a number in Saudi Arabia"),
        ("0098765432", "965", "not a number in Iran"),
    ],
)
def test_what_cannot_be_completed_is_judged_by_its_rules(
    written: str, country: str, reason: str
) -> None:
    """A number too short to be foreign is judged by the default country, others by their prefix."""
    assert reason in (validate_phone_input(written, default_country=country).error or "")


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("00501234567", "966", "501234567"),
        ("+501234567", "966", "501234567"),
        ("002901234", "965", "2901234"),
    ],
)
def test_what_is_written_with_00_or_plus_is_not_completed(
    written: str, country: str, number: str
) -> None:
    """An international number is never completed, however short."""
    assert normalize_phone(written, default_country=country) == number


@pytest.mark.parametrize("country", ["KW", "999", "٩٦٥", "96598765432"])
def test_an_unknown_default_country_is_an_error(country: str) -> None:
    """An unknown country would complete no number, unnoticed."""
    with pytest.raises(ConfigurationError, match="default_country"):
        Client(Credentials("user", "password"), default_country=country)
    with pytest.raises(ConfigurationError, match="default_country"):
        normalize_phone("98765432", default_country=country)
    with pytest.raises(ConfigurationError, match="default_country"):
        validate_phone_input(["98765432"], default_country=country)


@pytest.mark.parametrize(
    ("written", "hint"),
    [("9876 5432", True), ("٩٨٧٦٥٤٣٢", True), ("room 98765432", False), ("9.8765432E+07", False)],
)
def test_home_is_suggested_for_digits_only(written: str, hint: bool) -> None:  # noqa: FBT001
    """Text with letters or a decimal point is not taken for a local number."""
    assert ("it is 96598765432" in (validate_phone_input(written).error or "")) is hint


@pytest.mark.parametrize("separator", [",", ";", "،", "؛", "\n", " ؛ "])
def test_numbers_are_separated_as_people_do(separator: str) -> None:
    """English and Arabic separators work."""
    assert split_recipients(f"{NUMBER}{separator}96598765433{separator}") == [NUMBER, "96598765433"]


def test_a_list_that_contains_itself_is_an_error_of_ours() -> None:
    """Circular lists raise `InvalidInput`."""
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(InvalidInput, match="holds itself"):
        split_recipients(endless)


def test_a_wrong_number_has_a_sentence_for_its_owner() -> None:
    """The error has a message for the end user."""
    with pytest.raises(InvalidInput) as caught:
        parse_phone("12345")

    assert "valid phone number" in caught.value.user_message


def test_a_blank_among_the_numbers_is_reported() -> None:
    """Empty cells and invalid items are reported, not dropped."""
    order = flow.order(
        [NUMBER, None, " ", 4.5, b"9", 10**5000, "96598765433, 96598765434"],
        "hello",
        sender="MY-APP",
        test=False,
        default_country=None,
    )

    assert order.recipients == (NUMBER, "96598765433", "96598765434")
    assert order.invalid[:2] == (RejectedInput("", "A phone number is required."),) * 2
    assert [one.input for one in order.invalid[2:]] == ["4.5", "b'9'", "int"]


@pytest.mark.parametrize(
    "text", [None, b"Backup failed", ["Backup failed"], {"text": "x"}, 5, "x" * 20_001]
)
def test_what_is_no_text_is_not_sent(text: object) -> None:
    """Only text of at most 20,000 characters is accepted, never an object's representation."""
    with pytest.raises(InvalidInput, match=r"must be text|more than 20,000"):
        flow.order(NUMBER, text, sender="MY-APP", test=False, default_country=None)
