"""The log's last net: numbers and tokens are masked wherever in an event they are."""

from typing import Any

import pytest

from kwtsms_bot.logs import mask


@pytest.mark.parametrize(
    ("logged", "written"),
    [
        ("to 96598765432", "to 965••••432"),
        ("to +96598765432, 0096551234567", "to 965••••432, 009••••567"),
        ("with xoxb-1-2-abc and xapp-1-A-9", "with xoxb-••• and xapp-•••"),
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
