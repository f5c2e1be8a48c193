"""Cleaning holds for every text there is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_client import clean_message, inspect_message
from kwtsms_client.text import CONTROL

ARABIC = st.text(st.characters(min_codepoint=0x0621, max_codepoint=0x064A))
# Now and then a tag that a removal brings together.
BROKEN_TAG = st.lists(st.sampled_from(["<", "b", ">", "/", "\u200b", "😀", "x"])).map("".join)
# Texts that are likely to hold what is removed, in all combinations.
REMOVED = st.text(st.sampled_from("ab<>/b 🔴✅\u200b\u200f\u00ad\ufe0f\x00\r\n٣۴\u061c=\"'&;é’"))
NASTY = REMOVED | BROKEN_TAG | st.text()


@given(NASTY)
def test_cleaning_again_changes_nothing(text: str) -> None:
    """What is clean stays as it is."""
    assert clean_message(clean_message(text)) == clean_message(text)


@given(NASTY)
def test_nothing_that_was_removed_is_left(text: str) -> None:
    """What the report lists as removed is not in the cleaned text."""
    report = inspect_message(text)

    left = [what for change in report.changes for what in change.what if what in report.cleaned]
    assert left == []


@given(ARABIC)
def test_arabic_letters_survive(text: str) -> None:
    """Arabic is never touched."""
    assert clean_message(text) == text


@given(st.characters(min_codepoint=0xFB50, max_codepoint=0xFDFF, categories=["Lo"]))
def test_arabic_presentation_forms_survive(char: str) -> None:
    """Nor are its presentation forms."""
    assert clean_message(char) == char


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("plain", ""),
        ("🔴🔴 down\u200b", "Removed 2 emoji, 1 zero-width space."),
        ("<b>x</b> ٣", "Removed 2 HTML tags. Changed 1 Arabic digit to 0-9."),
    ],
)
def test_the_report_says_what_was_done(text: str, summary: str) -> None:
    """A sentence for the preview."""
    assert inspect_message(text).summary() == summary


def test_control_and_format_characters_are_unicodes() -> None:
    """All of Unicode's categories Cc and Cf go, but for line ends and tabs; no letter goes."""
    kinds = {chr(code): unicodedata.category(chr(code)) for code in range(0x110000)}
    controls = {char for char, kind in kinds.items() if kind in {"Cc", "Cf"}} - set("\n\t")
    gone = {char for char in kinds if CONTROL.fullmatch(char)}

    assert controls <= gone
    # Older Pythons know an older Unicode, in which some of them are not assigned yet.
    # Halves of characters (Cs) go too.
    assert {kinds[char] for char in gone - controls} <= {"Cn", "Cs"}


def test_the_report_names_what_forces_unicode() -> None:
    """One typographic quote halves the page: the report says which character it is."""
    report = inspect_message("It’s down, it’s é")

    assert report.forcing == ("’",)
