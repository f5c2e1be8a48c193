"""A number within a text: found however people write it, and only where it is that number."""

import pytest

from kwtsms_bot.outbox.naming import Naming

NUMBER = "96598765432"
MASK = "965•••••432"


@pytest.mark.parametrize(
    "written",
    [
        "96598765432",
        "+96598765432",
        "0096598765432",
        "+965 9876 5432",
        "+965 (98) 765-432",
        "98765432",
        "9876 5432",
        "98.76.54.32",
    ],
)
def test_it_is_masked_however_it_is_written(written: str) -> None:
    """With the country code or without, whatever stands between the digits."""
    naming = Naming(NUMBER)

    assert naming.within(f"Call {written}, please")
    assert naming.masked(f"Call {written}, please").replace("+", "") == f"Call {MASK}, please"


@pytest.mark.parametrize("text", ["198765432", "987654321", "97198765432", "9876 and 5432", ""])
def test_other_numbers_are_left_alone(text: str) -> None:
    """Another country's number or a longer one is not it."""
    assert Naming(NUMBER).masked(text) == text


@pytest.mark.parametrize("written", ["0512345678", "+966 51 234 5678", "512345678"])
def test_a_trunk_zero_is_part_of_it(written: str) -> None:
    """As it is written at home."""
    assert Naming("966512345678").masked(written).endswith("966••••••678")
