"""Alerts spend at most their credits of a day, and the channel hears when they are used up."""

from datetime import timedelta
from typing import Any

import pytest

from kwtsms_bot.balance.rules import NoticeKind
from kwtsms_bot.balance.store.deliveries import NoticeStore
from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.store.credit_notices import NoticeTargets, reached_levels
from kwtsms_bot.bridge.store.figures import count_figures
from support.bridge_bench import BRIDGE, BridgeBench, alert, bridge_bench, ended

CHANNEL = "C0123ALERT"
CRITICAL = AlertSeverity.CRITICAL


def limited(credits_per_day: int) -> dict[str, Any]:
    """A bridge that may spend so many credits a day."""
    return BRIDGE | {"credits_per_day": credits_per_day}


async def notices(bench: BridgeBench) -> list[NoticeKind]:
    """The notices that the channel has not got yet."""
    found = await NoticeStore(bench.database).list_pending(CHANNEL)
    return [one.notice.kind for one in found]


@pytest.mark.parametrize(
    ("spent", "highest"),
    [
        (399, None),
        (400, NoticeKind.ALERTS_LOW),
        (500, NoticeKind.ALERTS_LIMITED),
        (999, NoticeKind.ALERTS_LIMITED),
        (1000, NoticeKind.ALERTS_WAITING),
    ],
)
def test_levels_are_shares_of_the_limit(spent: int, highest: NoticeKind | None) -> None:
    """At 80 % it is low; from 100 % only critical alerts leave, to 200 %."""
    assert next(iter(reached_levels(spent, 500)), None) is highest


def test_a_low_level_concerns_the_channel_only() -> None:
    """Other targets hear of it once something is held."""
    targets = NoticeTargets((CHANNEL,), ("apprise:1",))

    assert targets.of(NoticeKind.ALERTS_LOW) == (CHANNEL,)
    assert targets.of(NoticeKind.ALERTS_LIMITED) == (CHANNEL, "apprise:1")


async def test_the_answer_says_that_the_credits_are_used_up(database_url: str) -> None:
    """Then an alert is held with the reason, and a critical one is not."""
    async with bridge_bench(database_url, limited(1)) as bench:
        (first,) = await bench.post(alert("disk"))
        await bench.advance(8)
        error, critical = await bench.post(alert("ram"), alert("site", severity=CRITICAL))

    assert (first.sms, first.why) == ("due", None)
    assert (error.sms, error.why) == ("held", "over_budget")
    assert (critical.sms, critical.why) == ("due", None)


async def test_each_level_has_one_notice_a_day(database_url: str) -> None:
    """The channel hears of the limit once, and of the next level when it is reached."""
    async with bridge_bench(database_url, limited(1)) as bench:
        await bench.post(alert("disk"))
        await bench.advance(8)
        at_limit = await notices(bench)
        await bench.post(alert("site", severity=CRITICAL))
        await bench.advance(20)
        await bench.post(alert("ram"))
        await bench.advance(20)

        assert at_limit == [NoticeKind.ALERTS_LIMITED]
        assert await notices(bench) == [NoticeKind.ALERTS_LIMITED, NoticeKind.ALERTS_WAITING]


async def test_a_restart_repeats_no_notice(database_url: str) -> None:
    """A jump over a level has one notice, of the higher one, also after a restart."""
    async with bridge_bench(database_url, limited(1)) as bench:
        await bench.post(alert("disk"))
        await bench.advance(8)
        restarted = BridgeBench(
            bench.database, bench.outbox, bench.bridge, bench.phonebook, now=bench.now
        )
        await restarted.post(alert("ram"))
        await restarted.advance(8)

        assert await notices(restarted) == [NoticeKind.ALERTS_LIMITED]


async def test_the_next_day_begins_with_new_credits(database_url: str) -> None:
    """After midnight, waiting alerts are sent, and the level has a notice of that day."""
    async with bridge_bench(database_url, limited(1)) as bench:
        await bench.post(alert("disk"))
        await bench.advance(8)
        (waiting,) = await bench.post(alert("ram"))
        bench.now += timedelta(days=1)
        texts = await bench.advance(8)
        kinds = await notices(bench)

    assert len(texts) == 1
    assert str(waiting.ref) in texts[0]
    assert kinds == [NoticeKind.ALERTS_LIMITED]  # The undelivered one of yesterday is outdated.


async def test_figures_count_what_waits(database_url: str) -> None:
    """The figures name the reason, and the age of what was due first."""
    async with bridge_bench(database_url, limited(1)) as bench:
        before = await count_figures(bench.database)
        await bench.post(alert("disk"), alert("ram"))
        await bench.advance(8)
        await bench.post(alert("disk2"))
        await bench.post(ended("ram"))
        await bench.advance(30)
        after = await count_figures(bench.database)

    assert (before.incidents["firing"], before.oldest_seconds) == (0, 0.0)
    assert before.waiting == {
        "settling": 0,
        "paused": 0,
        "gateway": 0,
        "over_budget": 0,
        "pace": 0,
        "night": 0,
    }
    assert (after.incidents["firing"], after.incidents["resolved"]) == (2, 1)
    assert after.waiting["over_budget"] == 1
    assert 20 <= after.oldest_seconds <= 30
