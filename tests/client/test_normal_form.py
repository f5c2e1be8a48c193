"""Accents are one character with their letter before they are counted; Arabic stays as typed."""

import sys
from unicodedata import combining, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_client import clean_message, inspect_message
from kwtsms_client.text_rules.characters import compose, needs_cleaning

ARABIC = "\u0600-\u06ff \u0750-\u077f \u0870-\u08ff \ufb50-\ufdff \ufe70-\ufeff"
ARABIC_CHARS = frozenset(
    chr(code)
    for first, last in (part.split("-") for part in ARABIC.split())
    for code in range(ord(first), ord(last) + 1)
)
MARKS = st.text(st.sampled_from("\u0301\u0308\u0323\u0327\u0338"))
LATIN = st.lists(st.tuples(st.sampled_from("aeocAZ <="), MARKS).map("".join)).map("".join)


@pytest.mark.parametrize(
    ("typed", "sent", "encoding"),
    [
        ("cafe\u0301", "café", "gsm7"),
        ("n\u0303 u\u0308 A\u030a o\u0300", "ñ ü Å ò", "gsm7"),
        ("C\u0327a va", "Ça va", "gsm7"),
        ("\u212b \u2126 \u212a", "Å Ω K", "gsm7"),
        ("a\u037e b\u1fef", "a; b`", "ucs2"),
        ("s\u0323\u0307 s\u0307\u0323", "ṩ ṩ", "ucs2"),
        ("Вои\u0306на", "Война", "ucs2"),
        ("\u1112\u1161\u11ab", "한", "ucs2"),
        ("\u30ab\u3099", "ガ", "ucs2"),
        ("e\u200d\u0301", "é", "gsm7"),
        ("e🔥\u0301", "é", "gsm7"),
        ("x\u0301", "x\u0301", "ucs2"),
    ],
)
def test_an_accent_joins_its_letter(typed: str, sent: str, encoding: str) -> None:
    """The text is sent and counted in normal form C, also after a removal between the two."""
    report = inspect_message(typed)

    assert clean_message(typed) == clean_message([typed, "é🔥"])[0] == report.cleaned == sent
    assert report.encoding == encoding
    assert report.units == len(sent)


def test_it_is_no_change_for_people() -> None:
    """The phone shows the same, so the report lists nothing and its segments hold the text."""
    report = inspect_message("cafe\u0301 🔥 cafe\u0301")

    assert [(one.text, one.removed) for one in report.segments] == [
        ("café ", False),
        ("🔥 ", True),
        ("café", False),
    ]
    assert report.summary() == "Removed 1 emoji. Kept é."
    assert inspect_message("cafe\u0301").changes == ()


def test_a_removal_before_a_changed_character_keeps_its_place() -> None:
    """The segments are in the order of the text, although the neighbours are changed together."""
    report = inspect_message("a\x1f\u212b")

    assert [(one.text, one.removed) for one in report.segments] == [
        ("a", False),
        ("\x1f", True),
        ("Å", False),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "\u0634\u0651\u064e",  # Shadda before the vowel, as people type it; NFC would turn them.
        "\u0634\u064e\u0651",
        "\u0627\u0653",  # Alef and madda.
        "\u064a\u0654\u0648\u0654",
        "\u06d5\u0654",
        "\u0644\u0651\u064e\u0647",
        "\ufdfa \ufefb \ufb50",
        "\u0634\u0651\u064e\u0301",
    ],
)
def test_arabic_stays_as_typed(text: str) -> None:
    """Letters, marks and their order stay, although normal form C would change some."""
    mixed = f"{text} cafe\u0301 {text}"

    assert clean_message(text) == inspect_message(text).cleaned == text
    assert clean_message(mixed) == inspect_message(mixed).cleaned == f"{text} café {text}"


@given(LATIN)
def test_other_scripts_are_in_normal_form(text: str) -> None:
    """Whatever was typed, the text in normal form C is sent, and cleaning again changes nothing."""
    cleaned = clean_message(text)

    assert cleaned == normalize("NFC", text)
    assert inspect_message(text).cleaned == clean_message(cleaned) == cleaned


@given(st.lists(st.text(st.sampled_from("شبا\u0651\u064e\u0653\u0654 ")) | LATIN).map("".join))
def test_mixed_texts_keep_their_arabic(text: str) -> None:
    """The Arabic characters are the same and in the same order."""
    cleaned = clean_message(text)

    assert [one for one in cleaned if one in ARABIC_CHARS] == [
        one for one in text if one in ARABIC_CHARS
    ]
    assert inspect_message(text).cleaned == cleaned


def test_every_character_that_may_join_is_found() -> None:
    """Unicode's own data agree: no character that normal form C touches is taken for clean."""
    missed = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if not 0xD800 <= code < 0xE000
        and chr(code) not in ARABIC_CHARS
        and (combining(chr(code)) or normalize("NFC", chr(code)) != chr(code))
        and not needs_cleaning(chr(code))
    ]

    assert missed == []


def test_every_pair_that_joins_does() -> None:
    """Each character that Unicode takes apart in two is put together again, but for Arabic."""
    pairs = {
        normalize("NFD", chr(code)): chr(code)
        for code in range(sys.maxunicode + 1)
        if len(normalize("NFD", chr(code))) > 1
    }
    arabic = {pair for pair in pairs if not ARABIC_CHARS.isdisjoint(pair)}

    assert len(pairs) > 10_000
    assert {pair for pair in arabic if compose(pair) != pair} == set()
    others = pairs.keys() - arabic
    assert {pair for pair in others if clean_message(pair) != normalize("NFC", pair)} == set()
