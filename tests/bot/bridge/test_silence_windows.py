"""When a silence is in force, and what it mutes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.bridge.silences.silence import WEEK, Mute, Silence, TimeWindow, longest_mute

START = datetime(2026, 12, 4, 19, 0, tzinfo=UTC)  # Friday, 22:00 in Kuwait.
WINDOW = TimeWindow(START, START + timedelta(hours=8))
SITE = {"site": "shuwaikh", "severity": "error"}


def silence(**changes: object) -> Silence:
    """A silence of site=shuwaikh, weekly if asked for."""
    values: dict[str, object] = {
        "ref": "S2K4M",
        "window": WINDOW,
        "conditions": {"site": ("shu*",)},
    }
    return Silence(**(values | changes))  # type: ignore[arg-type]


@given(
    weeks=st.integers(min_value=-3, max_value=200),
    into=st.timedeltas(min_value=timedelta(0), max_value=WEEK - timedelta(microseconds=1)),
)
def test_a_weekly_silence_is_in_force_in_each_of_its_windows(weeks: int, into: timedelta) -> None:
    """A window lasts for 8 h from its start on, each week, and never before its first start."""
    at = START + weeks * WEEK + into
    found = silence(is_weekly=True).active_window(at)
    expected = weeks >= 0 and into < timedelta(hours=8)

    assert (found is not None) is expected
    if found is not None:
        assert found == TimeWindow(at - into, at - into + timedelta(hours=8))


@given(after=st.timedeltas(min_value=timedelta(days=-30), max_value=timedelta(days=30)))
def test_the_next_window_is_in_force_or_ahead(after: timedelta) -> None:
    """The window has not ended, and no other window of the silence lies between."""
    at = START + after
    window = silence(is_weekly=True).next_window(at)

    assert window is not None
    assert at < window.ends_at <= max(at, START) + WEEK + timedelta(hours=8)
    assert window.contains(at) or silence(is_weekly=True).active_window(at) is None


def test_its_end_is_not_part_of_it() -> None:
    """At the very end, alerts are texted again."""
    one = silence()

    assert one.active_window(WINDOW.ends_at) is None
    assert one.active_window(WINDOW.ends_at - timedelta(microseconds=1)) == WINDOW
    assert one.active_window(START - timedelta(microseconds=1)) is None
    assert one.next_window(WINDOW.ends_at) is None


def test_a_person_ends_it_before_its_time() -> None:
    """From then on it is in force no more, weekly or not."""
    ended = START + timedelta(hours=1)
    one = silence(is_weekly=True, ended_at=ended)

    assert one.active_window(ended) is None
    assert one.active_window(ended - timedelta(seconds=1)) is not None
    assert one.next_window(ended) is None


def test_it_mutes_what_matches_all_conditions() -> None:
    """A missing label matches nothing; a silence of an incident mutes that one only."""
    both = silence(conditions={"site": ("shu*", "jahra"), "severity": ("error",)})
    one = silence(conditions={}, incident_ref="A7F3K")

    assert both.mutes(SITE, None)
    assert not both.mutes(SITE | {"severity": "critical"}, None)
    assert not both.mutes({"severity": "error"}, None)
    assert one.mutes({}, "A7F3K")
    assert not one.mutes({}, "B7F3K")
    assert not one.mutes({}, None)


def test_the_longest_counts() -> None:
    """Of several, the one that ends last says until when."""
    longer = silence(ref="L2K4M", window=TimeWindow(START, START + timedelta(hours=9)))
    ended = silence(ref="E2K4M", window=TimeWindow(START, START + WEEK), ended_at=START)

    assert longest_mute([silence(), longer, ended], SITE, None, START) == Mute(
        longer.window.ends_at, "L2K4M"
    )
    assert longest_mute([silence()], {}, None, START) is None
