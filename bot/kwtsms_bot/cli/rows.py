"""A CSV file as messages to be sent, each row judged before anything is. Pure but for `read`."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from kwtsms_client import MAX_PAGES, InvalidInput, inspect_message, validate_phone_input
from kwtsms_client.protocol import MAX_RECIPIENTS

MAX_BYTES = 64 * 1024 * 1024
NUMBER_COLUMNS = ("to", "number", "phone", "mobile", "recipient", "msisdn", "الرقم", "رقم")
TEXT_COLUMNS = ("text", "message", "body", "الرسالة", "النص")
_FIELD = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Row:
    """A message for one number, from one line of the file."""

    line: int
    number: str = field(repr=False)
    text: str = field(repr=False)
    pages: int

    def key(self, sender: str) -> str:
        """What makes it the same message: nothing of it can be read from this."""
        return sha256("\0".join((sender, self.number, self.text)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that cannot be sent, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything in the file: what can be sent, what cannot, and what stands there twice."""

    rows: tuple[Row, ...]
    mistakes: tuple[Mistake, ...]
    repeated: int

    @property
    def credits(self) -> int:
        """What it costs where a page is one credit, as in Kuwait: a lower bound elsewhere."""
        return sum(row.pages for row in self.rows)


def read(file: Path) -> tuple[list[str], list[tuple[int, Mapping[str, str]]]]:
    """The columns, and the rows with their line numbers.

    Raises:
        InvalidInput: it is too large, not UTF-8, or has no header.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise InvalidInput(f"{file} cannot be read: {reason}.") from error
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"{file} is larger than {MAX_BYTES // 2**20} MiB.")
    try:
        return table(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput(f"{file}:{line} is not UTF-8. Save it as CSV UTF-8.") from error


def table(text: str) -> tuple[list[str], list[tuple[int, Mapping[str, str]]]]:
    """The columns and rows of CSV text; commas, semicolons or tabs, whichever the header has most.

    Raises:
        InvalidInput: it has no header, or cannot be read as CSV.
    """
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
        rows: list[tuple[int, Mapping[str, str]]] = [
            (reader.line_num, dict(zip(columns, cells, strict=False)))
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        raise InvalidInput(f"Line {reader.line_num} is not CSV: {error}.") from error
    if not any(columns):
        raise InvalidInput("The file has no header: its first line names the columns.")
    return columns, rows


def column(columns: Sequence[str], wanted: str | None, usual: Iterable[str], what: str) -> str:
    """The column that was asked for, or the one that is usually called so.

    Raises:
        InvalidInput: there is none.
    """
    known = {name.casefold(): name for name in columns}
    for name in (wanted,) if wanted else usual:
        if name.casefold() in known:
            return known[name.casefold()]
    raise InvalidInput(
        f"There is no column for {what}. The columns are: {', '.join(columns)[:500]}."
    )


def sheet(
    rows: Iterable[tuple[int, Mapping[str, str]]], to: str, template: str, country: str | None
) -> Sheet:
    """Every row judged: its number, and its text made from `template`."""
    good: dict[tuple[str, str], Row] = {}
    mistakes: list[Mistake] = []
    repeated = 0
    for line, cells in rows:
        try:
            row = _row(line, cells.get(to, ""), fill(template, cells), country)
        except InvalidInput as error:
            mistakes.append(Mistake(line, str(error)))
            continue
        repeated += (row.number, row.text) in good
        good.setdefault((row.number, row.text), row)
    return Sheet(tuple(good.values()), tuple(mistakes), repeated)


def calls(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows by text, at most 200 together: what one call can carry."""
    by_text: dict[str, list[Row]] = {}
    for row in rows:
        by_text.setdefault(row.text, []).append(row)
    return [
        group[start : start + MAX_RECIPIENTS]
        for group in by_text.values()
        for start in range(0, len(group), MAX_RECIPIENTS)
    ]


def fill(template: str, cells: Mapping[str, str]) -> str:
    """`template` with `{column}` replaced by what stands in that column.

    Raises:
        InvalidInput: there is no such column, or it is empty.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name not in cells:
            raise InvalidInput(f"There is no column {name!r} for {{{name}}}.")
        if not cells[name].strip():
            raise InvalidInput(f"The column {name!r} is empty.")
        return cells[name].strip()

    return _FIELD.sub(value, template)


def _row(line: int, number: str, text: str, country: str | None) -> Row:
    check = validate_phone_input(number, default_country=country)
    if not check.valid:
        raise InvalidInput(check.error or "not a number")
    report = inspect_message(text)
    if report.blank:
        raise InvalidInput("The text is empty.")
    if report.pages > MAX_PAGES:
        raise InvalidInput(f"The text has {report.pages} pages; at most {MAX_PAGES} go.")
    return Row(line, check.normalized, report.cleaned, report.pages)
