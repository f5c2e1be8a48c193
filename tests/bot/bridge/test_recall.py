"""A queued message that must not be sent any more is recalled; any other stays."""

from datetime import timedelta
from typing import Any

from kwtsms_bot.bridge.models import AlertStatus
from support.bridge_bench import BRIDGE, BridgeBench, alert, bridge_bench, ended


async def test_an_acknowledgement_by_a_tool_recalls_the_message(database_url: str) -> None:
    """The queued text of two incidents is made again, without the one that somebody took."""
    async with bridge_bench(database_url) as bench:
        bench.reachable = False
        await bench.post(alert("rack"), alert("cable"))
        await bench.advance(10)
        await bench.post(alert("rack", status=AlertStatus.ACKNOWLEDGED))
        bench.reachable = True
        texts = await bench.advance(60, step=5)

    assert ["cable is down" in text for text in texts] == [True]
    assert "rack" not in texts[0]


async def test_a_queued_message_is_recalled_before_it_leaves(database_url: str) -> None:
    """Between bundle and send, an acknowledgement by a tool is in time."""
    async with bridge_bench(database_url) as bench:
        await bench.post(alert("disk"))
        await _bundle(bench, 6)
        await bench.post(alert("disk", status=AlertStatus.ACKNOWLEDGED))
        texts = await bench.advance(60, step=5)
        states = [state for _, state in await bench.messages()]

    assert texts == []
    assert states == ["cancelled"]


async def test_the_end_that_is_queued_is_not_made_twice(database_url: str) -> None:
    """With `resolved: sms`, the text about the end stays until it leaves."""
    section: dict[str, Any] = BRIDGE | {"receivers": {"ops": {"to": ["noura"], "resolved": "sms"}}}
    async with bridge_bench(database_url, section) as bench:
        await bench.post(alert("disk"))
        await bench.advance(10)
        await bench.post(ended("disk"))
        await _bundle(bench, 130)
        await _bundle(bench, 1)
        await _bundle(bench, 1)
        states = [state for _, state in await bench.messages()]

    assert states == ["sent", "queued"]


async def _bundle(bench: BridgeBench, seconds: int) -> None:
    """Lets time pass and makes one pass; nothing is sent."""
    bench.now += timedelta(seconds=seconds)
    bench.tick()
    await bench.bundles.run_pass()
