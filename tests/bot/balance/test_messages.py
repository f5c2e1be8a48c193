"""A notice's text says when its balance was read, because it may be read late."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kwtsms_bot.balance.details import NO_DETAILS, DailySummary, NoticeDetails, OutageDetails
from kwtsms_bot.balance.forecast import Forecast
from kwtsms_bot.balance.messages import body, format_forecast
from kwtsms_bot.balance.rules import ALERT_KINDS, BalanceLevel, BalanceNotice, NoticeKind
from kwtsms_bot.balance.store import PendingNotice
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_client.errors import rejection
from support.database import AT

OLD = AT - timedelta(days=5)
DAY = NoticeDetails(daily_summary=DailySummary(AT.date(), None, 0, 0, 0, sampled_at=OLD))
READ_AT, READ_BEFORE = "Checked 2026-11-23 12:00.", "Checked 2026-11-18 12:00."


def said(kind: NoticeKind, details: NoticeDetails = NO_DETAILS) -> list[str]:
    """The body of a notice made at noon, line by line."""
    notice = BalanceNotice(kind, BalanceLevel.LOW, Decimal(190), Decimal(200), details)
    return body(
        PendingNotice(1, "C1", notice, AT), ENGLISH, "{:%Y-%m-%d %H:%M}".format
    ).splitlines()


@pytest.mark.parametrize(
    ("kind", "details", "last"),
    [
        (NoticeKind.LOW, NO_DETAILS, f"Warning level: 200 credits. {READ_AT}"),
        (NoticeKind.CRITICAL, NO_DETAILS, f"Warning level: 200 credits. {READ_AT}"),
        (NoticeKind.REMINDER, NO_DETAILS, f"Warning level: 200 credits. {READ_AT}"),
        (NoticeKind.ALL_CLEAR, NO_DETAILS, f"Warning level: 200 credits. {READ_AT}"),
        (NoticeKind.READABLE, NO_DETAILS, READ_AT),
        (NoticeKind.DIGEST, DAY, READ_BEFORE),
    ],
)
def test_every_balance_has_its_time(kind: NoticeKind, details: NoticeDetails, last: str) -> None:
    """A digest shows the time of its sample, not the time at which the digest was made."""
    assert said(kind, details)[-1] == last


@pytest.mark.parametrize("kind", ALERT_KINDS)
def test_the_credits_of_alerts_are_not_the_balance(kind: NoticeKind) -> None:
    """The notice says what alerts have used, and which setting allows more."""
    used, remedy = said(kind)

    assert used == "Used for alerts today: 190 of 200 credits."
    assert "bridge.credits_per_day" in remedy


def test_a_balance_that_cannot_be_read_has_its_reason_and_remedy() -> None:
    """The notice says since when, the last known balance, the reason and the remedy."""
    assert said(NoticeKind.UNREADABLE, NoticeDetails(outage=OutageDetails(AT, "ERR003", OLD))) == [
        "The balance hasn't been updated since 2026-11-23 12:00.",
        "Last known balance: 190 credits, 2026-11-18 12:00.",
        "The API username or password is wrong. (ERR003)",
        "Until this works again, you won't get low balance warnings.",
        rejection("ERR003").remedy,
    ]


def test_an_account_that_never_answered_has_no_last_balance() -> None:
    """An unknown balance is not reported as 0."""
    assert said(NoticeKind.UNREADABLE, NoticeDetails(outage=OutageDetails(AT, "", None))) == [
        "The balance hasn't been updated since 2026-11-23 12:00.",
        "kwtSMS isn't sending readable answers.",
        "Until this works again, you won't get low balance warnings.",
        "To find the cause, run kwtsms-bridge doctor.",
    ]


@pytest.mark.parametrize(
    ("forecast", "expected"),
    [
        (Forecast(25, 25, 25), "about 25 days"),
        (Forecast(20, 25, 31), "about 25 days (20 to 31)"),
        (Forecast(0, 0, 2), "less than a day (0 to 2)"),
        (Forecast(200, 300, None), "about 300 days (at least 200)"),
        (Forecast(365, None, None), "more than a year (at least 365 days)"),
    ],
)
def test_a_range_is_shown_only_if_it_has_a_width(forecast: Forecast, expected: str) -> None:
    """“Between 25 and 25” would say nothing."""
    assert format_forecast(forecast, ENGLISH) == expected
