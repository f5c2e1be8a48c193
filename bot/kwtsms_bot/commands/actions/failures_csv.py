"""The CSV file of the numbers that failed, or whose outcome is unknown. Pure."""

from collections.abc import Iterable

from kwtsms_bot.commands import status_text
from kwtsms_bot.csv_escape import escape_formula
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.outbox.message import Recipient
from kwtsms_bot.outbox.states import State

FAILED = (State.REJECTED, State.EXPIRED, State.UNDELIVERED, State.STUCK, State.UNKNOWN)
HEADER = "number,state,code,reason"
BOM = "\ufeff"  # Without it, Excel reads Arabic as Latin characters.


def csv_file(lines: Iterable[str]) -> str:
    """The content of the file: the header and `lines`."""
    table = "\n".join((HEADER, *lines)) + "\n"
    return table if table.isascii() else BOM + table


def csv_line(recipient: Recipient, say: Language) -> str:
    """The line for a recipient."""
    reason = status_text.describe_reason(recipient.code, recipient.reason, say)
    cells = (recipient.phone, recipient.state.value, recipient.code, reason)
    return ",".join(_cell(one) for one in cells)


def _cell(text: str | None) -> str:
    escaped = escape_formula(text or "").replace('"', '""')
    return f'"{escaped}"'
