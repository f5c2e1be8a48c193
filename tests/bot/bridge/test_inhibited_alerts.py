"""While a site is down, what is in it isn't texted; what still fires afterwards is."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from kwtsms_bot.bridge.silences.silence import TimeWindow
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.bridge.store.incident_queries import IncidentQueries
from kwtsms_bot.bridge.store.silences import NewSilence
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.outbox.audit import Actor
from support.bridge_bench import BRIDGE, alert, bridge_bench, ended

SARA = Actor("U1")
RULE = {"when": {"alertname": "SiteDown"}, "mutes": {"site": "*"}, "equal": ["site"]}
INHIBITING = BRIDGE | {"inhibit": [RULE]}
LATER = {"to": ["noura"], "escalate": [{"after": "5m", "to": ["fahad"]}]}
SITE = {"alertname": "SiteDown", "site": "shuwaikh"}
HOST = {"alertname": "HostDown", "site": "shuwaikh"}
ELSEWHERE = {"alertname": "HostDown", "site": "jahra"}


async def test_what_it_mutes_is_not_texted(database_url: str) -> None:
    """In the same request and later; only where the labels are equal; the answer says by which."""
    async with bridge_bench(database_url, INHIBITING) as bench:
        (site, host) = await bench.post(alert("site", labels=SITE), alert("host", labels=HOST))
        (later, other) = await bench.post(
            alert("later", labels=HOST), alert("other", labels=ELSEWHERE)
        )
        texts = await bench.advance(300, step=10)
        view = await IncidentQueries(bench.database).find(host.ref or "")

    assert (site.sms, other.sms) == ("due", "due")
    assert [(one.sms, one.why, one.by) for one in (host, later)] == [
        ("none", "inhibited", site.ref)
    ] * 2
    assert len(texts) == 1
    assert "+1 more" in texts[0]
    assert view is not None
    assert view.mute is not None
    assert (view.mute.by, view.mute.created_by) == (site.ref, "")
    assert [one.kind for one in view.events] == ["opened", "silenced"]


async def test_a_source_that_comes_seconds_later(database_url: str) -> None:
    """Alerts that still settle are not texted; those that were have no later steps."""
    settings = INHIBITING | {"receivers": {"ops": LATER}}
    async with bridge_bench(database_url, settings) as bench:
        (old,) = await bench.post(alert("old", labels=HOST))
        first = await bench.advance(60, step=5)
        await bench.post(alert("host", labels=HOST))
        await bench.advance(2)
        (site,) = await bench.post(alert("site", labels=SITE))
        texts = await bench.advance(240, step=5)
        await bench.act(site.ref, Action.ACKNOWLEDGE)
        later = await bench.advance(900, step=30)

    assert [(old.ref or "") in text for text in first] == [True]
    assert [text.startswith("ERR site is down") for text in texts] == [True]
    assert "more" not in texts[0]
    assert later == []


async def test_what_still_fires_after_it_is_texted(database_url: str) -> None:
    """Bundled, within about a minute; what ended meanwhile is not."""
    async with bridge_bench(database_url, INHIBITING) as bench:
        await bench.post(alert("site", labels=SITE))
        await bench.post(*(alert(f"host{number}", labels=HOST) for number in range(3)))
        during = await bench.advance(600, step=20)
        await bench.post(ended("site", labels=SITE), ended("host0", labels=HOST))
        texts = await bench.advance(90, step=5)

    assert len(during) == 1
    assert len(texts) == 1
    assert "+1 more" in texts[0]


async def test_a_card_is_not_edited_while_nothing_changes(database_url: str) -> None:
    """Looking again each minute whether the other still fires is no news."""
    async with bridge_bench(database_url, INHIBITING) as bench:
        (_, host) = await bench.post(alert("site", labels=SITE), alert("host", labels=HOST))
        queries = IncidentQueries(bench.database)
        await bench.advance(10)
        before = await queries.find(host.ref or "")
        await bench.advance(300, step=10)
        after = await queries.find(host.ref or "")

    assert before is not None
    assert after is not None
    assert (before.revision, before.mute is None) == (after.revision, after.mute is None)


async def test_the_end_of_a_silence_leaves_it(database_url: str) -> None:
    """A person who ends a silence does not text what another alert mutes."""
    async with bridge_bench(database_url, INHIBITING) as bench:
        window = TimeWindow(bench.now, bench.now + timedelta(hours=1))
        new = NewSilence({"site": ("shuwaikh",)}, None, window, is_weekly=False, reason="")
        created = await bench.silences.create(new, SARA)
        (_, host) = await bench.post(alert("site", labels=SITE), alert("host", labels=HOST))
        await bench.silences.end(created.silence.ref, SARA)
        texts = await bench.advance(120, step=10)

    assert host.why == "silenced"
    assert [text.startswith("ERR site is down") for text in texts] == [True]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (RULE | {"when": {}}, "at least 1"),
        (RULE | {"mutes": {"severity": "loud"}}, "there is no severity 'loud'"),
        (RULE | {"when": {"integration": "zabbix"}}, "there is no integration 'zabbix'"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(rule: dict[str, Any], message: str) -> None:
    """With the key, as the conditions of routes are."""
    with pytest.raises(ValidationError, match=message):
        BridgeSettings.model_validate(BRIDGE | {"inhibit": [rule]})
