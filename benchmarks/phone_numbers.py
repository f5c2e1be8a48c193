"""Times the reading of phone numbers, beside the official Python client from PyPI.

    .venv/bin/python benchmarks/phone_numbers.py

Each row is the median of five rounds, both clients in turn on the same numbers.
"""

import kwtsms
from side_by_side import Candidate, row, table

from kwtsms_client import normalize_phone, validate_phone_input

COUNT = 5000
WRITTEN = (
    "+965 9876 5432",
    "0096598765433",
    "٩٦٥٩٨٧٦٥٤٣٤",
    "96598765435",
    "+966512345678",
    "965-9876-5436",
    "(965) 98765437",
)


def main() -> None:
    """Measures and prints."""
    numbers = [WRITTEN[number % len(WRITTEN)] for number in range(COUNT)]
    assert [kwtsms.normalize_phone(one) for one in numbers] == normalize_phone(numbers)  # noqa: S101
    theirs = Candidate("official", lambda: [kwtsms.normalize_phone(one) for one in numbers])
    validated = Candidate("official", lambda: [kwtsms.validate_phone_input(one) for one in numbers])
    found = [
        row(
            "normalised, one by one",
            COUNT,
            theirs,
            Candidate("", lambda: normalize_singly(numbers)),
        ),
        row("normalised, a batch", COUNT, theirs, Candidate("", lambda: normalize_phone(numbers))),
        row(
            "validated, one by one",
            COUNT,
            validated,
            Candidate("", lambda: validate_singly(numbers)),
        ),
        row(
            "validated, a batch",
            COUNT,
            validated,
            Candidate("", lambda: validate_phone_input(numbers)),
        ),
    ]
    print(table("number", found))


def normalize_singly(numbers: list[str]) -> list[str]:
    """Normalises with one call for each number."""
    return [normalize_phone(one) for one in numbers]


def validate_singly(numbers: list[str]) -> list[object]:
    """Validates with one call for each number."""
    return [validate_phone_input(one) for one in numbers]


if __name__ == "__main__":
    main()
