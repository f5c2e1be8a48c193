"""Alerts whose end nobody reports: those without a key, and messages that are no alarms."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kwtsms_bot.bridge.episodes import AlertOutcome
from kwtsms_bot.bridge.integrations.request import ParseOptions
from kwtsms_bot.bridge.reports import AlertResult
from kwtsms_bot.bridge.states import Closing
from kwtsms_bot.database.tables import incident
from support.bridge import json_request, parse, sample
from support.bridge_bench import alert, bridge_bench

HOUR = timedelta(hours=1).seconds
ALARM = sample("sns_notification_cloudwatch")
EVENT = sample("pagerduty_v2_trigger")


@pytest.mark.parametrize(
    ("kind", "body", "has_end"),
    [
        ("native", {"title": "Backup failed"}, False),
        ("native", {"title": "Backup failed", "key": "backup"}, True),
        ("apprise", {"title": "Backup failed", "type": "failure"}, False),
        ("pagerduty", EVENT | {"dedup_key": ""}, False),
        ("pagerduty", EVENT, True),
        ("sns", ALARM | {"Message": "Disk is full"}, False),
        ("sns", ALARM, True),
    ],
)
def test_who_reports_the_end(kind: str, body: dict[str, Any], has_end: bool) -> None:  # noqa: FBT001
    """Only what has a key, or is an alarm, is ended by its tool."""
    (found,) = parse(kind, json_request(body)).alerts

    assert found.has_end is has_end


def test_a_success_is_an_end() -> None:
    """With `success_resolves`, the title is enough."""
    options = ParseOptions(success_resolves=True)
    (found,) = parse("apprise", json_request({"title": "Backup"}), options).alerts

    assert found.has_end


async def test_the_same_without_a_key_on_the_next_day_is_sent(tmp_path: Path) -> None:
    """A job that fails every night is texted every night; one with a key stays one alert."""
    async with bridge_bench(tmp_path) as bench:
        await bench.post(alert("backup", has_end=False), alert("disk"))
        await bench.advance(10)
        await bench.advance(24 * HOUR, step=HOUR)
        query = select(incident.c.resolved_by).order_by(incident.c.id)
        async with bench.database.reading() as connection:
            closings = list((await connection.execute(query)).scalars())
        backup, disk = await bench.post(alert("backup", has_end=False), alert("disk"))

        assert closings == [Closing.BY_ITSELF, None]
        assert (backup.outcome, backup.sms) == (AlertOutcome.NEW, "due")
        assert disk.outcome is AlertOutcome.REPEAT


async def test_a_report_makes_an_alert_without_a_key_last(tmp_path: Path) -> None:
    """While it is reported, it is the same alert."""
    async with bridge_bench(tmp_path) as bench:
        await bench.post(alert("backup", has_end=False))
        results: list[AlertResult] = []
        for _ in range(3):
            await bench.advance(HOUR - 60, step=HOUR - 60)
            results += await bench.post(alert("backup", has_end=False))

        assert {one.outcome for one in results} == {AlertOutcome.REPEAT}
