"""Dates and times have one format, in both languages."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from kwtsms_bot.i18n.dates import format_datetime, format_short_datetime, format_time
from kwtsms_bot.i18n.translator import ENGLISH, ISOLATES, language

AT = datetime(2026, 11, 30, 18, 8, tzinfo=UTC)
ARABIC = language("ar")


def plain(text: str) -> str:
    """The text without the invisible marks around its numbers."""
    return ISOLATES.sub("", text)


def test_a_date_is_kuwaits_and_says_so() -> None:
    """A full date has its year and its zone; a list's date is shorter."""
    assert format_datetime(AT, ENGLISH) == "30 Nov 2026, 21:08 (Kuwait)"
    assert format_short_datetime(AT, ENGLISH) == "30 Nov, 21:08"
    assert format_time(AT, ENGLISH) == "21:08 (Kuwait)"


def test_a_date_is_written_in_arabic() -> None:
    """Months have the names that Kuwait uses."""
    assert plain(format_datetime(AT, ARABIC)) == "30 نوفمبر 2026، 21:08 (الكويت)"
    assert plain(format_short_datetime(AT, ARABIC)) == "30 نوفمبر، 21:08"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("Europe/Berlin", "30 Nov 2026, 19:08 (CET)"), ("UTC", "30 Nov 2026, 18:08 (UTC)")],
)
def test_another_zone_is_named(zone: str, expected: str) -> None:
    """A date that is not Kuwait's names its own zone."""
    assert format_datetime(AT, ENGLISH, zone=ZoneInfo(zone)) == expected
