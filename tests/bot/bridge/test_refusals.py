"""Refused bodies become an alert of the bridge itself, once an hour."""

from kwtsms_bot.bridge.episodes import AlertOutcome
from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus
from kwtsms_bot.bridge.refusals import MAX_REFUSED, WINDOW_SECONDS, RefusalMonitor, format_size
from support.bridge_bench import bridge_bench

MEBIBYTE = 1024 * 1024
HOUR = 3600.0


def test_a_body_that_is_too_large_is_reported_once_an_hour() -> None:
    """The title says what to set; another integration has its own report."""
    monitor = RefusalMonitor()
    first = monitor.too_large("prometheus", "alertmanager", 6 * MEBIBYTE, 0.0)
    again = monitor.too_large("prometheus", "alertmanager", 6 * MEBIBYTE, HOUR - 1)
    other = monitor.too_large("scripts", "native", 4 * MEBIBYTE + 1, 1.0)
    later = monitor.too_large("prometheus", "alertmanager", 6 * MEBIBYTE, HOUR)

    assert first
    assert first.title == "prometheus: a body of 6 MiB was refused; set max_alerts: 1000"
    assert (first.kind, first.severity) == ("bridge", AlertSeverity.ERROR)
    assert first.status is AlertStatus.FIRING
    assert again is None
    assert other
    assert other.title == "scripts: a body of 5 MiB was refused; send less at once"
    assert later


def test_many_unreadable_bodies_are_reported() -> None:
    """Twenty within five minutes are reported, and nineteen are not."""
    monitor = RefusalMonitor()
    found = [monitor.unreadable("scripts", float(n)) for n in range(MAX_REFUSED + 5)]

    assert [n for n, one in enumerate(found) if one] == [MAX_REFUSED - 1]


def test_rare_unreadable_bodies_are_not_reported() -> None:
    """Twenty refusals over a longer time are the tool's own mistakes."""
    monitor = RefusalMonitor()
    step = WINDOW_SECONDS / (MAX_REFUSED - 1) + 0.1

    assert not any(monitor.unreadable("scripts", n * step) for n in range(3 * MAX_REFUSED))


def test_a_report_that_was_not_stored_is_made_again() -> None:
    """A database in trouble loses no report."""
    monitor = RefusalMonitor()
    monitor.too_large("scripts", "native", 5 * MEBIBYTE, 0.0)
    monitor.forget("scripts")

    assert monitor.too_large("scripts", "native", 5 * MEBIBYTE, 1.0)


def test_a_size_is_above_the_limit_that_it_exceeds() -> None:
    """One byte more than 4 MiB is not shown as 4 MiB."""
    assert [format_size(4 * MEBIBYTE), format_size(4 * MEBIBYTE + 1)] == ["4 MiB", "5 MiB"]


async def test_replicas_report_one_incident(database_url: str) -> None:
    """Reports of one cause are one alert, even from several replicas."""
    found = [RefusalMonitor().too_large("scripts", "native", n * MEBIBYTE, 0.0) for n in (5, 6)]
    async with bridge_bench(database_url) as bench:
        results = [(await bench.post(one))[0] for one in found if one]
        texts = await bench.advance(10)

    assert [one.outcome for one in results] == [AlertOutcome.NEW, AlertOutcome.UPDATE]
    assert len({one.ref for one in results}) == 1
    assert len(texts) == 1
