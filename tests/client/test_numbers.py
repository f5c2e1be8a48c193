"""Phone numbers as programs and people write them: accepted, completed or refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        -98764467,
        -98764467.0,
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
    "written",
    [
        *("9.61312346E+9", "9613123456.0", "3.53871E+11", " 9.61312346e+09 "),
        *("436641234567.0", "9876543.2", "٩٦٥٩٨٧٦٥٤٣٢٫٠"),
    ],
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
        ("22445566", "965", "not a mobile in Kuwait"),
        ("0098765432", "965", "not a number in Iran"),
        ("123", "965", "too short: 3 digits"),  # Without those of the default country.
        ("٠٠٩٦٥١٢٣", None, "too short: 6 digits"),
        ("+965 123", None, "too short: 6 digits"),
        ("00123456789012345678", "965", "too long: 18 digits"),
        ("98765432", None, "local number: its country code is missing. Did you mean 965 9876 5432"),
        ("0501234567", "965", "local number, but is not a mobile in Kuwait"),
        (
            "0098765432",
            None,
            "not a number in Iran: expected 10 digits after +98. Did you mean 965",
        ),
        ("+961 70 12345", None, "with 701 in front, expected 8 digits after +961"),
        ("+1 212 155 1234", None, "the fourth digit after +1 is 2 to 9 there"),
        ("+1 112 555 1234", None, "after 1 it must start with 2, 3, 4, 5, 6, 7, 8, 9"),
        ("+43 664 12", None, "expected 7 to 13 digits after +43"),
        ("+998 211 234567", None, "no mobile there begins with 211"),
    ],
)
def test_the_reason_is_that_of_the_digits_and_the_country_that_were_written(
    written: str, country: str | None, reason: str
) -> None:
    """A local number is judged by the default country, and the count is that of its own digits."""
    assert reason in (validate_phone_input(written, default_country=country).error or "")


@pytest.mark.parametrize("country", [None, "965", "966"])
@pytest.mark.parametrize(
    "written",
    [
        "501234567",
        "0501234567",
        "07901234567",
        "7123456700",
        "0791234567",
        "01012345678",
        "0 912 345 6789",
        "(03) 123 456",
        "0965 123456",
        "9715012345",
        "29051234",  # With + a number on St. Helena.
        "+0501234567",
    ],
)
def test_a_local_number_of_another_country_is_refused(written: str, country: str | None) -> None:
    """A trunk zero is no part of a number abroad, and neither is a number there so short."""
    is_home = country == "966" and written.endswith("501234567") and "+" not in written
    check = validate_phone_input(written, default_country=country)

    assert check.valid is is_home
    assert validate_phone_input([written, NUMBER], default_country=country)[0] == check


@pytest.mark.parametrize("country", [None, "966", "20"])
@pytest.mark.parametrize(
    "written", ["99123456", "9912 3456", "6512-3456", "(4) 1234567", "٥٥١٢٣٤٥٦", "50051234"]
)
def test_eight_digits_of_kuwait_are_suggested(written: str, country: str | None) -> None:
    """Without + or 00 they are a number nowhere else, although codes begin with their digits."""
    check = validate_phone_input(written, default_country=country)

    assert not check.valid
    assert "Did you mean 965 " in (check.error or "")
    assert "(Kuwait)?" in (check.error or "")
    assert validate_phone_input(written, default_country="965").valid


@pytest.mark.parametrize(
    "written", ["099123456", "096598765432", "0 965 98765432", "+98765432", "0098765432"]
)
def test_kuwait_is_suggested_for_what_is_nearly_one_of_its_numbers(written: str) -> None:
    """A zero in front, or a + instead of the code."""
    assert "Did you mean 965 9" in (validate_phone_input(written).error or "")


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("192.168.10.200", "an IP address"),
        ("Server 192.168.10.200 down", "an IP address"),
        ("http://10.20.30.140/", "an IP address"),
        ("212.61.234.255", "an IP address"),
        ("192.168.100.200/24", "an IP address"),
        ("١٩٢٫١٦٨٫١٠٫٢٠٠", "an IP address"),
        ("10.20.30.40:8080", "a time, or an address with a port"),
        ("127.0.0.1:65432", "a time, or an address with a port"),
        ("2001:965:9876:5432", "a time, or an address with a port"),
        ("12:10:20 30 40", "a time, or an address with a port"),
        ("10:30", "a time, or an address with a port"),
        ("٢٠٢٦-١٠-١٥ １０：３０", "a time, or an address with a port"),
        ("2026-10-15", "a date"),
        ("2010-12-25 1200", "a date"),
        ("15.10.2026", "a date"),
        ("20–12–2026 1030", "a date"),
        ("12/31/2026 103", "a date"),
        ("on 20-10-2026 1030", "a date"),
        ("٢٠١٠/١٢/٢٥ ١٢٠٠", "a date"),
        ("-98764467", "a negative number"),
        ("−98764467", "a negative number"),
        ("98765432@example.com", "an email address"),
    ],
)
def test_what_is_no_number_is_refused_by_its_form(written: str, kind: str) -> None:
    """Whatever number its digits are, with a default country too, alone and in a batch."""
    check = validate_phone_input(written)

    assert check == (False, f"'{written}' is {kind}, not a phone number.", "")
    assert validate_phone_input(written, default_country="965") == check
    assert validate_phone_input([NUMBER, written])[1] == check


@pytest.mark.parametrize(
    "written",
    ["965.98.76.54.32", "+20 10-12-2012-12", "050.123.4567", "0532.123.45.67", "33.6.12.34.56.78"],
)
def test_a_number_in_groups_is_no_address_and_no_date(written: str) -> None:
    """Dots and dashes between more or larger groups are those of a number."""
    error = validate_phone_input(written).error or ""

    assert "address" not in error
    assert "date" not in error


@pytest.mark.parametrize(
    "written",
    [
        "+63 895 123 4567",
        "+963 50 123 4567",
        "+962 427 123456",
        "+880 64 12345678",
        "+992 33 3123456",
    ],
)
def test_a_mobile_that_the_official_clients_refuse_is_accepted(written: str) -> None:
    """The table has all beginnings of libphonenumber's."""
    assert validate_phone_input(written).valid


@pytest.mark.parametrize("country", [None, "965", "966"])
@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("O5O1234567", "has a letter in it (O for 0?)"),
        ("96598765O32", "has a letter in it (O for 0?)"),
        ("9659876543o2", "has a letter in it (O for 0?)"),
        ("l96598765432", "has a letter in it (l for 1?)"),
        ("98765432I", "has a letter in it (I for 1?)"),
        ("9876S5432", "has a letter in it"),
        ("Ahmed96598765432", "has a letter in it"),
        ("96598765432abc", "has a letter in it"),
        ("98765432م", "has a letter in it"),
        ("و98765432", "has a letter in it"),
        ("9876543О2", "has a letter in it"),  # A Cyrillic letter.
        ("965 9876543²2", "has a letter in it"),
        ("96598765432 or 3", "has words between its digits"),
        ("9876 O 5432", "has words between its digits"),
        ("98765432 أو 98765433", "has words between its digits"),
        ("+977 984-1234567 ext. 5", "has an extension: leave it out"),
        ("+977 984-1234567x5", "has an extension: leave it out"),
        ("96598765432 Extension 12", "has an extension: leave it out"),
        ("tel:+96598765432;ext=12", "has an extension: leave it out"),
        ("96598765432 #12", "has an extension: leave it out"),
        ("98765432*5", "has an extension: leave it out"),
    ],
)
def test_a_number_with_more_in_it_is_refused(written: str, said: str, country: str | None) -> None:
    """A letter that is dropped, or an extension that is kept, makes it another person's number."""
    check = validate_phone_input(written, default_country=country)

    assert check == (False, f"'{written}' {said}.", "")
    assert validate_phone_input([NUMBER, written], default_country=country)[1] == check


@pytest.mark.parametrize(
    "written",
    [
        "Ahmed 96598765432",
        "أحمد ٩٦٥٩٨٧٦٥٤٣٢",
        "96598765432 Ahmed",
        "tel:+96598765432",
        "WhatsApp: https://wa.me/96598765432",
        "+965 9876 5432 (home)",
        "☎ +965 9876 5432",
        "96598765432 ext.",
        "9️⃣6️⃣5️⃣98765432",
    ],
)
def test_words_beside_a_number_do_not_matter(written: str) -> None:
    """A name or a label is no part of it."""
    assert validate_phone_input(written) == (True, None, NUMBER)


@pytest.mark.parametrize(
    "written",
    [
        "+961 70 12345",
        "+961 3 1234567",
        "+961 81 12345",
        "+60 11 2345 678",
        "+60 12 3456 7890",
        "+54 9 11 1234567",
        "+52 1 55 1234 567",
        "+49 151 1234567",
        "+64 21 12345",
        "+855 12 34567",
    ],
)
def test_a_length_that_does_not_belong_to_the_first_digits_is_refused(written: str) -> None:
    """A digit is missing, or one too many, although the country has other numbers so long."""
    assert not validate_phone_input(written).valid


@pytest.mark.parametrize("written", ["+299 123456789", "+7 123456700", "+372 51", "+45 1234567"])
def test_a_length_that_the_country_does_not_have_is_refused(written: str) -> None:
    """There is no country whose numbers have any length."""
    assert not validate_phone_input(written).valid


@given(st.text("0123456789٠٥+-. ()O", max_size=20), st.sampled_from(["965", "966", "86", "225"]))
def test_a_valid_number_is_what_it_is_normalised_to(written: str, country: str) -> None:
    """Both functions complete a number in the same way."""
    check = validate_phone_input(written, default_country=country)

    assert not check.valid or check.normalized == normalize_phone(written, default_country=country)


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
    assert ("Did you mean" in (validate_phone_input(written).error or "")) is hint


@pytest.mark.parametrize("separator", [",", ";", "،", "؛", "\n", " ؛ "])
def test_numbers_are_separated_as_people_do(separator: str) -> None:
    """English and Arabic separators work."""
    assert split_recipients(f"{NUMBER}{separator}96598765433{separator}") == [NUMBER, "96598765433"]


def test_a_list_that_contains_itself_is_an_error_of_ours() -> None:
    """Circular lists raise `InvalidInput`."""
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(InvalidInput, match="contains itself"):
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
