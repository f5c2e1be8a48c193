"""Turns table rows into messages, and validates all before anything is sent. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

from kwtsms_bot.cli.bulk.csv_file import Line, Table, normalize_name
from kwtsms_client import MAX_PAGES, InvalidInput, inspect_message, validate_phone_input
from kwtsms_client.phone import DECIMAL
from kwtsms_client.protocol import MAX_RECIPIENTS
from kwtsms_client.text_report import Change, format_count

# Usual names of the columns, in the form of `csv_file.normalize_name`.
_PHONES = ("هاتف", "جوال", "موبايل", "نقال", "محمول", "تلفون", "هاتفالنقال", "هاتفالمحمول")
_FIRST_CHOICE = frozenset(
    {"to", "number", "recipient", "msisdn", "gsm", "cell", "tel", "phoneno", "mobileno"}
    | {"phone", "mobile", "cellphone", "mobilephone", "telephone"}
    | {"phonenumber", "mobilenumber", "cellphonenumber", "mobilephonenumber", "telephonenumber"}
    | set(map(normalize_name, ("رقم", "الرقم", "المستلم")))
    | {normalize_name(before + phone) for before in ("", "ال", "رقم", "رقمال") for phone in _PHONES}
)
# Of exports by Google, Outlook, shops and address books; they count if there is no other.
_SECOND_CHOICE = frozenset(
    {"phone1value", "phone1", "mobile1", "tel1", "phonenumber1", "mobilenumber1"}
    | {"contactnumber", "contactno", "contactphone", "contactmobile", "contacttel"}
    | {"billingphone", "shippingphone", "customerphone", "customermobile", "clientphone"}
    | {"primaryphone", "mainphone", "businessphone", "workphone", "homephone", "personalphone"}
    | {"whatsapp", "whatsappnumber", "whatsappno", "whatsappphone"}
    | set(map(normalize_name, ("واتساب", "الواتساب", "رقم الواتساب", "رقم التواصل", "رقم الاتصال")))
)
NUMBER_COLUMNS = _FIRST_CHOICE | _SECOND_CHOICE
TEXT_COLUMNS = frozenset(
    {"text", "message", "body", "sms", "msg", "content", "messagetext", "textmessage", "smstext"}
    | set(map(normalize_name, ("نص", "النص", "رسالة", "الرسالة", "نص الرسالة", "المحتوى")))
)
# A number in the scientific notation of a spreadsheet whose decimals have a comma.
_SCIENTIFIC = re.compile(r"\d+,\d+E\+?\d+", re.IGNORECASE)
_BETWEEN_NUMBERS = (
    re.compile(r"\s*(?::::|[,;/|\n&]|\bor\b|\band\b|\bأو\b)\s*", re.IGNORECASE),
    re.compile(r"\s+"),
)
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")

Template = tuple[str | int, ...]  # Literal texts, and positions of columns.


@dataclass(frozen=True, slots=True)
class RowFormat:
    """Format of the rows: the number's column, and the template of the text."""

    to: int
    text: Template
    country: str | None = None  # Completes local numbers.


@dataclass(frozen=True, slots=True)
class Row:
    """A message for one number, from one line of the file."""

    line: int
    number: str = field(repr=False)
    text: str = field(repr=False)
    pages: int
    borderline: bool = False  # An eighth page by the seams between its pages alone.
    changes: tuple[Change, ...] = field(default=(), repr=False)

    def key(self, scope: str) -> str:
        """The hash of the message in its scope: the gateway, the sender ID, test mode or not.

        The user name is not part of the scope: a phone does not see which account paid.
        """
        return sha256("\0".join((scope, self.number, self.text)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A line that cannot be sent, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class BulkBatch:
    """Content of the file: the valid rows, the invalid ones, and the number of repetitions."""

    rows: tuple[Row, ...]
    invalid_rows: tuple[InvalidRow, ...]
    repeated: int

    @property
    def credits(self) -> int:
        """The cost where a page is one credit, as in Kuwait; a lower bound elsewhere."""
        return sum(row.pages for row in self.rows)

    @property
    def borderline_lines(self) -> tuple[int, ...]:
        """The lines whose message kwtSMS may refuse as too long."""
        return tuple(row.line for row in self.rows if row.borderline)

    @property
    def cleaned(self) -> str | None:
        """A summary of the characters that cleaning removes, for people; None if there are none."""
        changed = [row for row in self.rows if row.changes]
        if not changed:
            return None
        kinds = Counter[str]()
        for row in changed:
            kinds.update({change.kind: change.count for change in row.changes})
        counts = ", ".join(format_count(Change(kind, count, ())) for kind, count in kinds.items())
        return f"{counts}, from {len(changed)} row{'' if len(changed) == 1 else 's'}"

    def with_rows(self, rows: Iterable[Row]) -> "BulkBatch":
        """Returns the batch with only these valid rows."""
        return replace(self, rows=tuple(rows))

    def without(self, refused: Mapping[Row, str]) -> "BulkBatch":
        """Returns the batch with these rows as invalid ones, each with its reason."""
        more = [InvalidRow(row.line, reason) for row, reason in refused.items()]
        invalid_rows = sorted((*self.invalid_rows, *more), key=lambda invalid: invalid.line)
        rows = tuple(row for row in self.rows if row not in refused)
        return replace(self, rows=rows, invalid_rows=tuple(invalid_rows))


def find_column(
    table: Table, wanted: str | None, default_names: frozenset[str], purpose: str
) -> int:
    """The position of the wanted column, or of the one with a default name.

    Raises:
        InvalidInput: no column matches, or more than one does.
    """
    accepted_names = {normalize_name(wanted)} if wanted else default_names
    matches = {name: at for name, at in table.positions.items() if name in accepted_names}
    preferred = [at for name, at in matches.items() if name not in _SECOND_CHOICE]
    found = preferred or list(matches.values())
    if not found:
        raise InvalidInput(f"No column for {purpose}. The columns are: {table.column_list}.")
    if len(found) > 1:
        names = ", ".join(table.columns[position] for position in found)
        raise InvalidInput(f"More than one column could be for {purpose}: {names}. Choose one.")
    return found[0]


def parse_template(text: str, table: Table) -> Template:
    """Parses a text with `{column}` as a placeholder; `{{` and `}}` are literal braces.

    Raises:
        InvalidInput: a placeholder names no column.
    """
    parts: list[str | int] = []
    end = 0
    for found in _FIELD.finditer(text):
        parts += [text[end : found.start()], _parse_field(found, table)]
        end = found.end()
    return (*parts, text[end:])


def parse_batch(table: Table, row_format: RowFormat) -> BulkBatch:
    """Validates the number and the text of every row."""
    valid: dict[tuple[str, str], Row] = {}
    invalid_rows: list[InvalidRow] = []
    repeated = 0
    for line in table.lines:
        try:
            row = _parse_row(table, line, row_format)
        except InvalidInput as error:
            invalid_rows.append(InvalidRow(line.number, str(error)))
            continue
        repeated += (row.number, row.text) in valid
        valid.setdefault((row.number, row.text), row)
    return BulkBatch(tuple(valid.values()), tuple(invalid_rows), repeated)


def group_calls(rows: Iterable[Row]) -> list[list[Row]]:
    """Groups the rows by text, at most 200 together: the limit of one call.

    A number's second message comes after all first ones, and so on: kwtSMS rejects a whole call if
    one of its numbers was sent to within the last 15 seconds.
    """
    counts = Counter[str]()
    groups: dict[tuple[int, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((counts[row.number], row.text), []).append(row)
        counts[row.number] += 1
    return [
        group[start : start + MAX_RECIPIENTS]
        for _, group in sorted(groups.items(), key=lambda one: one[0][0])
        for start in range(0, len(group), MAX_RECIPIENTS)
    ]


def fill(text: Template, table: Table, line: Line) -> str:
    """Fills in the template for a row; the cells' values are inserted literally.

    Raises:
        InvalidInput: a cell is empty, or the row ends before it.
    """
    return "".join(part if isinstance(part, str) else table.cell(line, part) for part in text)


def _parse_field(found: "re.Match[str]", table: Table) -> str | int:
    if found[1] is None:
        return found[0][0]
    position = table.find(found[1])
    if position is None:
        raise InvalidInput(
            f"No column named {found[1].strip()!r} for {found[0]}. The columns are: "
            f"{table.column_list}. To write a brace, type it twice: {{{{."
        )
    return position


def _refusal(written: str, country: str | None) -> str | None:
    """The reason that concerns the cell more than the number in it; None if there is none."""
    if _SCIENTIFIC.fullmatch(written):
        return f"{written!r} isn't a phone number. {DECIMAL}"
    for separator in _BETWEEN_NUMBERS:
        parts = [part for part in separator.split(written) if part]
        checks = validate_phone_input(parts, default_country=country)
        if len(parts) > 1 and all(check.valid for check in checks):
            return f"The cell has {len(parts)} numbers. Put each in its own row."
    return None


def _parse_row(table: Table, line: Line, row_format: RowFormat) -> Row:
    table.check(line)
    written = table.cell(line, row_format.to)
    check = validate_phone_input(written, default_country=row_format.country)
    if not check.valid:
        raise InvalidInput(_refusal(written, row_format.country) or check.error or "not a number")
    report = inspect_message(fill(row_format.text, table, line))
    if report.blank:
        raise InvalidInput("The message is empty.")
    if report.too_long:
        raise InvalidInput(
            f"The message takes {report.pages} pages, and kwtSMS sends at most {MAX_PAGES}."
        )
    return Row(
        line.number,
        check.normalized,
        report.cleaned,
        report.pages,
        report.borderline,
        report.changes,
    )
