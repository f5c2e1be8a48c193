"""The parser that separates recipients from the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.commands.send.recipients import parse_line, parse_list
from kwtsms_bot.i18n.translator import ENGLISH, language

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
        ("98765432 hi, all; ", ONE, "hi, all;"),
        ("98765432, hello, world", ONE, "hello, world"),
        ("98765432 two  blanks\nand a line", ONE, "two  blanks\nand a line"),
        ("98765432 it's “quoted”", ONE, "it's “quoted”"),
        ("98765432", ONE, ""),
        ("+965 98 765 432 hi", ONE, "hi"),
        ("98765432: hi", ONE, "hi"),
        ("98765432 :) hi", ONE, ":) hi"),
        ("“98765432” hi", ONE, "hi"),
        ("'98765432', `98765433` hi", TWO, "hi"),
        ("*98765432* hi", ONE, "hi"),
        ("98765432/98765433 hi", TWO, "hi"),
        ("98765432 & 98765433 hi", TWO, "hi"),
        ("98765432 & co", ONE, "& co"),
        ("98765432 - hi", ONE, "- hi"),
        ("98765432؛98765433 hi", TWO, "hi"),
        (", 98765432 hi", ONE, "hi"),
        ("\u200f98765432 مرحبا", ONE, "مرحبا"),
        ("+968 92 123 456 hi", ("96892123456",), "hi"),
        ("+971 50 123 4567 hi", ("971501234567",), "hi"),
        ("+33 6 12 34 56 78 hi", ("33612345678",), "hi"),
        ("+20 10 1234 5678 hi", ("201012345678",), "hi"),
        ("+ 965 9876 5432 hi", ONE, "hi"),
    ],
)
def test_numbers_and_text_are_separated(line: str, recipients: tuple[str, ...], text: str) -> None:
    """The text begins after the recipients and stays as it was typed."""
    found = parse_line(line, default_country="965")

    assert (found.recipients, found.text, found.invalid) == (recipients, text, ())


@pytest.mark.parametrize(
    "line",
    [
        "98765432 98765433 no comma",
        "98765432 and 98765433 hi",
        "98765432 و98765433 مرحبا",
        "98765432\n98765433 hi",
        "@noura @omar hi",
        "98765432 @oncall hi",
        "965 98 765 459 hi",  # Or 9659 8765, and a text that begins with 459.
        "+965 9876 543 2 disks failed",  # One digit short, perhaps.
        "9055 1234 5678 is down",  # A number in Turkey, perhaps.
        "+60 19 123 4567 5 disks failed",  # Malaysia has numbers of nine digits and of ten.
    ],
)
def test_what_can_be_meant_otherwise_is_unclear(line: str) -> None:
    """An ambiguous line is marked, to notice a recipient that was taken for text."""
    assert parse_line(line, default_country="965").unclear


@pytest.mark.parametrize(
    "line",
    [
        "+965 9876 5432 5 disks failed",
        "98765432 20 disks failed",
        "98765432 2024 is over",
        "98765432, hello, world",
        "98765432, 98765433 hi",
        "@noura hi",
    ],
)
def test_what_is_clear_is_not_asked_about(line: str) -> None:
    """A plain line needs no confirmation."""
    assert not parse_line(line, default_country="965").unclear


@pytest.mark.parametrize(
    ("text", "recipients"),
    [
        ("98765432 98765433", TWO),
        ("9876 5432 98765433", TWO),
        ("98765432/98765433", TWO),
        ("+965 9876 5432 +965 9876 5433", TWO),
        ("98765432\n“98765433”;", TWO),
        ("+968 92 123 456, +974 55 123 456", ("96892123456", "97455123456")),
        ("+971 50 123 4567 98765432", ("971501234567", "96598765432")),
        ("37251234567", ("37251234567",)),
    ],
)
def test_a_field_of_numbers(text: str, recipients: tuple[str, ...]) -> None:
    """Numbers may have any form and separator."""
    found = parse_list(text, default_country="965")

    assert (found.recipients, found.invalid) == (recipients, ())


@pytest.mark.parametrize(
    "text",
    [
        "+968 92 123",  # Too short; no part of it may count as a Kuwaiti number.
        "+968 92 123 4567",
        "98765432 123",
        "3721234 5678 5",
        "9512 34567 890",  # Kuwait and three digits, or Myanmar.
        "hello",
    ],
)
def test_no_part_of_a_wrong_number_is_a_number(text: str) -> None:
    """A number that cannot be read as a whole is one error as a whole."""
    found = parse_list(text, default_country="965")

    assert found.recipients == ()
    assert len(found.invalid) == 1


def test_each_of_many_is_judged_by_itself() -> None:
    """One wrong number is reported, and the others are kept."""
    found = parse_list("98765432 9876543 98765433", default_country="965")

    assert found.recipients == TWO
    assert [one.typed for one in found.invalid] == ["9876543"]


@pytest.mark.parametrize("typed", ["22445566", "9876543", "987654321", "12345"])
def test_a_wrong_local_number_is_explained_by_its_own_country(typed: str) -> None:
    """A local number with a missing digit is not explained as a foreign one."""
    (invalid,) = parse_line(typed, default_country="965").invalid

    assert "Kuwait" in invalid.explain(ENGLISH)
    assert "8" in invalid.explain(language("ar"))


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
def test_a_wrong_number_is_an_error(line: str) -> None:
    """A wrong number is an error, and no digits of the text complete it."""
    assert parse_line(line, default_country="965").invalid


WRITTEN = st.text(st.sampled_from("0123456789 +-()/,;،؛&:@ab\"'\n\u200f٩")) | st.text()


@given(WRITTEN)
def test_no_line_raises(line: str) -> None:
    """Any line is parsed or refused, and the text is an unchanged part of it."""
    found = parse_line(line, default_country="965")

    assert found.text in line
    parse_list(line, default_country="965")


@given(st.lists(st.integers(40000000, 69999999), min_size=1, max_size=5, unique=True))
def test_every_number_arrives(numbers: list[int]) -> None:
    """A number is read the same in each common format."""
    known = [f"965{one}" for one in numbers if str(one)[0] in "456"]
    written = [f"+965 {one[3:7]} {one[7:]}" for one in known]
    found = parse_list(", ".join(written), default_country="965")

    assert list(found.recipients) == known
