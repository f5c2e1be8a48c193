"""A phone gets a message about alerts every two minutes at most, and twelve in an hour."""

from datetime import datetime, timedelta

import pytest

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.pace import PhonePace, after_message, fresh_pace, next_slot
from support.database import AT

ERROR, CRITICAL = AlertSeverity.ERROR, AlertSeverity.CRITICAL


def after(count: int, *, every: timedelta = timedelta(minutes=2)) -> tuple[PhonePace, datetime]:
    """The pace after so many messages, and when the last of them was sent."""
    pace, now = fresh_pace(AT), AT
    for number in range(count):
        now = AT + number * every
        pace = after_message(pace, ERROR, now)
    return pace, now


@pytest.mark.parametrize(
    ("severity", "seconds"), [(AlertSeverity.WARNING, 120), (ERROR, 120), (CRITICAL, 16)]
)
def test_only_what_is_worse_comes_before_two_minutes(severity: AlertSeverity, seconds: int) -> None:
    """A more severe alert waits only until kwtSMS accepts a second message to the number."""
    pace, last = after(1)

    assert next_slot(fresh_pace(AT), severity, AT) <= AT
    assert next_slot(pace, severity, last) == last + timedelta(seconds=seconds)


def test_after_six_messages_one_comes_every_ten_minutes() -> None:
    """The bucket holds six messages, and gains one every ten minutes."""
    pace, last = after(6, every=timedelta(minutes=1))

    assert next_slot(pace, ERROR, last) == AT + timedelta(minutes=10)


def test_what_is_worse_passes_an_empty_bucket_twice_an_hour() -> None:
    """The third critical alert in an hour waits for the bucket, too."""
    pace, now = after(6, every=timedelta(seconds=1))
    passed = []
    for _ in range(3):
        pace = PhonePace(pace.sent_at, ERROR, 0, pace.tokens_at, pace.bypasses)
        now += timedelta(seconds=16)
        passed.append(next_slot(pace, CRITICAL, now) <= now)
        pace = after_message(pace, CRITICAL, now)

    assert passed == [True, True, False]
