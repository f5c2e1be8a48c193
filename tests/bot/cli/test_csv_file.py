"""CSV files, as written by people and by Excel."""

from pathlib import Path

import pytest

from kwtsms_bot.cli.bulk.csv_file import Line, Table, parse, read
from kwtsms_client import InvalidInput


@pytest.mark.parametrize(
    "text",
    [
        "name,phone\nSara,96598765432\n",
        "name;phone\nSara;96598765432\n",
        "name\tphone\r\nSara\t96598765432\r\n",
        "name|phone\nSara|96598765432\n",
        "\n\nname,phone\n\nSara,96598765432",
        " name , phone \nSara,96598765432\n , \n",
    ],
)
def test_what_is_usual_is_understood(text: str) -> None:
    """Delimiters may be commas, semicolons, tabs or bars; blank lines and padding are ignored."""
    table = parse(text)

    assert table.columns == ("name", "phone")
    assert [line.cells for line in table.lines] == [("Sara", "96598765432")]


@pytest.mark.parametrize(
    "data",
    [
        "name\tphone\nسارة\t96598765432\n".encode("utf-16"),
        b"\xfe\xff" + "name\tphone\nسارة\t96598765432\n".encode("utf-16-be"),
        "name,phone\nسارة,96598765432\n".encode("utf-8-sig"),
        "name,phone\nسارة,96598765432\n".encode(),
    ],
    ids=["UTF-16", "UTF-16, big end first", "UTF-8 with a mark", "UTF-8"],
)
def test_excels_encodings_are_read(tmp_path: Path, data: bytes) -> None:
    """Both of Excel's CSV encodings are read, without the byte order mark."""
    file = tmp_path / "guests.csv"
    file.write_bytes(data)

    assert read(file) == Table(("name", "phone"), (Line(2, ("سارة", "96598765432")),))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("to,text\n96598765432,hi\n".encode("utf-16-le"), "UTF-16 without a byte-order mark"),
        ("to,text\n96598765432,hi\n".encode("utf-16-be"), "UTF-16 without a byte-order mark"),
        ("to,text\n96598765432,مرحبا\n".encode("utf-16-le"), "UTF-16 without a byte-order mark"),
        ("to,text\n".encode("utf-32"), "UTF-32"),
        (b"PK\x03\x04\x14\x00\x06\x00\x00\x00\x00", "not a text file"),
    ],
)
def test_other_encodings_are_named(tmp_path: Path, data: bytes, said: str) -> None:
    """A file full of NULs is refused before any row is read, with its encoding."""
    file = tmp_path / "guests.csv"
    file.write_bytes(data)

    with pytest.raises(InvalidInput, match=f"{said}. Save it as CSV UTF-8"):
        read(file)


def test_excels_own_first_line_names_the_delimiter() -> None:
    """Line numbers count Excel's `sep=` line, as an editor does."""
    table = parse("sep=;\nname;phone\nSara;96598765432\n")

    assert table == Table(("name", "phone"), (Line(3, ("Sara", "96598765432")),))


def test_a_quoted_character_is_no_delimiter() -> None:
    """A quoted column name may contain more commas than the header has semicolons."""
    table = parse('"name, first, last";phone\nSara;96598765432\n')

    assert table.columns == ("name, first, last", "phone")


def test_a_row_is_called_by_its_first_line() -> None:
    """Cells may contain line breaks, so a row is numbered by its first line."""
    table = parse('text,to\n"one\ntwo\nthree",1\n\nfour,2\n')

    assert [line.number for line in table.lines] == [2, 6]


@pytest.mark.parametrize("name", ["Phone Number", "phone_number", "PHONE-NUMBER", "phonenumber"])
def test_a_column_is_found_however_its_name_is_written(name: str) -> None:
    """Column names match regardless of case, blanks, hyphens and underscores."""
    assert parse(f"name,{name}\n").find("Phone Number") == 1


@pytest.mark.parametrize("names", ["text,to,text", "Text,to,TEXT", "x,to,x"])
def test_two_columns_of_one_name_are_an_error(names: str) -> None:
    """Duplicate column names are ambiguous."""
    with pytest.raises(InvalidInput, match="Two columns are named"):
        parse(f"{names}\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The file is empty"),
        ("\n\n", "The file is empty"),
        ('to,text\n1,"one\ntwo\n', "Line 2 isn't valid CSV"),
        ('to,text\n\n1,"one" two\n', "Line 3 isn't valid CSV"),
    ],
)
def test_what_is_no_csv_is_an_error(text: str, said: str) -> None:
    """The error names the line."""
    with pytest.raises(InvalidInput, match=said):
        parse(text)


def test_a_legacy_encoding_is_refused(tmp_path: Path) -> None:
    """A wrong guess at the encoding would send another text."""
    file = tmp_path / "guests.csv"
    file.write_bytes("to,text\n1,hello\n2,سارة\n".encode("cp1256"))

    with pytest.raises(
        InvalidInput, match=r"guests\.csv:3 isn't UTF-8\. Save the file as CSV UTF-8\."
    ):
        read(file)
