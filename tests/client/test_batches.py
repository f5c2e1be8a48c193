"""Batch calls answer as single calls do, and input of any kind is handled."""

from contextlib import suppress
from decimal import Decimal
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kwtsms_client import (
    InvalidInput,
    KwtSMSError,
    clean_message,
    find_country_code,
    inspect_message,
    mask,
    normalize_phone,
    pages,
    parse_phone,
    split_recipients,
    validate_phone_input,
)
from kwtsms_client.text import ARABIC_DIGITS, LINE_ENDS

# Numbers as people and programs write them, and texts that are not numbers.
WRITTEN = st.text(st.sampled_from("0123456789٠٥٩۰۵+ -()@.E\n\0x٫９७")) | st.text()
COUNTRIES = st.sampled_from([None, "965", "966", "225"])
# Texts that hold removable parts, and parts that form a tag once something is removed.
PARTS = [
    "<",
    "b",
    ">",
    "/",
    "-",
    "!",
    "<!--",
    "-->",
    "<b>",
    "<b",
    " a",
    "=",
    "'",
    '"',
    "x",
    "é",
    "’",
]
TEXTS = (
    st.lists(st.sampled_from([*PARTS, *"\0\r\n\t٣۴🔴✅\u200b\u00ad\ufe0fم\ud800\U000e0041"])).map(
        "".join
    )
    | st.text()
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=5,
)


@given(st.lists(WRITTEN), COUNTRIES)
def test_numbers_in_a_batch(numbers: list[str], country: str | None) -> None:
    """A batch of numbers gives the results of the single calls."""
    each = [normalize_phone(one, default_country=country) for one in numbers]

    assert normalize_phone(numbers, default_country=country) == each


@given(st.lists(WRITTEN), COUNTRIES)
def test_checks_in_a_batch(numbers: list[str], country: str | None) -> None:
    """A batch of checks gives the results of the single calls."""
    each = [validate_phone_input(one, default_country=country) for one in numbers]

    assert validate_phone_input(numbers, default_country=country) == each
    assert validate_phone_input(tuple(numbers), default_country=country) == each
    assert validate_phone_input(iter(numbers), default_country=country) == each


@given(st.lists(TEXTS))
def test_texts_in_a_batch(texts: list[str]) -> None:
    """A batch of texts gives the results of the single calls; the given list is unchanged."""
    before = list(texts)

    each = [clean_message(one) for one in texts]

    assert clean_message(texts) == each
    assert clean_message(iter(texts)) == each
    assert texts == before


@given(TEXTS)
def test_the_report_describes_the_text_that_is_sent(text: str) -> None:
    """The report's cleaned text is that of `clean_message`; its segments cover the whole text."""
    report = inspect_message(text)

    assert report.cleaned == clean_message(text)
    assert "".join(one.text for one in report.segments if not one.removed) == report.cleaned
    assert report.pages == pages(report.cleaned)
    written = _plain("".join(one.text for one in report.segments))
    assert normalize("NFC", written) == normalize("NFC", _plain(text))


@given(TEXTS)
def test_the_plainer_text_is_shorter_on_the_air(text: str) -> None:
    """The report suggests a plainer text only where that saves a page."""
    report = inspect_message(text)

    assert report.plainer is None or pages(report.plainer) < report.pages


@pytest.mark.parametrize(
    "function",
    [
        normalize_phone,
        validate_phone_input,
        parse_phone,
        clean_message,
        inspect_message,
        split_recipients,
    ],
)
@given(ANYTHING)
@example(10**5000)
@example(Decimal("1E+999999"))
@example(Decimal("sNaN"))
def test_no_input_breaks_anything(function: Any, thing: Any) -> None:
    """Any input gives an answer or a `KwtSMSError`."""
    with suppress(KwtSMSError):
        function(thing)


@pytest.mark.parametrize("thing", [None, 5, 1.5, b"Backup failed", ["x", None], [b"x"], {5: "x"}])
def test_what_is_no_text_is_never_cleaned_as_one(thing: Any) -> None:
    """Only text is cleaned: the representation of another object, such as b'…', is never sent."""
    with pytest.raises(InvalidInput, match="must be text"):
        clean_message(thing)
    with pytest.raises(InvalidInput, match="must be text"):
        inspect_message(thing)


def test_any_iterable_of_texts_is_cleaned() -> None:
    """A set, a generator and the keys of a dictionary count as collections of texts."""
    assert clean_message({"a😀"}) == ["a"]
    assert clean_message(one for one in ("a😀", "b")) == ["a", "b"]
    assert clean_message({"a😀": 1}) == ["a"]


@given(st.text())
def test_any_text_can_be_masked_and_searched_for_a_country(text: str) -> None:
    """Masking and country lookup accept any text."""
    mask(text)
    find_country_code(text)


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("It’s down", "’ forces Unicode: 70 characters per page."),
        ("نعم", ""),
        ("x\u00ad\u200e\x07", "Removed 1 soft hyphen, 1 left-to-right mark, 1 control character."),
        ("😀😀 café", "Removed 2 emoji. Kept é."),
        ("café", ""),
        (
            "🎉🎉café\u200b isn’t",
            "Removed 2 emoji, 1 zero-width space. Kept é. "
            "’ forces Unicode: 70 characters per page.",
        ),
        ("a\u00a0b", "no-break space forces Unicode: 70 characters per page."),
        (
            "a\tb\u2028x\u0301d’",
            "tab, line separator, combining acute accent, ’ force Unicode: 70 characters per page.",
        ),
    ],
)
def test_the_report_names_what_it_found(text: str, summary: str) -> None:
    """Each finding has a name; é, which costs nothing extra, is reported as kept."""
    assert inspect_message(text).summary() == summary


def test_a_quote_that_costs_a_page_is_pointed_out() -> None:
    """The report offers the text with plain quotes if it then fits on one page."""
    report = inspect_message("It’s down. " + "x" * 100)

    assert report.pages == 2
    assert report.plainer == "It's down. " + "x" * 100


def _plain(text: str) -> str:
    """Returns the text with line ends and digits as they are sent, and without angle brackets.

    A word in angle brackets is kept in round ones.
    """
    brackets = str.maketrans("<>", "()")
    return LINE_ENDS.sub("\n", text).translate(ARABIC_DIGITS).translate(brackets)
