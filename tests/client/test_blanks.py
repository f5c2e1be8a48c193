"""No blank is left where a character was removed, and blanks that were typed stay."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_client import clean_message, inspect_message

PARTS = st.sampled_from(["a", "b", " ", "  ", "\n", "\t", "🔥", "\u200b", "<b>", "</b>", "é", "١"])
REMOVED = re.compile("🔥|\u200b|</?b>")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("97 % full 🔥 please", "97 % full please"),
        ("Hello مرحبا 😀", "Hello مرحبا"),
        ("🔥 Disk full", "Disk full"),
        ("Disk 🔥🔥 full", "Disk full"),
        ("Disk 🔥 🔥 full", "Disk full"),
        ("Disk  🔥  full", "Disk full"),
        ("Disk🔥full", "Diskfull"),
        ("Disk 🔥full", "Disk full"),
        ("Disk🔥 full", "Disk full"),
        ("Disk full 🔥.", "Disk full ."),
        ("a \u200b b", "a b"),
        ("a\u00a0🔥 b", "a\u00a0b"),
        ("a \x07 b", "a b"),
        ("a <br> b", "a b"),
        ("<p> a </p>", "a"),
        ("<b>Hello</b> <i>World</i>", "Hello World"),
        ("Hello <img src=x> World", "Hello World"),
        ("Hello <img src=x alt='a'>", "Hello"),
        (" 🔥 ", ""),
        ("🔥 \n 🔥", ""),
        ("مرحبا \u200f(٥) 🔥 بك", "مرحبا (5) بك"),
    ],
)
def test_one_blank_is_left_and_none_at_the_ends(text: str, cleaned: str) -> None:
    """The blanks on both sides of what was removed become one, in every way of cleaning."""
    assert clean_message(text) == cleaned
    assert clean_message([text, "é🔥"])[0] == cleaned
    assert inspect_message(text).cleaned == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Disk full 🔥\nCall me", "Disk full\nCall me"),
        ("🔥 Disk full\n🔥 Call me", "Disk full\nCall me"),
        ("Disk full\n🔥\nCall me", "Disk full\nCall me"),
        ("Disk full\n\n🔥 Call me", "Disk full\n\nCall me"),
        ("Disk full\n\n🔥\nCall me", "Disk full\n\nCall me"),
        ("Hosts:\n  🔥 web1\n  web2", "Hosts:\n  web1\n  web2"),
        ("Hosts:\n🔥\n  web1", "Hosts:\n  web1"),
        ("a\r\n🔥\r\nb", "a\nb"),
        ("Disk full\n🔥\n", "Disk full"),
        ("<div>\n  <p>a</p>\n  <p>b</p>\n</div>", "a\n  b"),
    ],
)
def test_lines_stay_lines(text: str, cleaned: str) -> None:
    """A line that only had an emoji goes; other lines, empty lines and indentation stay."""
    assert clean_message(text) == cleaned
    assert inspect_message(text).cleaned == cleaned


@pytest.mark.parametrize(
    "text", ["  Hello   World  ", "a\n\n\nb", "\tx", "a  b é", " مرحبا  بك ", "   ", "a ’ b  "]
)
def test_typed_blanks_stay(text: str) -> None:
    """Where nothing was removed, nothing changes."""
    assert clean_message(text) == text


def test_blanks_elsewhere_stay() -> None:
    """A removal changes only the blanks that touch it."""
    assert clean_message("  Host:   web1 🔥 down  now ") == "  Host:   web1 down  now "
    assert clean_message("  a  ٣🔥b  ") == "  a  3b  "


@given(st.lists(PARTS, max_size=12).map("".join))
def test_removal_adds_no_blanks(text: str) -> None:
    """Between two words no more blanks and line ends remain than one side of a removal had."""
    cleaned = clean_message(text)
    removed = REMOVED.sub("\0", text.replace("١", "1"))
    words, typed = cleaned.split(), re.split("[\0\\s]+", removed)

    assert "".join(words) == "".join(typed)
    runs = {run for part in removed.split("\0") for run in re.findall(r"\s+", part)}
    assert set(re.findall(r"\s+", cleaned)) <= runs | {run[:1] for run in runs} | {
        run[run.index("\n") :] for run in runs if "\n" in run
    }


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a 🔥 b", [("a ", False), ("🔥 ", True), ("b", False)]),
        ("🔥 a", [("🔥 ", True), ("a", False)]),
        ("a 🔥", [("a", False), (" 🔥", True)]),
        ("a\n🔥\nb", [("a\n", False), ("🔥\n", True), ("b", False)]),
    ],
)
def test_the_report_shows_the_blanks_that_went(text: str, segments: list[tuple[str, bool]]) -> None:
    """Kept segments are the text of the phone; a blank that went belongs to what was removed."""
    assert [(one.text, one.removed) for one in inspect_message(text).segments] == segments


@pytest.mark.parametrize("text", [" " * 20_000 + "🔥", "🔥 " * 10_000, " \u200b" * 10_000 + "x"])
def test_many_blanks_are_not_slow(text: str) -> None:
    """Time grows with the length only; the suite would hang otherwise."""
    assert clean_message(text) == inspect_message(text).cleaned == text.strip(" 🔥\u200b")
