"""A text for each row of a CSV file, and a word on each row that failed.

python examples/bulk_csv.py examples/appointments.csv

`kwtsms-bridge bulk` does this from the shell, and resumes after an interruption.
"""

import csv
import sys
from collections import defaultdict
from pathlib import Path

from kwtsms_client import Client, validate_phone_input

TEXT = "Dear {name}, we expect you at {time}."


def main(file: str) -> int:
    """Sends to all rows that can be sent to."""
    by_text: dict[str, list[str]] = defaultdict(list)
    failed = 0
    with Path(file).open(newline="", encoding="utf-8-sig") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            check = validate_phone_input(row["phone"], default_country="965")
            if check.valid:
                by_text[TEXT.format(**row)].append(check.normalized)
            else:
                failed += 1
                print(f"line {number}: {check.error}")
    with Client.from_env() as sms:
        for text, numbers in by_text.items():  # The same text to many is one request.
            for one in sms.send(numbers, text).recipients:
                print(f"{one.recipient}: {one.outcome} {one.reason or ''}".rstrip())
                failed += one.outcome != "accepted"
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
