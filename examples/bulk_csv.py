"""Sends a text to each row of a CSV file, and prints the outcome for each.

python examples/bulk_csv.py examples/appointments.csv

`kwtsms-bridge bulk` does this from the shell, and resumes after an interruption.
"""

import csv
import sys
from collections import defaultdict
from pathlib import Path

from kwtsms_client import Client, InvalidInput, parse_phone

TEXT = "Dear {name}, we expect you at {time}."
COLUMNS = ("name", "phone", "time")


def main(file: str) -> int:
    """Sends to all rows that can be sent to."""
    by_text: dict[str, list[str]] = defaultdict(list)
    failed = 0
    with Path(file).open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.DictReader(lines)
        for row in rows:
            try:
                number, text = message(row)
                by_text[text].append(number)
            except InvalidInput as error:
                failed += 1
                print(f"line {rows.line_num}: {error}")
    with Client.from_env() as sms:
        for text, numbers in by_text.items():  # The same text to many is one request.
            for one in sms.send(numbers, text).recipients:
                print(f"{one.recipient}: {one.outcome} {one.reason or ''}".rstrip())
                failed += one.outcome != "accepted"
    return 1 if failed else 0


def message(row: dict[str, str | None]) -> tuple[str, str]:
    """The number and the text of a row.

    Raises:
        InvalidInput: a cell is not there, which would be sent as "None", or holds no number.
    """
    missing = [name for name in COLUMNS if not (row.get(name) or "").strip()]
    if missing:
        raise InvalidInput(f"there is nothing in {', '.join(missing)}")
    if None in row:  # The csv module puts surplus cells there.
        raise InvalidInput("there are more cells than columns")
    return parse_phone(row["phone"], default_country="965"), TEXT.format(**row)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
