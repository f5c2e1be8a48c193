"""Whoever is to be told is told once, and nothing counts as told while nobody is."""

from datetime import datetime, timedelta
from pathlib import Path

from kwtsms_bot.alerts.balance import Kind
from kwtsms_bot.alerts.digest import Digest
from kwtsms_bot.alerts.store import AlertStore
from kwtsms_bot.config import BalanceWatch as Settings
from kwtsms_bot.kuwait import ZONE
from support.alerts import HOUR, kinds, look
from support.database import AT, opened

MORNING = datetime(2026, 11, 24, 8, tzinfo=ZONE)


async def test_a_place_that_is_named_twice_is_told_once(database_url: str) -> None:
    """A warning and a digest: one row each, and no look that fails for the second."""
    async with opened(database_url) as database:
        alerts = AlertStore(database)
        assert await look(alerts, 100, "C1", "C1")
        summary = await alerts.summary(AT, ZONE)
        assert summary
        assert await alerts.tell_of_day(AT.date(), summary, ["C1", "C1"], AT)

        assert await kinds(alerts, "C1") == ["low", "digest"]


async def test_a_crossing_waits_until_somebody_is_named(tmp_path: Path) -> None:
    """An account that runs dry while no channel is configured is told of when there is one."""
    async with opened(tmp_path) as database:
        alerts = AlertStore(database)
        assert await look(alerts, 30) is None
        assert await look(alerts, 30, at=AT + HOUR) is None
        notice = await look(alerts, 30, "C1", at=AT + 2 * HOUR)

        assert notice
        assert notice.kind is Kind.CRITICAL
        assert await look(alerts, 30, "C1", at=AT + 3 * HOUR) is None


async def test_an_all_clear_waits_too(tmp_path: Path) -> None:
    """Whoever heard of a low balance hears that it is fine again, even if the place was changed."""
    async with opened(tmp_path) as database:
        alerts = AlertStore(database)
        await look(alerts, 100, "C1")
        await look(alerts, 1000, at=AT + HOUR)
        notice = await look(alerts, 1000, "C1", at=AT + 2 * HOUR)

        assert notice
        assert notice.kind is Kind.ALL_CLEAR


async def test_a_warning_that_reached_nobody_goes_to_the_place_that_was_mended(
    tmp_path: Path,
) -> None:
    """Somebody has corrected the channel's id: the new one hears of it at the next look."""
    async with opened(tmp_path) as database:
        alerts = AlertStore(database)
        await look(alerts, 100, "CWRONG")
        await look(alerts, 100, "C1", at=AT + HOUR)
        await look(alerts, 100, "C1", at=AT + 2 * HOUR)

        assert await kinds(alerts, "C1") == ["low"]
        assert await alerts.undelivered() == 1


async def test_a_warning_that_was_told_is_not_told_again_elsewhere(tmp_path: Path) -> None:
    """A new channel hears of the next change; once per crossing."""
    async with opened(tmp_path) as database:
        alerts = AlertStore(database)
        await look(alerts, 100, "C1")
        for pending in await alerts.pending("C1"):
            await alerts.delivered(pending)

        assert await alerts.undelivered() == 0
        assert await look(alerts, 100, "C2", at=AT + HOUR) is None


async def test_a_digest_waits_for_its_time_and_for_somebody(tmp_path: Path) -> None:
    """Not before its time of day; later on the same day where nobody was named."""
    woken: list[None] = []
    settings = Settings.model_validate({"digest": "08:00"})

    def digest(*targets: str) -> Digest:
        return Digest(settings, alerts, targets=targets, on_change=lambda: woken.append(None))

    async with opened(tmp_path) as database:
        alerts = AlertStore(database)
        await look(alerts, 1000, "C1")
        early, late = digest("C1"), digest("C1")
        await early.check(MORNING - timedelta(minutes=1))
        await digest().check(MORNING)
        assert (await kinds(alerts, "C1"), woken) == ([], [])

        await early.check(MORNING + HOUR)
        await early.check(MORNING + HOUR)
        await late.check(MORNING + 2 * HOUR)
        assert (await kinds(alerts, "C1"), woken) == (["digest"], [None])
