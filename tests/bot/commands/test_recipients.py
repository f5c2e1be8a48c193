"""Where the numbers end and the text begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.commands.recipients import read

ONE = ("96598765432",)
TWO = ("96598765432", "96598765433")


@pytest.mark.parametrize(
    ("line", "recipients", "text"),
    [
        ("+96598765432 Backup failed", ONE, "Backup failed"),
        ("98765432 Backup failed", ONE, "Backup failed"),
        ("0096598765432 hi", ONE, "hi"),
        ("+965 9876 5432 5 disks failed", ONE, "5 disks failed"),
        ("(965) 98765432 hi", ONE, "hi"),
        ("965-9876-5432 hi", ONE, "hi"),
        ("٩٨٧٦٥٤٣٢ فشل النسخ", ONE, "فشل النسخ"),
        ("\u2066+965 9876 5432\u2069 hi", ONE, "hi"),
        ("98765432 96598765433 is the number", ONE, "96598765433 is the number"),
        ("98765432,98765433 hi", TWO, "hi"),
        ("98765432, 98765433 hi", TWO, "hi"),
        ("98765432 ، 98765433 hi", TWO, "hi"),
        ("98765432; +96598765432; 98765433 hi", TWO, "hi"),
        ("98765432, hello, world", ONE, "hello, world"),
        ("98765432 two  blanks\nand a line", ONE, "two  blanks\nand a line"),
        ("98765432 it's “quoted”", ONE, "it's “quoted”"),
        ("98765432", ONE, ""),
    ],
)
def test_numbers_and_text_are_told_apart(line: str, recipients: tuple[str, ...], text: str) -> None:
    """The text begins after the first complete number, and stays as it was typed."""
    found = read(line, default_country="965")

    assert (found.recipients, found.text, found.mistakes) == (recipients, text, ())


@pytest.mark.parametrize(
    "line",
    [
        "abc hi",
        "123 hi",
        "98765432hi there",
        "98765432,123 hi",
        "user@example.com hi",
        "+9659876543 2 disks failed",  # One digit short: the 2 must not complete it.
    ],
)
def test_what_is_no_number_is_a_mistake(line: str) -> None:
    """A wrong number is told, and never completed with digits of the text."""
    assert read(line, default_country="965").mistakes


@given(st.text())
def test_no_line_raises(line: str) -> None:
    """Whatever is typed, it is taken apart or refused."""
    read(line, default_country="965")
