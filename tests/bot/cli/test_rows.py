"""The rows of a bulk, checked before anything is sent."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.cli.bulk.csv_file import Table, parse
from kwtsms_bot.cli.bulk.rows import (
    NUMBER_COLUMNS,
    TEXT_COLUMNS,
    BulkBatch,
    Row,
    RowFormat,
    fill,
    find_column,
    group_calls,
    parse_batch,
    parse_template,
)
from kwtsms_client import InvalidInput


def judged(text: str, wording: str = "{text}", to: str = "to") -> BulkBatch:
    """The batch that CSV text gives."""
    table = parse(text)
    return parse_batch(
        table, RowFormat(find_column(table, to, frozenset(), "it"), parse_template(wording, table))
    )


def filled(wording: str, text: str = "Name,n\nSara {n},5\n") -> str:
    """The text of the first row."""
    table = parse(text)
    return fill(parse_template(wording, table), table, table.lines[0])


@pytest.mark.parametrize(
    ("wording", "text"),
    [
        ("Dear {Name}", "Dear Sara {n}"),
        ("{name}: {n}{n}", "Sara {n}: 55"),
        ("{{Name}} {n}", "{Name} 5"),
        ("{{{n}}}", "{5}"),
        ("a } b { c {}", "a } b { c {}"),
        ("100%s $n", "100%s $n"),
    ],
)
def test_a_template_is_filled_once(wording: str, text: str) -> None:
    """A cell is inserted literally, and doubled braces are literal."""
    assert filled(wording) == text


def test_an_unknown_column_is_one_error() -> None:
    """An unknown column is reported once, not per row, with the existing columns."""
    with pytest.raises(InvalidInput, match=r"No column named 'nmae' for \{nmae\}.*Name, n"):
        filled("Dear {nmae}")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("96598765432,Dear Ali, your order 5 is ready, come", "4 cells for 2 columns"),
        ("96598765432", "The row ends before the column 'text'"),
        ("96598765432,  ", "The column 'text' is empty"),
        (",hello", "The column 'to' is empty"),
        ("123,hello", "'123' is too short"),
        ('"9,65988E+10",hello', "A spreadsheet wrote it as a decimal"),
        ("96598765432 ::: 96551234567,hello", "The cell has 2 numbers"),
        ('"96598765432, 96551234567",hello', "The cell has 2 numbers"),
        ("+965 9876 5432 / +965 5123 4567,hello", "The cell has 2 numbers"),
        ("96598765432 or 96551234567,hello", "The cell has 2 numbers"),
        ("96598765432 96551234567 96566778899,hello", "The cell has 3 numbers"),
        ("96598765432,🎉", "The message is empty"),
        ("96598765432," + "م" * 470, "8 pages"),
    ],
)
def test_a_row_that_cannot_be_sent_is_an_error(row: str, reason: str) -> None:
    """A bad row is reported with its line and reason, and the others are kept."""
    found = judged(f"to,text\n{row}\n96598765433,hello\n")

    assert [(one.line, reason in one.reason) for one in found.invalid_rows] == [(2, True)]
    assert [one.number for one in found.rows] == ["96598765433"]


@pytest.mark.parametrize("columns", ["to,text,", "to,text,,"])
def test_a_text_torn_apart_by_a_comma_is_never_sent_in_part(columns: str) -> None:
    """Extra cells make a row bad unless they are empty, also under Excel's trailing commas."""
    found = judged(f"{columns}\n96598765432,Dear Ali, your order\n96598765433,hello,\n")

    assert [one.line for one in found.invalid_rows] == [2]
    assert [one.text for one in found.rows] == ["hello"]


def test_a_repeated_row_is_sent_once() -> None:
    """Rows with the same number in different forms are the same row."""
    found = judged("to,text\n96598765432,hello\n+965 9876 5432,hello\n96598765432,bye\n")

    assert ([row.line for row in found.rows], found.repeated) == ([2, 4], 1)


def test_what_cleaning_removes_is_reported() -> None:
    """Removed characters are summed over the rows."""
    found = judged("to,text\n96598765432,hi 🎉🎉\n96598765433,<b>hi\n96598765434,hi\n")

    assert found.cleaned == "2 emoji, 1 HTML tag, from 2 rows"
    assert judged("to,text\n96598765434,hi\n").cleaned is None


@pytest.mark.parametrize(
    "name",
    [
        "to",
        "Phone Number",
        "MOBILE",
        "Cell",
        "رقم الهاتف",
        "الهاتف",
        "الجوال",
        "رقم النقال",
        "نقال",
        "هـاتف",
        "رقم الهـــاتف",
        "Phone 1 - Value",
        "Contact Number",
        "Billing Phone",
        "WhatsApp",
        "Tel 1",
        "رقم الواتساب",
    ],
)
def test_the_usual_names_of_numbers_are_known(name: str) -> None:
    """Usual names for number columns are recognised in both languages."""
    assert find_column(parse(f"id,{name}\n"), None, NUMBER_COLUMNS, "the numbers") == 1


@pytest.mark.parametrize(
    "columns", ["WhatsApp,Phone", "Billing Phone,Mobile", "Phone 1 - Value,رقم الهاتف"]
)
def test_a_column_of_an_address_book_is_the_second_choice(columns: str) -> None:
    """A plain name goes before WhatsApp, billing phone and the like."""
    assert find_column(parse(f"{columns}\n"), None, NUMBER_COLUMNS, "the numbers") == 1


@pytest.mark.parametrize(
    "name", ["text", "Message", "SMS", "نص الرسالة", "الرسالة", "الرسـالة", "نص الرساله"]
)
def test_the_usual_names_of_texts_are_known(name: str) -> None:
    """Usual names for text columns are recognised in both languages."""
    assert find_column(parse(f"id,{name}\n"), None, TEXT_COLUMNS, "the text") == 1


@pytest.mark.parametrize(
    ("columns", "wanted", "said"),
    [
        ("phone,mobile", None, "More than one column could be for the numbers: phone, mobile"),
        ("WhatsApp,Tel 1", None, "More than one column could be for the numbers: WhatsApp, Tel 1"),
        ("id,name", None, "No column for the numbers. The columns are: id, name"),
        ("id,phone", "tel", "No column for the numbers"),
    ],
)
def test_a_column_is_not_guessed(columns: str, wanted: str | None, said: str) -> None:
    """A wrong column would send messages that cannot be recalled."""
    with pytest.raises(InvalidInput, match=said):
        find_column(parse(f"{columns}\n"), wanted, NUMBER_COLUMNS, "the numbers")


def test_a_call_has_one_text_and_at_most_200_numbers() -> None:
    """Rows with equal texts share calls of at most 200 numbers."""
    lines = "to,text\n" + "".join(f"965{90000000 + n},hello\n" for n in range(450))

    assert [len(group) for group in group_calls(judged(lines).rows)] == [200, 200, 50]


def test_a_numbers_second_message_comes_after_all_first_ones() -> None:
    """A call is refused as a whole if one of its numbers was sent to a moment ago."""
    a, b, c = "96598765431", "96598765432", "96598765433"
    found = judged(f"to,text\n{a},x\n{a},y\n{b},y\n{c},y\n{a},z\n")

    groups = [[(row.number, row.text) for row in group] for group in group_calls(found.rows)]
    assert groups == [[(a, "x")], [(b, "y"), (c, "y")], [(a, "y")], [(a, "z")]]


@pytest.mark.parametrize(
    ("scope", "number", "text"),
    [("live", "1", "text"), ("scope", "2", "text"), ("scope", "1", "another")],
)
def test_another_message_has_another_key(scope: str, number: str, text: str) -> None:
    """The key depends on the scope, the number and the text, and does not contain the text."""
    key = Row(2, "1", "text", 1).key("scope")

    assert Row(9, number, text, 1).key(scope) != key
    assert Row(9, "1", "text", 1).key("scope") == key
    assert "text" not in key


@given(st.text())
def test_no_file_raises_anything_else(text: str) -> None:
    """Any text gives rows or InvalidInput."""
    with suppress(InvalidInput):
        table = parse(text)
        parse_batch(table, RowFormat(0, (0,)))


@given(st.text(), st.lists(st.text(), min_size=1))
def test_no_template_raises_anything_else(wording: str, columns: list[str]) -> None:
    """Braces mark a column or are an error; they are never a Python format."""
    with suppress(InvalidInput):
        parse_template(wording, Table(tuple(columns), ()))
