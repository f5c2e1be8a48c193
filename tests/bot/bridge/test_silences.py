"""Silenced alerts are shown and not texted; what still fires at the end of a silence is."""

from datetime import datetime, timedelta

import pytest

from kwtsms_bot.bridge.silences.silence import TimeWindow
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.bridge.store.silences import CreatedSilence, NewSilence
from kwtsms_bot.outbox.audit import Actor
from support.bridge_bench import BRIDGE, BridgeBench, alert, bridge_bench, ended

SARA = Actor("U1")
HOUR = timedelta(hours=1)
LABELS = {"site": "shuwaikh"}
ESCALATING = BRIDGE | {
    "receivers": {"ops": {"to": ["noura"], "escalate": [{"after": "5m", "to": ["fahad"]}]}}
}


async def silence(
    bench: BridgeBench,
    lasts: timedelta = 2 * HOUR,
    *,
    ref: str | None = None,
    begins: timedelta = timedelta(0),
    weekly: bool = False,
) -> CreatedSilence:
    """Creates a silence of site=shuwaikh, or of one incident."""
    conditions = {} if ref else {"site": ("shuwaikh",)}
    start: datetime = bench.now + begins
    window = TimeWindow(start, start + lasts)
    new = NewSilence(conditions, ref, window, weekly, "new cable")
    return await bench.silences.create(new, SARA)


async def test_what_still_fires_at_its_end_is_texted_bundled(database_url: str) -> None:
    """Scenario 31: no SMS for two hours; then one, of the alerts that still fire."""
    async with bridge_bench(database_url) as bench:
        await silence(bench)
        results = await bench.post(
            *(alert(f"host{number}", labels=LABELS) for number in range(3)), alert("other")
        )
        first = await bench.advance(60, step=5)
        await bench.post(ended("host2", labels=LABELS))
        during = await bench.advance(6900, step=300)
        after = await bench.advance(300, step=20)

    assert [(one.sms, one.why) for one in results] == [("none", "silenced")] * 3 + [("due", None)]
    assert [text.startswith("ERR other is down") for text in first] == [True]
    assert during == []
    (text,) = after
    assert text.startswith(("ERR host0 is down", "ERR host1 is down"))
    assert "+1 more" in text


async def test_it_recalls_what_was_to_be_sent(database_url: str) -> None:
    """An open incident that matches tells nothing more, and its steps wait."""
    async with bridge_bench(database_url, ESCALATING) as bench:
        (result,) = await bench.post(alert("host", labels=LABELS))
        created = await silence(bench)
        during = await bench.advance(6900, step=300)
        after = await bench.advance(320, step=20)
        later = await bench.advance(300, step=5)

    assert (created.incidents, created.in_flight) == (1, 0)
    assert during == []
    assert [str(result.ref) in text for text in after] == [True]
    assert [text.startswith("2ND ERR") for text in later] == [True]


async def test_an_incident_is_silenced_by_its_reference(database_url: str) -> None:
    """Whatever comes in it is shown only; other incidents are texted."""
    async with bridge_bench(database_url) as bench:
        (first,) = await bench.post(alert("a", group="g"))
        await bench.advance(10)
        await silence(bench, ref=first.ref)
        (more, other) = await bench.post(alert("b", group="g"), alert("c"))
        texts = await bench.advance(180, step=10)

    assert (more.ref, more.why) == (first.ref, "silenced")
    assert [str(other.ref) in text for text in texts] == [True]


async def test_a_person_ends_it(database_url: str) -> None:
    """Firing alerts are texted at once; a silence can't be ended twice."""
    async with bridge_bench(database_url) as bench:
        created = await silence(bench)
        await bench.post(alert("host", labels=LABELS))
        before = await bench.advance(60, step=5)
        found = await bench.silences.end(created.silence.ref.lower(), SARA)
        texts = await bench.advance(10)
        again = await bench.silences.end(created.silence.ref, SARA)
        current = await bench.silences.current()

    assert before == []
    assert found is not None
    assert found.ref == created.silence.ref
    assert len(texts) == 1
    assert again is None
    assert current == ()


async def test_what_ends_in_it_is_never_texted(database_url: str) -> None:
    """Nor is what somebody has taken by its end."""
    async with bridge_bench(database_url) as bench:
        await silence(bench)
        (_, acknowledged) = await bench.post(alert("a", labels=LABELS), alert("b", labels=LABELS))
        await bench.post(ended("a", labels=LABELS))
        await bench.act(acknowledged.ref, Action.ACKNOWLEDGE)
        texts = await bench.advance(3 * 3600, step=300)

    assert texts == []


async def test_one_ahead_starts_by_itself(database_url: str) -> None:
    """Before it an alert is texted; once it starts, its incident is muted."""
    async with bridge_bench(database_url) as bench:
        await silence(bench, HOUR, begins=HOUR)
        await bench.post(alert("early", labels=LABELS))
        before = await bench.advance(10)
        await bench.advance(3600, step=300)
        (during,) = await bench.post(alert("late", labels=LABELS))
        texts = await bench.advance(3300, step=300)
        after = await bench.advance(600, step=30)

    assert len(before) == 1
    assert during.why == "silenced"
    assert texts == []
    assert len(after) == 1
    assert "+1 more" in after[0]


async def test_a_weekly_one_begins_again(database_url: str) -> None:
    """A week later it mutes again; in between alerts are texted."""
    async with bridge_bench(database_url) as bench:
        await silence(bench, HOUR, weekly=True)
        await bench.advance(7200, step=600)
        (between,) = await bench.post(alert("a", labels=LABELS))
        texts = await bench.advance(10)
        await bench.post(ended("a", labels=LABELS))
        bench.now += timedelta(days=7) - timedelta(seconds=7210)
        await bench.advance(60, step=5)
        (again,) = await bench.post(alert("b", labels=LABELS))

    assert (between.sms, len(texts)) == ("due", 1)
    assert again.why == "silenced"


@pytest.mark.parametrize("longer_first", [True, False])
async def test_the_longer_of_two_counts(database_url: str, *, longer_first: bool) -> None:
    """The end of one changes nothing while the other goes on."""
    async with bridge_bench(database_url) as bench:
        for hours in (2, 1) if longer_first else (1, 2):
            await silence(bench, hours * HOUR)
        await bench.post(alert("host", labels=LABELS))
        during = await bench.advance(6900, step=300)
        after = await bench.advance(420, step=30)

    assert during == []
    assert len(after) == 1


async def test_silenced_alerts_are_no_storm(database_url: str) -> None:
    """Silenced alerts neither begin a storm nor belong to one."""
    async with bridge_bench(database_url) as bench:
        await silence(bench)
        await bench.post(*(alert(f"host{number}", labels=LABELS) for number in range(20)))
        results = await bench.post(*(alert(f"other{number}") for number in range(3)))

    assert len({one.ref for one in results}) == 3
