"""Cards and lists show incidents as they are."""

from datetime import timedelta

import pytest

from kwtsms_bot.bridge.incidents.views import IncidentView
from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.states import IncidentState, NotificationState
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.bridge.store.incident_cards import IncidentCardStore
from kwtsms_bot.bridge.store.incident_queries import IncidentQueries
from kwtsms_bot.outbox.message import CardLocation
from kwtsms_bot.outbox.store import Actor
from support.bridge_bench import BridgeBench, alert, bridge_bench, ended
from support.database import AT, set_clock

CARD = CardLocation("C0123ALERT", "1.0")


async def view(bench: BridgeBench, ref: str | None) -> IncidentView:
    """The incident with this reference."""
    found = await IncidentQueries(bench.database).find(str(ref))
    assert found
    return found


async def test_an_incident_is_found_by_its_reference(database_url: str) -> None:
    """The reference may be typed in small letters; what its tool said is there."""
    async with bridge_bench(database_url) as bench:
        (result,) = await bench.post(
            alert("disk", "/var is full", where="db01", text="4% left", labels={"site": "a"})
        )
        found = await view(bench, str(result.ref).lower())
        missing = await IncidentQueries(bench.database).find("A0A0A")

    assert (found.ref, found.title, found.state) == (
        result.ref,
        "/var is full",
        IncidentState.FIRING,
    )
    assert (found.alerts[0].place, found.alerts[0].labels) == ("db01", {"site": "a"})
    assert found.since == AT
    assert [(one.contact, one.state) for one in found.notified] == [
        ("noura", NotificationState.WAITING)
    ]
    assert [one.kind for one in found.events] == ["opened"]
    assert missing is None


async def test_a_view_follows_the_notification(database_url: str) -> None:
    """Once the text has left, the view says when; an end is there with who ended it."""
    async with bridge_bench(database_url) as bench:
        (result,) = await bench.post(alert("disk"))
        await bench.advance(10)
        (notified,) = (await view(bench, result.ref)).notified
        await bench.post(ended("disk"))
        resolved = await view(bench, result.ref)

    assert notified.state is NotificationState.SENT
    assert AT < notified.at <= AT + timedelta(seconds=10)
    assert resolved.state is IncidentState.RESOLVED
    assert (resolved.resolved_by, resolved.firing) == ("scripts", 0)


async def test_a_large_group_is_counted_by_kind(database_url: str) -> None:
    """Only the first twenty alerts are read, those that fire before the others."""
    group = [alert(f"h{n}", group="g", kind=f"Kind{n % 8}") for n in range(40)]
    async with bridge_bench(database_url) as bench:
        (result, *_) = await bench.post(*group)
        await bench.post(*(ended(f"h{n}", group="g", kind=f"Kind{n % 8}") for n in range(5)))
        found = await view(bench, result.ref)

    assert (found.alert_count, found.firing, found.kind_count) == (40, 35, 8)
    assert len(found.alerts) == 20
    assert all(one.firing for one in found.alerts)
    assert found.kinds[0] == ("Kind0", 5)
    assert len(found.kinds) == 6


async def test_open_incidents_are_listed_worst_first(database_url: str) -> None:
    """The most severe come first; of one severity, what nobody has acknowledged."""
    async with bridge_bench(database_url) as bench:
        acked, plain, worst, ended_one = await bench.post(
            alert("acked"),
            alert("plain"),
            alert("worst", severity=AlertSeverity.CRITICAL),
            alert("over"),
        )
        await bench.post(ended("over"))
        await bench.act(acked.ref, Action.ACKNOWLEDGE)
        queries = IncidentQueries(bench.database)
        listed = [one.ref for one in await queries.open_incidents(10)]
        untaken = [one.ref for one in await queries.unacknowledged(10)]
        (first,) = await queries.open_incidents(1)
        count = await queries.count_open()

    assert listed == [worst.ref, plain.ref, acked.ref]
    assert untaken == [worst.ref, plain.ref]
    assert (first.ref, count) == (worst.ref, 3)
    assert ended_one.ref not in listed


async def test_blocked_incidents_are_those_whose_messages_wait_for_more_than_a_phone(
    database_url: str,
) -> None:
    """A pause holds messages; the pace of a phone only delays them."""
    async with bridge_bench(database_url) as bench:
        queries = IncidentQueries(bench.database)
        await bench.post(alert("told"))
        await bench.advance(8)
        (paced,) = await bench.post(alert("paced"))
        await bench.advance(8)
        before = await queries.count_open(blocked=True)
        await bench.outbox.kill_switch.pause("", bench.now, Actor("U1"))
        await bench.advance(2)
        blocked = await queries.open_incidents(10, blocked=True)

    assert before == 0
    assert [one.ref for one in blocked] == [paced.ref]


async def test_a_card_is_claimed_by_one_replica(database_url: str) -> None:
    """While one shows a card, no other does; what changed meanwhile is shown once more."""
    async with bridge_bench(database_url) as bench:
        cards = IncidentCardStore(bench.database)
        await bench.post(alert("disk"))
        ((outdated),) = await cards.outdated_cards(10)
        claimed = await cards.claim_card(outdated.id)
        second = await cards.claim_card(outdated.id)
        hidden = await cards.outdated_cards(10)
        assert claimed
        await bench.act(claimed.ref, Action.ACKNOWLEDGE)
        await cards.record_shown(outdated.id, claimed.revision, CARD)
        (again,) = await cards.outdated_cards(10)
        newer = await cards.claim_card(outdated.id)

    assert (second, hidden) == (None, ())
    assert again.is_posted
    assert newer
    assert (newer.state, newer.card_location) == (IncidentState.ACKNOWLEDGED, CARD)


async def test_the_claim_of_a_replica_that_died_expires(database_url: str) -> None:
    """After half a minute, another replica shows the card."""
    async with bridge_bench(database_url) as bench:
        cards = IncidentCardStore(bench.database)
        await bench.post(alert("disk"))
        ((outdated),) = await cards.outdated_cards(10)
        await cards.claim_card(outdated.id)
        set_clock(bench.database, AT + timedelta(seconds=31))
        found = await cards.claim_card(outdated.id)

    assert found


async def test_a_newer_card_that_was_covered_is_shown_again(database_url: str) -> None:
    """If an older state is recorded last, the card is out of date."""
    async with bridge_bench(database_url) as bench:
        cards = IncidentCardStore(bench.database)
        await bench.post(alert("disk"))
        ((outdated),) = await cards.outdated_cards(10)
        claimed = await cards.claim_card(outdated.id)
        assert claimed
        await cards.record_shown(outdated.id, claimed.revision, CARD)
        current = await cards.outdated_cards(10)
        await cards.record_shown(outdated.id, claimed.revision - 1, CARD)
        covered = await cards.outdated_cards(10)

    assert current == ()
    assert [one.id for one in covered] == [outdated.id]


@pytest.mark.parametrize("first", [AlertSeverity.WARNING, AlertSeverity.CRITICAL])
async def test_new_cards_come_first_and_the_worst_before_the_others(
    database_url: str, first: AlertSeverity
) -> None:
    """A card that is there already waits for those that are not."""
    async with bridge_bench(database_url) as bench:
        cards = IncidentCardStore(bench.database)
        (edited,) = await bench.post(alert("edited", severity=first))
        ((outdated),) = await cards.outdated_cards(10)
        claimed = await cards.claim_card(outdated.id)
        assert claimed
        await cards.record_shown(outdated.id, claimed.revision, CARD)
        await bench.act(edited.ref, Action.ACKNOWLEDGE)
        await bench.post(alert("low", severity=AlertSeverity.WARNING), alert("high"))
        order = [(await cards.claim_card(one.id)) for one in await cards.outdated_cards(10)]
        excepted = await cards.outdated_cards(10, except_for=["ops"])

    assert [one and one.title for one in order] == ["high is down", "low is down", "edited is down"]
    assert excepted == ()
