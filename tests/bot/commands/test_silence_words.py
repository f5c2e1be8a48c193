"""A silence is read as people type it, or refused with what is wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.commands.bridge.silence_words import (
    LONGEST,
    SilenceFault,
    SilenceSyntaxError,
    read_silence,
)
from kwtsms_bot.kuwait_time import KUWAIT_TZ

NOW = datetime(2026, 12, 1, 11, 2, tzinfo=UTC)  # Tuesday, 14:02 in Kuwait.


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in Kuwait in December 2026."""
    return datetime(2026, 12, day, hour, minute, tzinfo=KUWAIT_TZ)


@pytest.mark.parametrize(
    ("text", "ref", "conditions"),
    [
        ("a7f3k 2h", "A7F3K", {}),
        ("site=shuwaikh 2h", None, {"site": ("shuwaikh",)}),
        (
            'alertname="Link down" site=shu* 2h',
            None,
            {"alertname": ("Link down",), "site": ("shu*",)},
        ),
        ("site=a site=b 2h", None, {"site": ("a", "b")}),
        ("site=الشويخ لمدة 2h", None, {"site": ("الشويخ",)}),
    ],
)
def test_what_is_muted(text: str, ref: str | None, conditions: dict[str, tuple[str, ...]]) -> None:
    """An incident by its reference, or alerts by their labels."""
    found = read_silence(text, NOW, KUWAIT_TZ)

    assert (found.incident_ref, found.conditions) == (ref, conditions)
    assert found.ends_at - found.starts_at == timedelta(hours=2)


@pytest.mark.parametrize(
    ("words", "begin", "end", "weekly"),
    [
        ("30m", NOW, NOW + timedelta(minutes=30), False),
        ("for 1d", NOW, NOW + timedelta(days=1), False),
        ("until 08:00", NOW, at(2, 8), False),
        ("until 14:03", NOW, at(1, 14, 3), False),
        ("from 22:00 until 06:00", at(1, 22), at(2, 6), False),
        ("from 13:00 for 2h", at(2, 13), at(2, 15), False),
        ("every fri 22:00 for 8h", at(4, 22), at(5, 6), True),
        ("every tue 14:00 until 15:00", at(1, 14), at(1, 15), True),  # It is on right now.
        ("every tue 12:00 for 1h", at(8, 12), at(8, 13), True),
        ("كل الجمعة 22:00 حتى 06:00", at(4, 22), at(5, 6), True),
    ],
)
def test_when_it_is_in_force(words: str, begin: datetime, end: datetime, *, weekly: bool) -> None:
    """Times of day are Kuwait's, and the next ones."""
    found = read_silence(f"site=x {words} new cable", NOW, KUWAIT_TZ)

    assert (found.starts_at, found.ends_at, found.is_weekly) == (begin, end, weekly)
    assert found.reason == "new cable"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", SilenceFault.NO_TARGET),
        ("2h", SilenceFault.NO_TARGET),
        ("shuwaikh 2h", SilenceFault.NO_TARGET),
        ("A7F3K", SilenceFault.NO_TIME),
        ("A7F3K until", SilenceFault.NO_TIME),
        ("A7F3K from 22:00", SilenceFault.NO_TIME),
        ("A7F3K soon", SilenceFault.BAD_TIME),
        ("A7F3K until 8", SilenceFault.BAD_TIME),
        ("A7F3K until 25:00", SilenceFault.BAD_TIME),
        ("A7F3K every day 22:00 8h", SilenceFault.BAD_DAY),
        ("A7F3K 30s", SilenceFault.TOO_SHORT),
        ("A7F3K 0h", SilenceFault.TOO_SHORT),
        ("A7F3K 8d", SilenceFault.TOO_LONG),
        ("site=x every fri 22:00 7d", SilenceFault.TOO_LONG),
        ("site=*x* 2h", SilenceFault.BAD_CONDITION),
        ('site="" 2h', SilenceFault.BAD_CONDITION),
        (" ".join(f"k{n}=v" for n in range(9)) + " 2h", SilenceFault.TOO_MANY),
    ],
)
def test_what_is_wrong_is_named(text: str, fault: SilenceFault) -> None:
    """Nothing is guessed: a typing mistake must not mute anything."""
    with pytest.raises(SilenceSyntaxError) as refused:
        read_silence(text, NOW, KUWAIT_TZ)

    assert refused.value.fault is fault


@given(st.text(max_size=60))
def test_anything_typed_is_read_or_refused(text: str) -> None:
    """Whatever comes, there is a silence of at most 7 days or a fault."""
    try:
        found = read_silence(text, NOW, KUWAIT_TZ)
    except SilenceSyntaxError:
        return
    assert timedelta(0) < found.ends_at - found.starts_at <= LONGEST
    assert found.ends_at > NOW
