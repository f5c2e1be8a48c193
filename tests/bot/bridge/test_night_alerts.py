"""At night what is not severe waits for the morning, and is then sent bundled."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.bridge.store.incident_queries import IncidentQueries
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from support.bridge_bench import BRIDGE, BridgeBench, alert, bridge_bench, ended
from support.database import ACTOR

WARNING, ERROR, CRITICAL = AlertSeverity.WARNING, AlertSeverity.ERROR, AlertSeverity.CRITICAL
NIGHT = {"hours": "22:00-07:00", "sms_from": "critical", "after": "10m"}


def bridge(**changes: Any) -> dict[str, Any]:
    """A bridge whose receiver has a night."""
    receiver = {"to": ["noura"], "sms_from": "warning", "night": NIGHT} | changes
    return BRIDGE | {"receivers": {"ops": receiver}}


def at(bench: BridgeBench, hour: int, minute: int = 0) -> None:
    """Moves the clock to the next such time in Kuwait."""
    local = bench.now.astimezone(KUWAIT_TZ)
    found = local.replace(hour=hour, minute=minute, second=0)
    days = timedelta(days=1 if found < local else 0)
    bench.now = (found + days).astimezone(UTC)
    bench.tick()


def times(bench: BridgeBench) -> list[str]:
    """When texts left, in Kuwait."""
    return [f"{sent.astimezone(KUWAIT_TZ):%H:%M}" for sent, _, _ in bench.sent]


async def test_scenario_32(database_url: str) -> None:
    """Warnings wait till 07:00; critical goes at once, and an error that fires for 10 min, too."""
    async with bridge_bench(database_url, bridge()) as bench:
        at(bench, 2)
        results = await bench.post(
            alert("disk", severity=WARNING),
            alert("load", severity=WARNING),
            alert("fire", severity=CRITICAL),
            alert("short", severity=ERROR),
            alert("long", severity=ERROR),
        )
        await bench.advance(300, step=5)
        await bench.post(ended("short"))
        await bench.advance(3600, step=30)
        night = times(bench)
        at(bench, 6, 59)
        await bench.advance(50, step=10)
        before = len(bench.sent)
        morning = await bench.advance(60, step=5)

    assert [(one.sms, one.why) for one in results] == [
        ("held", "night"),
        ("held", "night"),
        ("due", None),
        ("held", "night"),
        ("held", "night"),
    ]
    assert night == ["02:00", "02:10"]
    assert ["fire" in bench.sent[0][2], "long" in bench.sent[1][2]] == [True, True]
    assert (before, len(morning)) == (2, 1)
    assert "+1 more" in morning[0]


async def test_a_waiting_alert_says_so(database_url: str) -> None:
    """The card shows that it waits for the morning, and when that is."""
    async with bridge_bench(database_url, bridge()) as bench:
        at(bench, 23)
        (result,) = await bench.post(alert("disk", severity=WARNING))
        await bench.advance(60, step=10)
        found = await IncidentQueries(bench.database).find(result.ref or "")

    assert found is not None
    (waiting,) = found.notified
    assert (waiting.state, waiting.reason) == ("waiting", "night")
    assert f"{waiting.due_at.astimezone(KUWAIT_TZ):%H:%M}" == "07:00"


async def test_the_steps_wait_for_the_morning(database_url: str) -> None:
    """At night there is no escalation; by day the steps keep their distance."""
    later = {"escalate": [{"after": "5m", "to": ["fahad"]}]}
    async with bridge_bench(database_url, bridge(**later)) as bench:
        at(bench, 21, 58)
        await bench.post(alert("disk", severity=WARNING))
        await bench.advance(30, step=10)
        at(bench, 23)
        await bench.post(alert("load", severity=WARNING))
        await bench.advance(1200, step=60)
        night = times(bench)
        at(bench, 6, 59)
        await bench.advance(600, step=10)

    assert night == ["21:58"]
    assert times(bench)[1:] == ["07:00", "07:00", "07:05"]


async def test_what_gets_critical_at_night_is_texted_at_once(database_url: str) -> None:
    """The steps begin then, too, and it is texted once only."""
    later = {"escalate": [{"after": "5m", "to": ["fahad"]}]}
    async with bridge_bench(database_url, bridge(**later)) as bench:
        at(bench, 2)
        await bench.post(alert("disk", severity=WARNING))
        await bench.advance(600, step=60)
        quiet = list(bench.sent)
        await bench.post(alert("disk", severity=CRITICAL))
        await bench.advance(360, step=5)
        loud = times(bench)
        await bench.act((await refs(bench))[0], Action.ACKNOWLEDGE)
        at(bench, 7)
        await bench.advance(60, step=10)

    assert quiet == []
    assert loud == ["02:10", "02:15"]
    assert len(bench.sent) == 2


async def test_what_was_deferred_by_day_waits_for_the_morning(database_url: str) -> None:
    """An admin resumes sending at night, or credits are there again at midnight."""
    async with bridge_bench(database_url, bridge()) as bench:
        switch = bench.outbox.kill_switch
        at(bench, 21)
        await switch.pause("", bench.now, ACTOR)
        (quiet, _) = await bench.post(
            alert("disk", severity=WARNING), alert("fire", severity=CRITICAL)
        )
        await bench.advance(60, step=20)
        at(bench, 23)
        await switch.resume(bench.now, ACTOR)
        night = await bench.advance(300, step=20)
        found = await IncidentQueries(bench.database).find(quiet.ref or "")
        at(bench, 7)
        morning = await bench.advance(60, step=10)

    assert ["fire" in text and "disk" not in text for text in night] == [True]
    assert found is not None
    assert [one.reason for one in found.notified] == ["night"]
    assert ["disk" in text for text in morning] == [True]


async def refs(bench: BridgeBench) -> list[str]:
    """The references of the open incidents."""
    return [one.ref for one in await IncidentQueries(bench.database).open_incidents(10)]


async def test_the_end_is_texted_in_the_morning(database_url: str) -> None:
    """An OK wakes nobody, either."""
    async with bridge_bench(database_url, bridge(resolved="sms")) as bench:
        at(bench, 21)
        await bench.post(alert("disk", severity=WARNING))
        await bench.advance(60, step=10)
        at(bench, 23)
        await bench.post(ended("disk"))
        night = await bench.advance(7200, step=60)
        at(bench, 7)
        morning = await bench.advance(60, step=10)

    assert night == []
    assert len(morning) == 1
    assert morning[0].startswith("OK")


@pytest.mark.parametrize(
    ("night", "message"),
    [
        ({"hours": 600}, "expected two times of day such as"),
        ({"hours": "2200-0700"}, "expected two times of day such as"),
        ({"hours": "22:00-07:00", "sms_from": "error", "after": "10m"}, "after: it is for errors"),
    ],
)
def test_an_ambiguous_night_is_refused(night: dict[str, Any], message: str) -> None:
    """With what to write instead."""
    with pytest.raises(ValidationError, match=message):
        BridgeSettings.model_validate(bridge(night=night))
