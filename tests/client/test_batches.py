"""Many at once answer as one by one does, and no input of any kind breaks anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_client import (
    clean_message,
    find_country_code,
    inspect_message,
    mask,
    normalize_phone,
    pages,
    split_recipients,
    validate_phone_input,
)

# Numbers as people write them, and texts that are none.
WRITTEN = st.text(st.sampled_from("0123456789٠٥٩۰۵+ -()@\n\0x٫９७")) | st.text()
TEXTS = (
    st.text(st.sampled_from("ab <>/=\"'-!\0\r\n\t٣۴🔴✅\u200b\u00ad\ufe0fé’م\ud800\U000e0041"))
    | st.text()
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=5,
)


@given(st.lists(WRITTEN), st.sampled_from([None, "965"]))
def test_numbers_in_a_batch(numbers: list[str], country: str | None) -> None:
    """A batch of numbers is what each of them is."""
    each = [normalize_phone(one, default_country=country) for one in numbers]

    assert normalize_phone(numbers, default_country=country) == each


@given(st.lists(WRITTEN), st.sampled_from([None, "965"]))
def test_checks_in_a_batch(numbers: list[str], country: str | None) -> None:
    """A batch of checks is what each of them is."""
    each = [validate_phone_input(one, default_country=country) for one in numbers]

    assert validate_phone_input(numbers, default_country=country) == each
    assert validate_phone_input(tuple(numbers), default_country=country) == each


@given(st.lists(TEXTS))
def test_texts_in_a_batch(texts: list[str]) -> None:
    """A batch of texts is what each of them is, and the batch itself is left alone."""
    before = list(texts)

    assert clean_message(texts) == [clean_message(one) for one in texts]
    assert texts == before


@given(TEXTS)
def test_the_report_tells_of_the_text_that_is_sent(text: str) -> None:
    """What the report calls cleaned is what cleaning returns, and its parts make it up."""
    report = inspect_message(text)

    assert report.cleaned == clean_message(text)
    assert "".join(one.text for one in report.segments if not one.removed) == report.cleaned
    assert report.pages == pages(report.cleaned)


@given(TEXTS)
def test_the_plainer_text_is_shorter_on_the_air(text: str) -> None:
    """A suggestion is made only where it saves a page."""
    report = inspect_message(text)

    assert report.plainer is None or pages(report.plainer) < report.pages


@pytest.mark.parametrize(
    "function",
    [normalize_phone, validate_phone_input, clean_message, inspect_message, split_recipients],
)
@given(ANYTHING)
def test_no_input_breaks_anything(function: Any, thing: Any) -> None:
    """Whatever is given, an answer comes back."""
    function(thing)


@given(st.text())
def test_any_text_is_masked_and_looked_up(text: str) -> None:
    """Nor does a text that is no number."""
    mask(text)
    find_country_code(text)


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("It’s down", "’ forces Unicode: 70 characters per page."),
        ("نعم", ""),
        ("x\u00ad\u200e\x07", "Removed 1 soft hyphen, 1 left-to-right mark, 1 control character."),
        ("😀😀 café", "Removed 2 emoji."),
    ],
)
def test_the_report_names_what_it_found(text: str, summary: str) -> None:
    """Each thing has its name, and é, which costs nothing, is not spoken of."""
    assert inspect_message(text).summary() == summary


def test_a_quote_that_costs_a_page_is_pointed_out() -> None:
    """With the plain quote the text fits into one page, and the report has it ready."""
    report = inspect_message("It’s down. " + "x" * 100)

    assert report.pages == 2
    assert report.plainer == "It's down. " + "x" * 100
