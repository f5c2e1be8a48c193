"""Properties of text cleaning that hold for every text."""

import time
import unicodedata
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_client import clean_message, inspect_message
from kwtsms_client.text import CONTROL

# Texts in which a removal may form a tag.
BROKEN_TAG = st.lists(st.sampled_from(["<", "b", ">", "/", "\u200b", "😀", "x"])).map("".join)
# Texts that are likely to contain removable characters, in all combinations.
REMOVED = st.text(st.sampled_from("ab<>/b 🔴✅\u200b\u200f\u00ad\ufe0f\x00\r\n٣۴\u061c=\"'&;é’"))
NASTY = REMOVED | BROKEN_TAG | st.text()
# Parts that meet where something is removed: blanks, accents, tags that are markup or words.
MIXED = st.lists(
    st.sampled_from(
        [
            *("🔥", "\u200b", "\x01", "\x1f", " ", "  ", "\n", "\r", "\t", "\u00a0", "\u2000", "٣"),
            *("e", "\u0301", "\u0323", "\u212b", "I\u0307", "م", "\u0651", "\u064e", "’", "𝐀"),
            *("<b>", "</b>", "<id>", "</id>", "<button>", "<a b='", "'>", "<", ">", "<!--", "-->"),
            *("\U000e0041", "\u1100", "\u1161", "\0", "K"),
        ]
    ),
    max_size=12,
).map("".join)


@given(NASTY)
def test_cleaning_again_changes_nothing(text: str) -> None:
    """Cleaning is idempotent."""
    assert clean_message(clean_message(text)) == clean_message(text)


@given(NASTY | MIXED)
def test_all_cleaners_agree(text: str) -> None:
    """One by one, in a batch or with a report: the preview shows what is sent."""
    report = inspect_message(text)
    cleaned = clean_message(text)

    assert report.cleaned == cleaned == clean_message([text, "é🔥"])[0]
    assert "".join(one.text for one in report.segments if not one.removed) == cleaned
    assert clean_message(cleaned) == cleaned


@given(NASTY)
def test_nothing_that_was_removed_is_left(text: str) -> None:
    """Nothing that the report lists as removed is in the cleaned text."""
    report = inspect_message(text)

    left = [what for change in report.changes for what in change.what if what in report.cleaned]
    assert left == []


@pytest.fixture(scope="module")
def kinds() -> dict[str, str]:
    """The Unicode category of every character."""
    return {chr(code): unicodedata.category(chr(code)) for code in range(0x110000)}


@pytest.fixture(scope="module")
def letters(kinds: dict[str, str]) -> str:
    """All letters and marks of all scripts."""
    return "".join(char for char, kind in kinds.items() if kind[0] in "LM")


@pytest.mark.parametrize(
    "char", ["ی", "ک", "ة", "ّ", "\u0670", "\ufb50", "\ufdff", "\ufe70", "\ufefc", "\u08a0"]
)
def test_arabic_is_never_touched(char: str) -> None:
    """Letters of Arabic, Persian and Urdu, marks and legacy presentation forms are kept."""
    assert clean_message(f"{char}😀") == char
    assert inspect_message(f"{char}😀").cleaned == char


def test_all_arabic_survives(letters: str) -> None:
    """Both cleaners keep every letter and mark that Unicode names Arabic."""
    text = "".join(one for one in letters if unicodedata.name(one, "").startswith("ARABIC "))

    assert len(text) > 1_000
    assert set(text) - set(clean_message(text)) == set()
    assert set(text) - set(inspect_message(text).cleaned) == set()


def test_no_letter_of_any_script_goes(letters: str) -> None:
    """Only the marks that turn the previous character into an emoji are removed."""
    sent = set(clean_message(" ".join(letters)))
    gone = {char for char in letters if not sent.issuperset(normalize("NFC", char))}

    assert gone == {"\u20e3", *map(chr, range(0xFE00, 0xFE10))}


def test_the_parts_show_what_was_removed_and_where() -> None:
    """Kept segments show the final text, removed ones the original text."""
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
    """Line ends come first, then NULs, then tags: the preview shows what is sent."""
    assert inspect_message(text).cleaned == clean_message(text) == clean_message([text])[0]


@pytest.mark.parametrize("digit", "٥۵")
def test_an_arabic_digit_changes_nothing_for_its_neighbours(digit: str) -> None:
    """A character beside an Arabic digit is cleaned as it is alone."""
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
    """A text built to be slow takes fractions of a second, like any other of its length."""
    begun = time.process_time()
    cleaned = clean_message(text), clean_message([text, "é"])[0], inspect_message(text).cleaned
    elapsed = time.process_time() - begun

    assert elapsed < 2
    assert len(set(cleaned)) == 1
    assert clean_message(cleaned[0]) == cleaned[0]


@pytest.mark.parametrize("text", ["", " \n", "😀", "\u2800", "\u3164 \u115f", "\u200b\u00a0"])
def test_what_shows_nothing_is_blank(text: str) -> None:
    """A text without visible characters is blank, in any script."""
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
    """The summary is a sentence for the preview."""
    assert inspect_message(text).summary() == summary


def test_control_and_format_characters_are_unicodes(kinds: dict[str, str]) -> None:
    """All of Unicode's categories Cc and Cf are removed, except line ends and tabs; no letters."""
    controls = {char for char, kind in kinds.items() if kind in {"Cc", "Cf"}} - set("\n\t")
    gone = {char for char in kinds if CONTROL.fullmatch(char)}

    assert controls <= gone
    # Older Pythons have an older Unicode version, in which some are not assigned yet.
    # Lone surrogates (Cs) are removed too.
    assert {kinds[char] for char in gone - controls} <= {"Cn", "Cs"}


def test_the_report_names_what_forces_unicode() -> None:
    """One typographic quote shortens the page, and the report names that character."""
    report = inspect_message("It’s down, it’s é")

    assert report.forcing == ("’",)
