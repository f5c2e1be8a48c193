"""A notice in words says when its balance was seen, however late it is read."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kwtsms_bot.alerts.balance import Kind, Level, Notice
from kwtsms_bot.alerts.facts import NOTHING_MORE, Facts, Trouble, Yesterday
from kwtsms_bot.alerts.store import Pending
from kwtsms_bot.alerts.wording import body
from kwtsms_bot.language import ENGLISH
from kwtsms_client.errors import rejection
from support.database import AT

OLD = AT - timedelta(days=5)
DAY = Facts(yesterday=Yesterday(AT.date(), None, 0, 0, 0, seen_at=OLD))
SEEN, SEEN_BEFORE = "Seen at 2026-11-23 12:00.", "Seen at 2026-11-18 12:00."


def said(kind: Kind, facts: Facts = NOTHING_MORE) -> list[str]:
    """The body of a notice of noon, line by line."""
    notice = Notice(kind, Level.LOW, Decimal(190), Decimal(200), facts)
    return body(Pending(1, "C1", notice, AT), ENGLISH, "{:%Y-%m-%d %H:%M}".format).splitlines()


@pytest.mark.parametrize(
    ("kind", "facts", "last"),
    [
        (Kind.LOW, NOTHING_MORE, f"The threshold is 200. {SEEN}"),
        (Kind.CRITICAL, NOTHING_MORE, f"The threshold is 200. {SEEN}"),
        (Kind.REMINDER, NOTHING_MORE, f"The threshold is 200. {SEEN}"),
        (Kind.ALL_CLEAR, NOTHING_MORE, f"The threshold is 200. {SEEN}"),
        (Kind.READABLE, NOTHING_MORE, SEEN),
        (Kind.DIGEST, DAY, SEEN_BEFORE),
    ],
)
def test_every_balance_has_its_time(kind: Kind, facts: Facts, last: str) -> None:
    """A digest's is that of the look that it tells of, not the time at which it was made."""
    assert said(kind, facts)[-1] == last


def test_a_balance_that_cannot_be_read_has_its_reason_and_remedy() -> None:
    """Since when, what was seen last, why, and what to do."""
    assert said(Kind.UNREADABLE, Facts(trouble=Trouble(AT, "ERR003", OLD))) == [
        "kwtSMS has not told how many are left since 2026-11-23 12:00.",
        "Last seen: 190 credits, at 2026-11-18 12:00.",
        "The API user name or password is wrong. (ERR003)",
        "Until they can be read, no warning comes when they run out.",
        rejection("ERR003").remedy,
    ]


def test_an_account_that_never_answered_has_no_last_balance() -> None:
    """What nobody has seen is not told as nothing."""
    assert said(Kind.UNREADABLE, Facts(trouble=Trouble(AT, "", None))) == [
        "kwtSMS has not told how many are left since 2026-11-23 12:00.",
        "There is no answer that can be read.",
        "Until they can be read, no warning comes when they run out.",
        "kwtsms-bridge doctor says what is in the way.",
    ]
