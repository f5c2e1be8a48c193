"""Reads CSV files as people and Excel write them. Pure, except for `read`."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kwtsms_client import InvalidInput

MAX_BYTES = 64 * 1024 * 1024
MAX_HEADER = 64 * 1024  # Characters that are searched for the header's delimiter.
DELIMITERS = ",;\t|"
# Letters of Arabic that people write for each other, and the stretching line (tatweel).
_SAME_LETTERS = str.maketrans("أإآىةیک", "ااايهيك", "\u0640")
_SEPARATOR_HINT = re.compile(r'"?sep=([,;\t|])"?\r?\n')  # Excel's own first line.
_QUOTED = re.compile(r'"(?:[^"]|"")*+"')
_FIRST_LINE = re.compile(r'(?:"(?:[^"]|"")*+"|[^"\r\n])*')


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of a row; `number` is the line of the file that it begins on."""

    number: int
    cells: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Table:
    """The column names, and the rows that are not blank."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]

    def find(self, name: str) -> int | None:
        """The position of a column; the name's case, spaces and punctuation do not matter."""
        return self.positions.get(normalize_name(name))

    @property
    def positions(self) -> dict[str, int]:
        """The position of each column, by its normalized name."""
        return {
            normalize_name(name): position for position, name in enumerate(self.columns) if name
        }

    @property
    def column_list(self) -> str:
        """The column names as one text for people, at most 500 characters long."""
        return ", ".join(filter(None, self.columns))[:500]

    def cell(self, line: Line, position: int) -> str:
        """The value of a row in one column, without blanks around it.

        Raises:
            InvalidInput: the cell is empty, or the row ends before it.
        """
        if position >= len(line.cells):
            raise InvalidInput(f"The row ends before the column {self.columns[position]!r}.")
        value = line.cells[position].strip()
        if not value:
            raise InvalidInput(f"The column {self.columns[position]!r} is empty.")
        return value

    def check(self, line: Line) -> None:
        """Rejects a row that has too many cells, often because of an unquoted comma in a text.

        Raises:
            InvalidInput: a cell with a value belongs to no named column.
        """
        filled = [position for position, cell in enumerate(line.cells) if cell.strip()]
        if any(position >= len(self.columns) or not self.columns[position] for position in filled):
            count, named = filled[-1] + 1, len(self.positions)
            raise InvalidInput(
                f"The row has {count} cells for {named} columns. Put text with commas in quotes."
            )


def read(file: Path) -> Table:
    """Reads the table in `file`.

    Raises:
        InvalidInput: the file is unreadable, too large, not UTF-8 or UTF-16, or no valid CSV.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise InvalidInput(f"Can't read {file}: {reason}.") from error
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"{file} is larger than {MAX_BYTES // 2**20} MiB.")
    try:
        return parse(data.decode(_encoding(data, file)))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput(f"{file}:{line} isn't UTF-8. Save the file as CSV UTF-8.") from error


def _encoding(data: bytes, file: Path) -> str:
    """The encoding of the file: Excel's "Unicode Text" is UTF-16 with a byte-order mark.

    Raises:
        InvalidInput: it is UTF-16 or UTF-32 without that mark, or no text.
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise InvalidInput(f"{file} is UTF-32. Save it as CSV UTF-8.")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in data:
        guess = "UTF-16 without a byte-order mark" if _is_wide(data) else "not a text file"
        raise InvalidInput(f"{file} is {guess}. Save it as CSV UTF-8.")
    return "utf-8-sig"


def _is_wide(data: bytes) -> bool:
    """Whether NULs are every second byte of the plain characters, as in UTF-16."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    return max(even, odd) > 9 * min(even, odd)


def parse(text: str) -> Table:
    """Parses CSV text; the delimiter is the one of DELIMITERS that its header has most of.

    Raises:
        InvalidInput: the text has no header, two columns of one name, or is not CSV.
    """
    hint = _SEPARATOR_HINT.match(text)
    body = text[hint.end() :] if hint else text
    delimiter = hint[1] if hint else _delimiter(body)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    header, *lines = list(_lines(reader, 2 if hint else 1)) or [Line(1, ())]
    columns = tuple(name.strip() for name in header.cells)
    if not columns:
        raise InvalidInput("The file is empty. Its first line must name the columns.")
    _require_unique(columns)
    return Table(columns, tuple(lines))


def normalize_name(name: str) -> str:
    """The column name for comparison: casefolded, without spaces, punctuation and tatweel."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_SAME_LETTERS)
    return "".join(filter(str.isalnum, folded)) or folded.strip()


def _lines(reader: Any, first: int) -> Iterator[Line]:
    """Yields the rows that are not blank; a quoted cell may contain line breaks."""
    number = first
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Line(number, tuple(cells))
            number = first + reader.line_num
    except csv.Error as error:
        raise InvalidInput(f"Line {number} isn't valid CSV: {error}.") from error


def _delimiter(text: str) -> str:
    first = _FIRST_LINE.match(text.lstrip()[:MAX_HEADER])
    header = _QUOTED.sub("", first[0]) if first else ""
    return max(DELIMITERS, key=header.count)


def _require_unique(columns: Iterable[str]) -> None:
    names: set[str] = set()
    for name in filter(None, columns):
        if normalize_name(name) in names:
            raise InvalidInput(f"Two columns are named {name!r}. Rename one of them.")
        names.add(normalize_name(name))
