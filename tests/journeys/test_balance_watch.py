"""Somebody is told before the credits run out."""

from pathlib import Path

from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.slack.demo import ALERTS
from support.bot import cards, shown, staged

WATCH = {"channels": [ALERTS.id], "warn": 2000, "critical": 10, "every": "1s"}


async def test_a_low_balance_is_told_once_in_the_channel(tmp_path: Path) -> None:
    """The warning is posted when the threshold is crossed, and not again after a restart."""
    async with staged(tmp_path, alerts={"balance": WATCH}) as stage:
        await shown(stage, "1,000 credits", where=ALERTS)
        await stage.stop_bot()
        asked = len(stage.gateway.requests)
        await stage.start_bot()
        await stage.gateway.until(lambda: len(stage.gateway.requests) > asked)
        await stage.stop_bot()

        assert len(cards(stage, where=ALERTS)) == 1


async def test_a_top_up_gets_one_all_clear(tmp_path: Path) -> None:
    """When the balance is well above the threshold again, that is told too."""
    async with staged(tmp_path, alerts={"balance": WATCH}) as stage:
        await shown(stage, "1,000 credits", where=ALERTS)
        stage.gateway.top_up(5000)

        await shown(stage, "6,000 credits", where=ALERTS)
        assert len(cards(stage, where=ALERTS)) == 2


async def test_a_stop_in_the_middle_of_a_look_is_clean(tmp_path: Path) -> None:
    """A look at the balance that has begun is finished at a stop, not torn."""
    async with staged(tmp_path, alerts={"balance": WATCH}) as stage:
        await shown(stage, "1,000 credits", where=ALERTS)
        asked = len(stage.gateway.requests)
        stage.gateway.fault(Fault.SLOW, endpoint="balance", seconds=1)
        await stage.gateway.until(lambda: len(stage.gateway.requests) > asked)
        stage.gateway.top_up(5000)
        await stage.stop_bot()

        assert len(cards(stage, where=ALERTS)) == 2


async def test_a_gateway_that_does_not_answer_is_no_low_balance(tmp_path: Path) -> None:
    """What cannot be known is not warned about."""
    async with staged(tmp_path, alerts={"balance": WATCH}) as stage:
        await shown(stage, "1,000 credits", where=ALERTS)
        asked = len(stage.gateway.requests)
        stage.gateway.fault("html_502", endpoint="balance", times=2)
        await stage.gateway.until(lambda: len(stage.gateway.requests) >= asked + 2, timeout=10)

        assert len(cards(stage, where=ALERTS)) == 1
