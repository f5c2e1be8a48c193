"""Silences spare critical alerts where they have to; a silence counts before another alert."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.routing import all_match
from kwtsms_bot.bridge.silences.inhibition import FiringAlert, InhibitionRule
from kwtsms_bot.bridge.silences.mutes import CHECKED_EVERY, Mutes
from kwtsms_bot.bridge.silences.silence import Mute, Silence, TimeWindow, spare_critical
from support.database import AT

WORDS = [one.word for one in AlertSeverity]
PATTERNS = st.sampled_from([*WORDS, "*", "c*", "crit*", "*r", "w*", "*ing", "loud"])
HOUR = timedelta(hours=1)
RULE = InhibitionRule({"alertname": ("SiteDown",)}, {"alertname": ("HostDown",)}, ("site",))
SOURCE = FiringAlert("A7F3K", {"alertname": "SiteDown", "site": "shuwaikh"})
HOST = {"alertname": "HostDown", "site": "shuwaikh"}
KEY = ("scripts", "site")


@given(patterns=st.none() | st.lists(PATTERNS, min_size=1, max_size=4).map(tuple))
def test_conditions_that_spare_critical_alerts(patterns: tuple[str, ...] | None) -> None:
    """Each other alert that was meant matches, and no critical one."""
    meant = {"site": ("shuwaikh",)} | ({"severity": patterns} if patterns else {})
    spared = spare_critical(meant)
    facts = [{"site": "shuwaikh", "severity": word} for word in WORDS]
    matched = [one["severity"] for one in facts if all_match(one, meant)]
    left = [one["severity"] for one in facts if spared and all_match(one, spared)]

    assert left == [word for word in matched if word != "critical"]
    assert (spared is None) == (left == [])


def test_an_alert_is_muted_while_another_fires() -> None:
    """Only from when it is known until its end, and for a minute at a time."""
    mutes = Mutes(rules=(RULE,))
    before = mutes.find(HOST, None, AT)
    mutes.observe(KEY, SOURCE)
    during = mutes.find(HOST, None, AT)
    mutes.observe(KEY, None)
    after = mutes.find(HOST, None, AT)

    assert during == Mute(AT + CHECKED_EVERY, "A7F3K", "inhibited")
    assert (before, after) == (None, None)


def test_an_alert_that_mutes_nothing_is_not_kept() -> None:
    """Sources are few, however many alerts fire."""
    mutes = Mutes(rules=(RULE,))
    mutes.observe(KEY, FiringAlert("A7F3K", HOST))

    assert list(mutes.sources) == []


@pytest.mark.parametrize("hours", [1, 24])
def test_a_silence_counts_first(hours: int) -> None:
    """The card says who has silenced it, and until when."""
    window = TimeWindow(AT, AT + hours * HOUR)
    silence = Silence("S2K4M", window, {"site": ("shuwaikh",)})
    mutes = Mutes((silence,), (RULE,), {KEY: SOURCE})

    assert mutes.find(HOST, None, AT) == Mute(window.ends_at, "S2K4M", "silenced")
    assert mutes.find(HOST, None, window.ends_at) == Mute(
        window.ends_at + CHECKED_EVERY, "A7F3K", "inhibited"
    )
