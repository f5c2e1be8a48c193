"""A notice's text says when its balance was read, because it may be read late."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kwtsms_bot.balance.details import NO_DETAILS, DailySummary, NoticeDetails, OutageDetails
from kwtsms_bot.balance.messages import body
from kwtsms_bot.balance.rules import BalanceLevel, BalanceNotice, NoticeKind
from kwtsms_bot.balance.store import PendingNotice
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_client.errors import rejection
from support.database import AT

OLD = AT - timedelta(days=5)
DAY = NoticeDetails(daily_summary=DailySummary(AT.date(), None, 0, 0, 0, sampled_at=OLD))
READ_AT, READ_BEFORE = "Seen at 2026-11-23 12:00.", "Seen at 2026-11-18 12:00."


def said(kind: NoticeKind, details: NoticeDetails = NO_DETAILS) -> list[str]:
    """The body of a notice made at noon, line by line."""
    notice = BalanceNotice(kind, BalanceLevel.LOW, Decimal(190), Decimal(200), details)
    return body(
        PendingNotice(1, "C1", notice, AT), ENGLISH, "{:%Y-%m-%d %H:%M}".format
    ).splitlines()


@pytest.mark.parametrize(
    ("kind", "details", "last"),
    [
        (NoticeKind.LOW, NO_DETAILS, f"The threshold is 200. {READ_AT}"),
        (NoticeKind.CRITICAL, NO_DETAILS, f"The threshold is 200. {READ_AT}"),
        (NoticeKind.REMINDER, NO_DETAILS, f"The threshold is 200. {READ_AT}"),
        (NoticeKind.ALL_CLEAR, NO_DETAILS, f"The threshold is 200. {READ_AT}"),
        (NoticeKind.READABLE, NO_DETAILS, READ_AT),
        (NoticeKind.DIGEST, DAY, READ_BEFORE),
    ],
)
def test_every_balance_has_its_time(kind: NoticeKind, details: NoticeDetails, last: str) -> None:
    """A digest shows the time of its sample, not the time at which the digest was made."""
    assert said(kind, details)[-1] == last


def test_a_balance_that_cannot_be_read_has_its_reason_and_remedy() -> None:
    """The notice says since when, the last known balance, the reason and the remedy."""
    assert said(NoticeKind.UNREADABLE, NoticeDetails(outage=OutageDetails(AT, "ERR003", OLD))) == [
        "kwtSMS has not told how many are left since 2026-11-23 12:00.",
        "Last seen: 190 credits, at 2026-11-18 12:00.",
        "The API user name or password is wrong. (ERR003)",
        "Until they can be read, no warning comes when they run out.",
        rejection("ERR003").remedy,
    ]


def test_an_account_that_never_answered_has_no_last_balance() -> None:
    """An unknown balance is not reported as 0."""
    assert said(NoticeKind.UNREADABLE, NoticeDetails(outage=OutageDetails(AT, "", None))) == [
        "kwtSMS has not told how many are left since 2026-11-23 12:00.",
        "There is no answer that can be read.",
        "Until they can be read, no warning comes when they run out.",
        "kwtsms-bridge doctor says what is in the way.",
    ]
