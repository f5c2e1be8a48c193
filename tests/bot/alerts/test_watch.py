"""A crossing that an answer tells is looked at out of turn, and a blind watch says that it is."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kwtsms_bot.alerts.balance import Kind
from kwtsms_bot.alerts.facts import Trouble
from kwtsms_bot.alerts.store import AlertStore
from kwtsms_client import NotSent
from kwtsms_client.errors import rejection
from support.alerts import HOUR, Account, kinds, look, watch
from support.database import AT, opened

SECOND = timedelta(seconds=1)
QUARTER = timedelta(minutes=15)


async def test_a_crossing_is_told_when_an_answer_tells_it(tmp_path: Path) -> None:
    """Both of them, seconds apart; the gateway is asked once for each."""
    async with opened(tmp_path) as database:
        alerts, account = AlertStore(database), Account(1000)
        woken: list[None] = []
        bot = watch(alerts, account, "C1", on_change=lambda: woken.append(None))
        await bot.check(AT)
        for number, left in enumerate([300, 199, 198, 49, 48], start=1):
            account.holds = left
            await bot.heard(Decimal(left), AT + number * SECOND)

        assert await kinds(alerts, "C1") == ["low", "critical"]
        assert (account.asked, len(woken)) == (3, 2)


async def test_answers_at_the_same_time_are_one_crossing(tmp_path: Path) -> None:
    """Eight calls come back at once, in any order: one look, one warning, no all-clear."""
    async with opened(tmp_path) as database:
        alerts, account = AlertStore(database), Account(100)
        bot = watch(alerts, account, "C1")
        answers = (100, 300, 150, 500, 120, 199, 110, 400)
        await asyncio.gather(*(bot.heard(Decimal(left), AT) for left in answers))

        assert (account.asked, await kinds(alerts, "C1")) == (1, ["low"])


async def test_an_answer_that_is_older_than_a_top_up_warns_nobody(tmp_path: Path) -> None:
    """What the gateway says now counts, not what a slow answer has brought."""
    async with opened(tmp_path) as database:
        alerts, account = AlertStore(database), Account(5000)
        await watch(alerts, account, "C1").heard(Decimal(10), AT)

        assert (account.asked, await kinds(alerts, "C1")) == (1, [])


async def test_where_nobody_is_to_be_told_nobody_is_asked(tmp_path: Path) -> None:
    """Without a target no threshold is crossed."""
    async with opened(tmp_path) as database:
        account = Account(10)
        await watch(AlertStore(database), account).heard(Decimal(10), AT)

        assert account.asked == 0


async def test_a_look_out_of_turn_that_fails_is_not_repeated_at_once(tmp_path: Path) -> None:
    """Every answer of a bulk would ask again, and each question is one send less."""
    async with opened(tmp_path) as database:
        account = Account(NotSent("no connection"))
        bot = watch(AlertStore(database), account, "C1")
        for left in (190, 180, 170):
            await bot.heard(Decimal(left), AT)

        assert account.asked == 1


@pytest.mark.parametrize("seen", [True, False])
async def test_a_balance_that_cannot_be_read_is_told_once(tmp_path: Path, seen: bool) -> None:  # noqa: FBT001
    """After a quarter of remind_after, by whichever process is there; then one all-clear."""
    refused = Account(rejection("ERR003"))
    async with opened(tmp_path) as database:
        alerts = AlertStore(database)
        if seen:
            await look(alerts, 1000, "C1")
        told = []
        for number in range(1, 60):  # Longer than the looks that failed are known.
            await watch(alerts, refused, "C1").check(AT + number * HOUR)
            told.append(len(await alerts.pending("C1")))
        (only,) = await alerts.pending("C1")
        for number in range(60, 63):
            await watch(alerts, Account(1000), "C1").check(AT + number * HOUR)

        assert told.index(1) == 6  # Six hours after the first look that failed.
        trouble = Trouble(AT + HOUR, "ERR003", AT if seen else None)
        assert (only.notice.kind, only.notice.facts.trouble) == (Kind.UNREADABLE, trouble)
        assert await kinds(alerts, "C1") == ["unreadable", "readable"]


async def test_a_bot_that_was_away_does_not_call_the_first_failure_a_long_one(
    tmp_path: Path,
) -> None:
    """The time in which nobody looked does not count."""
    async with opened(tmp_path) as database:
        alerts = AlertStore(database)
        await look(alerts, 1000, "C1")
        await watch(alerts, Account(NotSent("no")), "C1").check(AT + 100 * HOUR)

        assert await kinds(alerts, "C1") == []


async def test_a_crossing_that_was_not_seen_is_told_with_the_all_clear(tmp_path: Path) -> None:
    """Two notices: that the balance can be read, and that it is low."""
    async with opened(tmp_path) as database:
        alerts, account = AlertStore(database), Account(NotSent("no"))
        bot = watch(alerts, account, "C1")
        for number in range(25):
            await bot.check(AT + number * QUARTER)
        account.holds = 100
        await bot.check(AT + 25 * QUARTER)

        assert await kinds(alerts, "C1") == ["unreadable", "readable", "low"]
