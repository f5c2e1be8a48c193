"""The log's last net: numbers and tokens are masked wherever in an event they are."""

from typing import Any

import pytest

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.logs import mask, told

PRIVATE = "call Sara on 98765432"


@pytest.mark.parametrize(
    ("logged", "written"),
    [
        ("to 96598765432", "to 965••••432"),
        ("to +96598765432, 0096551234567", "to 965••••432, 009••••567"),
        ("with xoxb-1-2-abc and xapp-1-A-9", "with xoxb-••• and xapp-•••"),
        ("to 98765432", "to ••••432"),
        ("to 9876 5432, 9876-5432", "to ••••432, ••••432"),
        ("to +965 9876 5432", "to ••••432"),
        ("1024 of 20480 on 2026-11-24, 98765432a", "1024 of 20480 on 2026-11-24, 98765432a"),
        (["96598765432", 7], ["965••••432", 7]),
        (("96598765432",), ["965••••432"]),
        ({"to": ["96598765432"]}, {"to": ["965••••432"]}),
        ("U0123ABCD asked for M7F3KQ2", "U0123ABCD asked for M7F3KQ2"),
        ("f4c841adee210f31307633ceaebff2ec", "f4c841adee210f31307633ceaebff2ec"),
        ("2026-11-23T12:00:00.123456Z", "2026-11-23T12:00:00.123456Z"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (199.5, 199.5),
    ],
)
def test_what_is_masked_and_what_is_not(logged: Any, written: Any) -> None:
    """Numbers and tokens in any form; ids, times and addresses stay readable."""
    assert mask(None, "info", {"about": logged}) == {"about": written}


def test_a_request_id_stays_as_it_is() -> None:
    """One in forty of them looks like a number in Kuwait; it is what one request is followed by."""
    assert mask(None, "info", {"request": "98765432"}) == {"request": "98765432"}


def test_an_exception_does_not_quote_what_is_private() -> None:
    """The way it came is told, of all its causes, and no words that may quote a value."""
    try:
        fail(PRIVATE)
    except DatabaseTrouble as error:
        said = told((type(error), error, error.__traceback__))

    assert "98765432" not in said
    assert "Sara" not in said
    assert said.index("KeyError: (its words") < said.index("ValueError: (its words")
    assert said.endswith("DatabaseTrouble: the disk is full")
    assert said.count("in fail") == 3


def fail(text: str) -> None:
    """What an error in the code might look like."""
    try:
        try:
            known: dict[str, int] = {}
            known[text] += 1
        except KeyError:
            int(text)
    except ValueError as error:
        raise DatabaseTrouble("the disk is full") from error
