"""The official clients' .env files, countries and errors, and our deliberate differences."""

from pathlib import Path
from typing import Any

import pytest

from kwtsms_client import API_ERRORS, ConfigurationError, error_codes, errors
from kwtsms_client.countries import COUNTRIES
from kwtsms_client.errors import rejection
from kwtsms_client.settings import read_env_file
from support.vectors import VECTORS, disagreements

# Deliberate differences, each with its reason.
UNREADABLE = (
    "a line that cannot be read is refused: it may have been meant for KWTSMS_TEST_MODE",
    {'KEY="\n', 'KEY="a"b"\n', "KEY=\"hello'\n", "=value\n"},
)
OTHERWISE: dict[str, dict[str, str]] = {
    # `export` is for the shell that reads the same file, and no part of the name.
    "export KEY=value\n": {"KEY": "value"},
    # Most official clients read it like this; KWTSMS_TEST_MODE=# 1 is then an error, not "live".
    "KEY=# only comment\n": {"KEY": "# only comment"},
    # No recommendation exists: a quoted value may span lines, as in python-dotenv.
    'KEY="multi\nline"\n': {"KEY": "multi\nline"},
}
ENV_ROWS = [(text, expected) for text, expected, _ in VECTORS["env_file"]]
ENV_ROWS += [(row["input"], row["recommended"]) for row in disagreements("env_file")]
ANY_DIGIT = tuple("123456789")  # The official table's countries without first digits.
NARROWER = {"1": "area codes begin with 2 to 9"}
CODES = [row for row in VECTORS["errors"] if row["code"].startswith("ERR0")]
# Codes that the official clients invented; here they are more specific classes.
OWN_CODES = {
    "ERR_INVALID_INPUT": (errors.InvalidInput,),
    "NETWORK": (errors.NotSent, errors.UnknownOutcome),
}
KINDS = {
    "account": errors.AccountError,
    "auth": errors.AccountError,
    "balance": errors.CreditError,
    "content": errors.ContentError,
    "recipient": errors.RecipientError,
    "report": errors.ReportUnavailable,
    "request": errors.RequestError,
    "sender": errors.SenderError,
    "status": errors.ReportUnavailable,
}
THROTTLES = {"ERR013": errors.QueueFull, "ERR028": errors.TooSoon}
SPLIT = {"ERR007": errors.RecipientError}  # Too many recipients.
USER_MESSAGES = {
    "system": error_codes.UNAVAILABLE,
    "none": error_codes.UNAVAILABLE,
    "phone": error_codes.BAD_PHONE,
    "country": error_codes.NO_COUNTRY,
    "content": error_codes.BAD_CONTENT,
    "busy": error_codes.BUSY,
    "wait": error_codes.WAIT,
}


@pytest.mark.parametrize(
    ("text", "expected"), [row for row in ENV_ROWS if row[0] not in UNREADABLE[1]]
)
def test_env_files_are_read_alike(text: str, expected: dict[str, str], tmp_path: Path) -> None:
    """Values are those that all clients agree on, or the recommended ones."""
    file = tmp_path / "x.env"
    file.write_bytes(text.encode())

    assert read_env_file(file) == OTHERWISE.get(text, expected)


@pytest.mark.parametrize("text", sorted(UNREADABLE[1]))
def test_a_line_that_cannot_be_read_is_refused(text: str, tmp_path: Path) -> None:
    """The error names the line."""
    file = tmp_path / "x.env"
    file.write_bytes(b"\nA=1\n\n" + text.encode())

    with pytest.raises(ConfigurationError, match=r"x\.env:4 can't be read"):
        read_env_file(file)


@pytest.mark.parametrize(("code", "lengths", "first", "name"), VECTORS["country_rules"], ids=str)
def test_countries_are_alike(code: str, lengths: list[int], first: list[str], name: str) -> None:
    """Each length and first digit of the official table is one of ours, and names are the same."""
    ours = COUNTRIES[code]

    assert ours.name == name
    assert set(ours.lengths) >= set(lengths)
    assert (set(ours.first) >= set(first or ANY_DIGIT)) == (code not in NARROWER)


@pytest.mark.parametrize("row", CODES, ids=lambda row: row["code"])
def test_errors_are_alike(row: dict[str, Any]) -> None:
    """Each code has the recorded severity, retry time, class and user message."""
    ours = API_ERRORS[row["code"]]
    waits = row["retry_after_s"]
    kind = THROTTLES.get(row["code"]) or SPLIT.get(row["code"]) or KINDS[row["class"]]

    assert ours.severity == row["severity"]
    assert ours.retry_after == (waits[0] if isinstance(waits, list) else waits)
    assert type(rejection(row["code"])) is kind
    assert ours.user_message == USER_MESSAGES[row["user_message_class"]]


def test_every_row_is_tested() -> None:
    """Every section and error of the file is tested, and no listed difference is obsolete."""
    inputs = {text for text, _ in ENV_ROWS}

    assert set(VECTORS) == {
        *("normalize_phone", "validate_phone_input", "find_country_code", "clean_message"),
        *("page_count", "env_file", "country_rules", "errors", "disagreements", "meta"),
    }
    assert {row["code"] for row in VECTORS["errors"]} == {*API_ERRORS, *OWN_CODES}
    assert inputs >= UNREADABLE[1] | OTHERWISE.keys()
    assert set(COUNTRIES) >= {row[0] for row in VECTORS["country_rules"]} >= set(NARROWER)
