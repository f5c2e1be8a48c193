"""Each target is notified once, and without a target no notice counts as sent."""

from datetime import datetime, timedelta
from pathlib import Path

from kwtsms_bot.balance.digest import DigestJob
from kwtsms_bot.balance.rules import NoticeKind
from kwtsms_bot.balance.store import open_balance_store
from kwtsms_bot.config import BalanceAlertSettings as Settings
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from support.balance import HOUR, pending_kinds, record_balance
from support.database import AT, opened

MORNING = datetime(2026, 11, 24, 8, tzinfo=KUWAIT_TZ)


async def test_a_target_that_is_named_twice_is_notified_once(database_url: str) -> None:
    """A target listed twice gets one warning and one digest, and the duplicate raises no error."""
    async with opened(database_url) as database:
        alerts = open_balance_store(database)
        assert await record_balance(alerts, 100, "C1", "C1")
        summary = await alerts.digests.summarize_day(AT, KUWAIT_TZ)
        assert summary
        assert await alerts.digests.enqueue_digest(AT.date(), summary, ["C1", "C1"], AT)

        assert await pending_kinds(alerts, "C1") == ["low", "digest"]


async def test_a_crossing_waits_until_somebody_is_named(tmp_path: Path) -> None:
    """A crossing without a configured target is notified as soon as there is one."""
    async with opened(tmp_path) as database:
        alerts = open_balance_store(database)
        assert await record_balance(alerts, 30) is None
        assert await record_balance(alerts, 30, at=AT + HOUR) is None
        notice = await record_balance(alerts, 30, "C1", at=AT + 2 * HOUR)

        assert notice
        assert notice.kind is NoticeKind.CRITICAL
        assert await record_balance(alerts, 30, "C1", at=AT + 3 * HOUR) is None


async def test_an_all_clear_waits_too(tmp_path: Path) -> None:
    """After a low-balance warning, the all-clear follows even if the target was changed."""
    async with opened(tmp_path) as database:
        alerts = open_balance_store(database)
        await record_balance(alerts, 100, "C1")
        await record_balance(alerts, 1000, at=AT + HOUR)
        notice = await record_balance(alerts, 1000, "C1", at=AT + 2 * HOUR)

        assert notice
        assert notice.kind is NoticeKind.ALL_CLEAR


async def test_an_undelivered_warning_goes_to_the_corrected_target(
    tmp_path: Path,
) -> None:
    """After the channel ID is corrected, the next sample notifies the new channel."""
    async with opened(tmp_path) as database:
        alerts = open_balance_store(database)
        await record_balance(alerts, 100, "CWRONG")
        await record_balance(alerts, 100, "C1", at=AT + HOUR)
        await record_balance(alerts, 100, "C1", at=AT + 2 * HOUR)

        assert await pending_kinds(alerts, "C1") == ["low"]
        assert await alerts.notices.count_undelivered() == 1


async def test_a_delivered_warning_is_not_repeated_elsewhere(tmp_path: Path) -> None:
    """A new target gets the next change, not the current crossing again."""
    async with opened(tmp_path) as database:
        alerts = open_balance_store(database)
        await record_balance(alerts, 100, "C1")
        for pending in await alerts.notices.list_pending("C1"):
            await alerts.notices.record_delivery(pending)

        assert await alerts.notices.count_undelivered() == 0
        assert await record_balance(alerts, 100, "C2", at=AT + HOUR) is None


async def test_a_digest_waits_for_its_time_and_for_somebody(tmp_path: Path) -> None:
    """A digest is not made before its time, and without targets it waits until later that day."""
    woken: list[None] = []
    settings = Settings.model_validate({"digest": "08:00"})

    def digest(*targets: str) -> DigestJob:
        return DigestJob(
            settings, alerts.digests, targets=targets, on_change=lambda: woken.append(None)
        )

    async with opened(tmp_path) as database:
        alerts = open_balance_store(database)
        await record_balance(alerts, 1000, "C1")
        early, late = digest("C1"), digest("C1")
        await early.enqueue_if_due(MORNING - timedelta(minutes=1))
        await digest().enqueue_if_due(MORNING)
        assert (await pending_kinds(alerts, "C1"), woken) == ([], [])

        await early.enqueue_if_due(MORNING + HOUR)
        await early.enqueue_if_due(MORNING + HOUR)
        await late.enqueue_if_due(MORNING + 2 * HOUR)
        assert (await pending_kinds(alerts, "C1"), woken) == (["digest"], [None])
