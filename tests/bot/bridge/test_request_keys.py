"""A request to an integration that is repeated with its key changes nothing for a day."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select

from kwtsms_bot.bridge.episodes import AlertOutcome
from kwtsms_bot.bridge.models import Incoming
from kwtsms_bot.bridge.reports import AlertResult, make_report
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.bridge.store.request_keys import hook_key
from kwtsms_bot.database.tables import request_key
from kwtsms_bot.outbox.retention.request_keys import erase_old_answers
from support.bridge_bench import BRIDGE, BridgeBench, alert, bridge_bench
from support.database import set_clock


async def post(bench: BridgeBench, one: Incoming, key: str, body: bytes = b"{}") -> AlertResult:
    """Reports an alert in a request with a key."""
    report = make_report(one, "scripts", bench.bridge, bench.receivers)
    (result,) = await bench.intake.accept([report], hook_key("scripts", key, body))
    return result


async def stored_keys(bench: BridgeBench) -> int:
    """The number of keys that are remembered."""
    async with bench.database.reading() as connection:
        count: int = (
            await connection.execute(select(func.count()).select_from(request_key))
        ).scalar_one()
        return count


async def test_the_same_request_is_a_repeat_even_after_the_incident_was_resolved(
    database_url: str,
) -> None:
    """A late retry doesn't open what somebody has closed since, and texts nobody."""
    async with bridge_bench(database_url) as bench:
        first = await post(bench, alert("disk"), "k1")
        texts = await bench.advance(10)
        await bench.act(first.ref, Action.RESOLVE)
        again = await post(bench, alert("disk"), "k1")

        assert (again.outcome, again.ref, again.sms) == (AlertOutcome.REPEAT, first.ref, "none")
        assert len(texts) == 1
        assert await bench.advance(1200, step=30) == []


async def test_parallel_requests_with_one_key_are_one(database_url: str) -> None:
    """Of twenty in one transaction, one opens the incident."""
    async with bridge_bench(database_url) as bench:
        results = await asyncio.gather(
            *(post(bench, alert(f"disk{n % 2}"), "k1") for n in range(20))
        )

        outcomes = [one.outcome for one in results]
        assert outcomes.count(AlertOutcome.NEW) == 1
        assert {one.ref for one in results} == {results[0].ref}
        assert len(await bench.advance(10)) == 1


async def test_another_body_under_the_same_key_is_accepted(database_url: str) -> None:
    """A tool that reuses a key loses no alert; the latest body counts from then on."""
    async with bridge_bench(database_url) as bench:
        await post(bench, alert("disk"), "k1", b"1")
        other = await post(bench, alert("link"), "k1", b"2")
        again = await post(bench, alert("link"), "k1", b"2")

        assert (other.outcome, again.outcome) == (AlertOutcome.NEW, AlertOutcome.REPEAT)
        assert await stored_keys(bench) == 1


async def test_a_key_lasts_a_day(database_url: str) -> None:
    """After a day the same request is news again, and the key is erased."""
    async with bridge_bench(database_url) as bench:
        await post(bench, alert("disk"), "k1")
        bench.now += timedelta(hours=24, seconds=1)
        set_clock(bench.database, bench.now)
        later = await post(bench, alert("link"), "k1")
        await erase_old_answers(bench.database, bench.now + timedelta(hours=25))

        assert later.outcome is AlertOutcome.NEW
        assert await stored_keys(bench) == 0


async def test_keys_are_those_of_their_integration(database_url: str) -> None:
    """Two integrations may use the same key."""
    tools = {name: {"kind": "native", "token": f"{name}-token"} for name in ("scripts", "others")}
    async with bridge_bench(database_url, BRIDGE | {"integrations": tools}) as bench:
        await post(bench, alert("disk"), "k1")
        report = make_report(alert("disk"), "others", bench.bridge, bench.receivers)
        (result,) = await bench.intake.accept([report], hook_key("others", "k1", b"{}"))

        assert result.outcome is AlertOutcome.NEW


def test_no_key_is_none() -> None:
    """A request without the header has no key."""
    assert hook_key("scripts", "", b"{}") is None
