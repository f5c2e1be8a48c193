"""The balance monitor: balance hints trigger extra polls, and a failing poll is notified."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kwtsms_bot.balance.details import OutageDetails
from kwtsms_bot.balance.rules import NoticeKind
from kwtsms_bot.balance.store import open_balance_store
from kwtsms_client import NotSent
from kwtsms_client.errors import rejection
from support.balance import HOUR, StubAccount, pending_kinds, record_balance, watch
from support.database import AT, opened

SECOND = timedelta(seconds=1)
QUARTER = timedelta(minutes=15)


async def test_a_crossing_in_a_balance_hint_is_notified(tmp_path: Path) -> None:
    """Both crossings are notified, seconds apart, and the gateway is polled once for each."""
    async with opened(tmp_path) as database:
        alerts, account = open_balance_store(database), StubAccount(1000)
        woken: list[None] = []
        bot = watch(alerts, account, "C1", on_change=lambda: woken.append(None))
        await bot.poll_if_due(AT)
        for number, left in enumerate([300, 199, 198, 49, 48], start=1):
            account.answer = left
            await bot.on_balance_hint(Decimal(left), AT + number * SECOND)

        assert await pending_kinds(alerts, "C1") == ["low", "critical"]
        assert (account.polls, len(woken)) == (3, 2)


async def test_answers_at_the_same_time_are_one_crossing(tmp_path: Path) -> None:
    """Eight answers in any order cause one poll, one warning and no all-clear."""
    async with opened(tmp_path) as database:
        alerts, account = open_balance_store(database), StubAccount(100)
        bot = watch(alerts, account, "C1")
        answers = (100, 300, 150, 500, 120, 199, 110, 400)
        await asyncio.gather(*(bot.on_balance_hint(Decimal(left), AT) for left in answers))

        assert (account.polls, await pending_kinds(alerts, "C1")) == (1, ["low"])


async def test_an_answer_that_is_older_than_a_top_up_warns_nobody(tmp_path: Path) -> None:
    """A delayed answer only triggers a poll; the polled balance decides."""
    async with opened(tmp_path) as database:
        alerts, account = open_balance_store(database), StubAccount(5000)
        await watch(alerts, account, "C1").on_balance_hint(Decimal(10), AT)

        assert (account.polls, await pending_kinds(alerts, "C1")) == (1, [])


async def test_without_targets_the_balance_is_not_polled(tmp_path: Path) -> None:
    """Without a target, no threshold is crossed."""
    async with opened(tmp_path) as database:
        account = StubAccount(10)
        await watch(open_balance_store(database), account).on_balance_hint(Decimal(10), AT)

        assert account.polls == 0


async def test_an_extra_poll_that_fails_is_not_repeated_at_once(tmp_path: Path) -> None:
    """Otherwise, every answer in a bulk would poll again, and each poll costs one send."""
    async with opened(tmp_path) as database:
        account = StubAccount(NotSent("no connection"))
        bot = watch(open_balance_store(database), account, "C1")
        for left in (190, 180, 170):
            await bot.on_balance_hint(Decimal(left), AT)

        assert account.polls == 1


@pytest.mark.parametrize("known", [True, False])
async def test_an_unreadable_balance_is_notified_once(tmp_path: Path, known: bool) -> None:  # noqa: FBT001
    """The notice comes after a quarter of remind_after from any replica, and then one all-clear."""
    refused = StubAccount(rejection("ERR003"))
    async with opened(tmp_path) as database:
        alerts = open_balance_store(database)
        if known:
            await record_balance(alerts, 1000, "C1")
        pending_counts = []
        for number in range(1, 60):  # Longer than failed polls are remembered.
            await watch(alerts, refused, "C1").poll_if_due(AT + number * HOUR)
            pending_counts.append(len(await alerts.notices.list_pending("C1")))
        (only,) = await alerts.notices.list_pending("C1")
        for number in range(60, 63):
            await watch(alerts, StubAccount(1000), "C1").poll_if_due(AT + number * HOUR)

        assert pending_counts.index(1) == 6  # Six hours after the first failed poll.
        outage = OutageDetails(AT + HOUR, "ERR003", AT if known else None)
        assert (only.notice.kind, only.notice.details.outage) == (NoticeKind.UNREADABLE, outage)
        assert await pending_kinds(alerts, "C1") == ["unreadable", "readable"]


async def test_a_bot_that_was_away_does_not_call_the_first_failure_a_long_one(
    tmp_path: Path,
) -> None:
    """The time without polls does not count as an outage."""
    async with opened(tmp_path) as database:
        alerts = open_balance_store(database)
        await record_balance(alerts, 1000, "C1")
        await watch(alerts, StubAccount(NotSent("no")), "C1").poll_if_due(AT + 100 * HOUR)

        assert await pending_kinds(alerts, "C1") == []


async def test_a_missed_crossing_is_notified_with_the_all_clear(tmp_path: Path) -> None:
    """The first notice says that the balance is readable again, the second that it is low."""
    async with opened(tmp_path) as database:
        alerts, account = open_balance_store(database), StubAccount(NotSent("no"))
        bot = watch(alerts, account, "C1")
        for number in range(25):
            await bot.poll_if_due(AT + number * QUARTER)
        account.answer = 100
        await bot.poll_if_due(AT + 25 * QUARTER)

        assert await pending_kinds(alerts, "C1") == ["unreadable", "readable", "low"]
