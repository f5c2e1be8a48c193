"""A table as messages to be sent, each row judged before anything is. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

from kwtsms_bot.cli.csv_file import Line, Table, plain
from kwtsms_client import MAX_PAGES, InvalidInput, inspect_message, validate_phone_input
from kwtsms_client.protocol import MAX_RECIPIENTS
from kwtsms_client.report import Change, counted

# What the columns are usually called, as `csv_file.plain` writes it.
_PHONES = ("هاتف", "جوال", "موبايل", "نقال", "محمول", "تلفون", "هاتفالنقال", "هاتفالمحمول")
NUMBER_COLUMNS = frozenset(
    {"to", "number", "recipient", "msisdn", "gsm", "cell", "tel", "phoneno", "mobileno"}
    | {"phone", "mobile", "cellphone", "mobilephone", "telephone"}
    | {"phonenumber", "mobilenumber", "cellphonenumber", "mobilephonenumber", "telephonenumber"}
    | {"رقم", "الرقم", "المستلم"}
    | {before + phone for before in ("", "ال", "رقم", "رقمال") for phone in _PHONES}
)
TEXT_COLUMNS = frozenset(
    {"text", "message", "body", "sms", "msg", "content", "messagetext", "textmessage", "smstext"}
    | {"نص", "النص", "رسالة", "الرسالة", "نصالرسالة", "المحتوى"}
)
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")

Template = tuple[str | int, ...]  # Texts, and the places of columns.


@dataclass(frozen=True, slots=True)
class Reading:
    """How a line becomes a message: where its number stands, and its text."""

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
    changes: tuple[Change, ...] = field(default=(), repr=False)

    def key(self, scope: str) -> str:
        """What makes it the same message, within a scope: the sender, the gateway, test or not.

        The user name is no part of it: a phone does not see which account paid.
        """
        return sha256("\0".join((scope, self.number, self.text)).encode()).hexdigest()


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

    @property
    def cleaned(self) -> str | None:
        """What cleaning takes out of the texts, for a person."""
        changed = [row for row in self.rows if row.changes]
        if not changed:
            return None
        kinds = Counter[str]()
        for row in changed:
            kinds.update({change.kind: change.count for change in row.changes})
        told = ", ".join(counted(Change(kind, count, ())) for kind, count in kinds.items())
        return f"{told}, from {len(changed)} row{'' if len(changed) == 1 else 's'}"

    def only(self, rows: Iterable[Row]) -> "Sheet":
        """The same with these rows alone."""
        return replace(self, rows=tuple(rows))

    def without(self, refused: Mapping[Row, str]) -> "Sheet":
        """The same, with these rows among the mistakes, each for its reason."""
        more = [Mistake(row.line, reason) for row, reason in refused.items()]
        mistakes = sorted((*self.mistakes, *more), key=lambda mistake: mistake.line)
        rows = tuple(row for row in self.rows if row not in refused)
        return replace(self, rows=rows, mistakes=tuple(mistakes))


def column(table: Table, wanted: str | None, usual: frozenset[str], what: str) -> int:
    """Where the column stands that was asked for, or the one that is usually called so.

    Raises:
        InvalidInput: there is none, or more than one that it could be.
    """
    wishes = {plain(wanted)} if wanted else usual
    found = [place for name, place in table.places.items() if name in wishes]
    if not found:
        raise InvalidInput(f"There is no column for {what}. The columns are: {table.listed}.")
    if len(found) > 1:
        names = ", ".join(table.columns[place] for place in found)
        raise InvalidInput(f"More than one column could hold {what}: {names}. Say which.")
    return found[0]


def template(text: str, table: Table) -> Template:
    """A text in which `{column}` stands for what is in that column; `{{` and `}}` are braces.

    Raises:
        InvalidInput: there is no such column.
    """
    parts: list[str | int] = []
    end = 0
    for found in _FIELD.finditer(text):
        parts += [text[end : found.start()], _part(found, table)]
        end = found.end()
    return (*parts, text[end:])


def sheet(table: Table, reading: Reading) -> Sheet:
    """Every row judged: its number, and its text."""
    good: dict[tuple[str, str], Row] = {}
    mistakes: list[Mistake] = []
    repeated = 0
    for line in table.lines:
        try:
            row = _row(table, line, reading)
        except InvalidInput as error:
            mistakes.append(Mistake(line.number, str(error)))
            continue
        repeated += (row.number, row.text) in good
        good.setdefault((row.number, row.text), row)
    return Sheet(tuple(good.values()), tuple(mistakes), repeated)


def calls(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows by text, at most 200 together: what one call can carry.

    What is a number's second message comes after all first ones, and so on: kwtSMS refuses a whole
    call for one number that was sent to within 15 seconds.
    """
    so_far = Counter[str]()
    together: dict[tuple[int, str], list[Row]] = {}
    for row in rows:
        together.setdefault((so_far[row.number], row.text), []).append(row)
        so_far[row.number] += 1
    return [
        group[start : start + MAX_RECIPIENTS]
        for _, group in sorted(together.items(), key=lambda one: one[0][0])
        for start in range(0, len(group), MAX_RECIPIENTS)
    ]


def fill(text: Template, table: Table, line: Line) -> str:
    """The text of a row; what stands in its cells is taken as it is.

    Raises:
        InvalidInput: a cell is empty, or there is none.
    """
    return "".join(part if isinstance(part, str) else table.cell(line, part) for part in text)


def _part(found: "re.Match[str]", table: Table) -> str | int:
    if found[1] is None:
        return found[0][0]
    place = table.find(found[1])
    if place is None:
        raise InvalidInput(
            f"There is no column {found[1].strip()!r} for {found[0]}. The columns are: "
            f"{table.listed}. A brace that is no column is written twice: {{{{."
        )
    return place


def _row(table: Table, line: Line, reading: Reading) -> Row:
    table.check(line)
    check = validate_phone_input(table.cell(line, reading.to), default_country=reading.country)
    if not check.valid:
        raise InvalidInput(check.error or "not a number")
    report = inspect_message(fill(reading.text, table, line))
    if report.blank:
        raise InvalidInput("The text is empty.")
    if report.pages > MAX_PAGES:
        raise InvalidInput(f"The text has {report.pages} pages; at most {MAX_PAGES} go.")
    return Row(line.number, check.normalized, report.cleaned, report.pages, report.changes)
