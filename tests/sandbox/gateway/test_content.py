"""The gateway's own page count, HTML check and stuck characters."""

import pytest

from kwtsms_sandbox.gateway import Html
from kwtsms_sandbox.gateway.content import gets_stuck, has_html, pages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("x" * 1071, 7),
        ("x" * 1072, 8),
        ("م" * 70, 1),
        ("م" * 71, 2),
        ("م" * 134, 2),
        ("م" * 135, 3),
        ("م" * 469, 7),
        ("م" * 470, 8),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("é" * 160, 1),
        ("`" * 71, 2),
        ("\n" * 160, 1),
        ("’" + "x" * 70, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("x" * 152 + "€" + "x" * 152, 3),
        ("x" * 152 + "€" + "x" * 151, 2),
        ("€" * 154, 3),
        ("م" * 66 + "😀" + "م" * 66, 3),
        ("😀" * 67, 3),
    ],
)
def test_pages(text: str, expected: int) -> None:
    """GSM-7 has 160/153 units, other text 70/67; extension characters and emoji count two."""
    assert pages(text) == expected


def test_extension_characters_may_count_one() -> None:
    """Extension characters can count one, since the live service's rule is not known."""
    assert pages("€" * 160, extension_units=1) == 1
    assert pages("x" * 152 + "€" + "x" * 153, extension_units=1) == 2


@pytest.mark.parametrize(
    "text",
    ["😀", "⏰", "⭐", "🆗", "🇰🇼", "‼", "a\u200bb", "\ufeff", "soft\u00adhyphen", "\x00", "\u2060"],
)
def test_what_gets_stuck(text: str) -> None:
    """Emoji and invisible characters get a message stuck."""
    assert gets_stuck(f"hello {text}")


@pytest.mark.parametrize("text", ["مرحبا ﷺ ﻻ", "line\r\n\ttab", "€ © ® ™ → é ’ —", "١٢٣"])
def test_what_does_not_get_stuck(text: str) -> None:
    """Arabic in all its forms, typography and line ends do not get stuck."""
    assert not gets_stuck(text)


def test_more_characters_can_get_stuck() -> None:
    """More characters can be named, since the live service's full list is not known."""
    assert gets_stuck("© 2026", "©®")


@pytest.mark.parametrize(
    "text",
    ["<b>", "</p>", "<br/>", "<br />", '<a href="x">y</a>', "<!-- x -->", "<!DOCTYPE html>"],
)
def test_html(text: str) -> None:
    """Tags with or without attributes, comments and the doctype are HTML."""
    assert has_html(text, Html.TAGS)


@pytest.mark.parametrize("text", ["a<b", "a > b", "<5>", "<a@x.com>", "x<y && z>w", "<>"])
def test_not_html(text: str) -> None:
    """Text that only resembles a tag is not HTML."""
    assert not has_html(text, Html.TAGS)
