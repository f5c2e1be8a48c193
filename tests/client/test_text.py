"""Cleaning holds for every text there is."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_client import clean_message, inspect_message
from kwtsms_client.text import CONTROL

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


@pytest.fixture(scope="module")
def kinds() -> dict[str, str]:
    """All characters that there are, with Unicode's category of each."""
    return {chr(code): unicodedata.category(chr(code)) for code in range(0x110000)}


@pytest.fixture(scope="module")
def letters(kinds: dict[str, str]) -> str:
    """All letters and marks of all scripts."""
    return "".join(char for char, kind in kinds.items() if kind[0] in "LM")


@pytest.mark.parametrize(
    "char", ["ی", "ک", "ة", "ّ", "\u0670", "\ufb50", "\ufdff", "\ufe70", "\ufefc", "\u08a0"]
)
def test_arabic_is_never_touched(char: str) -> None:
    """Letters of Arabic, Persian and Urdu, marks, and the presentation forms of old systems."""
    assert clean_message(f"{char}😀") == char
    assert inspect_message(f"{char}😀").cleaned == char


def test_all_arabic_survives(letters: str) -> None:
    """Every letter and mark that Unicode calls Arabic, in both ways of cleaning."""
    text = "".join(one for one in letters if unicodedata.name(one, "").startswith("ARABIC "))

    assert len(text) > 1_000
    assert set(text) - set(clean_message(text)) == set()
    assert set(text) - set(inspect_message(text).cleaned) == set()


def test_no_letter_of_any_script_goes(letters: str) -> None:
    """Only those marks go that make an emoji of what stands before them."""
    gone = set(letters) - set(clean_message(letters))

    assert gone == {"\u20e3", *map(chr, range(0xFE00, 0xFE10))}


def test_the_parts_show_what_was_removed_and_where() -> None:
    """What stays is as the phone shows it, what does not is as it was written."""
    report = inspect_message("a٣\r\n<b>c</b>\0😀d")

    assert [(one.text, one.removed) for one in report.segments] == [
        ("a3\n", False),
        ("<b>", True),
        ("c", False),
        ("</b>\0😀", True),
        ("d", False),
    ]
    assert inspect_message("<i title='٣'>").segments[0].text == "<i title='٣'>"


@pytest.mark.parametrize("text", ["\r\0\n", "\0\r\n", "a\r\0", "<b\0>\r\0\n", "\r<b>\n"])
def test_both_cleaners_keep_one_order(text: str) -> None:
    """Line ends first, then NULs, then tags: what the preview shows is what is sent."""
    assert inspect_message(text).cleaned == clean_message(text) == clean_message([text])[0]


@pytest.mark.parametrize("digit", "٥۵")
def test_an_arabic_digit_changes_nothing_for_its_neighbours(digit: str) -> None:
    """Whatever stands before and behind it is kept, replaced or removed as it is without it."""
    for code in range(0x20000):
        char = chr(code)
        alone = clean_message(char)

        assert clean_message(digit + char) == f"5{alone}"
        assert clean_message(char + digit) == f"{alone}5"


@pytest.mark.parametrize(
    "text",
    [
        "<" * 20_000 + "b>" * 20_000,
        "<!--" * 20_000,
        "<!-" * 20_000 + "- -->" * 20_000,
        "<a b='" * 20_000,
        "<a" + " b" * 20_000,
    ],
    ids=["tags in tags", "comments", "comments in comments", "attributes", "names"],
)
def test_no_text_is_slow(text: str) -> None:
    """A text made to be slow takes as long as any other of its length: fractions of a second."""
    begun = time.process_time()
    cleaned = clean_message(text), clean_message([text, "é"])[0], inspect_message(text).cleaned
    elapsed = time.process_time() - begun

    assert elapsed < 2
    assert len(set(cleaned)) == 1
    assert clean_message(cleaned[0]) == cleaned[0]


@pytest.mark.parametrize("text", ["", " \n", "😀", "\u2800", "\u3164 \u115f", "\u200b\u00a0"])
def test_what_shows_nothing_is_blank(text: str) -> None:
    """Nothing is sent that shows nothing, in whatever script."""
    assert inspect_message(text).blank


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


def test_control_and_format_characters_are_unicodes(kinds: dict[str, str]) -> None:
    """All of Unicode's categories Cc and Cf go, but for line ends and tabs; no letter goes."""
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
