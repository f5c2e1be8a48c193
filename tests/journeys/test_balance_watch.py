"""Somebody is told before the credits run out."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web
from structlog.testing import capture_logs

from kwtsms_bot.alerts.apprise import AppriseCourier
from kwtsms_bot.alerts.balance import Thresholds
from kwtsms_bot.alerts.rules import Rules
from kwtsms_bot.alerts.store import AlertStore
from kwtsms_bot.kuwait import ZONE
from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.serving import serve
from kwtsms_sandbox.slack.demo import ALERTS, OPS, SARA, YOUSEF
from support.bot import cards, shown, staged
from support.database import AT, opened
from support.watching import get, watched

WATCH = {"channels": [ALERTS.id], "warn": 2000, "critical": 10, "every": "1s"}
RULES = Rules(Thresholds(Decimal(200), Decimal(50), timedelta(days=1)), ZONE)


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


async def test_any_apprise_url_can_be_told(tmp_path: Path) -> None:
    """The warning goes to an Apprise URL too, once, by the real Apprise."""
    received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        await received.put(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    async with serve(app) as other:
        watch = {**WATCH, "apprise": [f"json://127.0.0.1:{other.port}/"]}
        async with staged(tmp_path, alerts={"balance": watch}) as stage:
            told = await asyncio.wait_for(received.get(), timeout=15)
            asked = len(stage.gateway.requests)
            await stage.gateway.until(lambda: len(stage.gateway.requests) >= asked + 2)

    assert told["title"] == "The SMS credits are running low: 1,000 credits"
    assert "Top up at kwtsms.com" in told["message"]
    assert received.empty()


async def test_a_url_that_fails_is_tried_again(tmp_path: Path) -> None:
    """What a target did not take stays on its way to it, and to it alone."""
    answers = [False, True]
    calls: list[str] = []

    def notify(url: str, _title: str, _body: str) -> bool:
        calls.append(url)
        return answers.pop(0)

    async with opened(tmp_path) as database:
        store = AlertStore(database)
        courier = AppriseCourier(store, ["json://one/"], notify=notify)
        targets = (*courier.targets, "C1")
        await store.record(Decimal(100), AT, after=0, rules=RULES, targets=targets)
        for _ in range(3):
            await courier.sweep()

        assert calls == ["json://one/", "json://one/"]
        assert await store.pending(courier.targets[0]) == ()
        assert len(await store.pending("C1")) == 1


async def test_a_crossing_is_told_as_soon_as_an_answer_tells_it(tmp_path: Path) -> None:
    """A look is a quarter of an hour away; a bulk empties an account in seconds."""
    watch = {"channels": [ALERTS.id], "warn": 999.5, "critical": 998.5}
    async with staged(tmp_path, alerts={"balance": watch}) as stage:
        for number in ("98765432", "55500100"):
            await stage.slack.command(SARA, OPS, "/sms", f"send {number} hi")

        await shown(stage, "almost gone: 998 credits", where=ALERTS)


async def test_a_warning_that_cannot_be_delivered_is_noticed(tmp_path: Path) -> None:
    """By a figure, by an administrator whom the bot tells directly, and in the log at the start."""
    watch = {**WATCH, "channels": ["C0FORGOTTEN"], "apprise": ["mailtoo://user:secret@host"]}
    with capture_logs() as logged:
        async with watched(tmp_path, alerts={"balance": watch}) as stage:
            theirs = stage.slack.dm(YOUSEF)
            await stage.slack.until(lambda: bool(stage.slack.visible(YOUSEF, theirs)), timeout=10)
            page = (await get(f"{stage.watched_at}/metrics")).text
            (told,) = cards(stage, YOUSEF, theirs)

    assert "Slack says channel_not_found" in told
    assert "kwtsms_bridge_notices_undelivered 2.0" in page
    assert "Apprise 1" in [
        one["to"] for one in logged if one["event"] == "warnings not deliverable"
    ]


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


async def test_a_digest_comes_once_a_day(tmp_path: Path) -> None:
    """As soon as there is something to tell after its time, and not again after a restart."""
    watch = {**WATCH, "warn": 20, "digest": "00:00"}
    async with staged(tmp_path, alerts={"balance": watch}) as stage:
        await shown(stage, "SMS credits today: 1,000", where=ALERTS)
        await stage.stop_bot()
        asked = len(stage.gateway.requests)
        await stage.start_bot()
        await stage.gateway.until(lambda: len(stage.gateway.requests) >= asked + 2)
        await stage.stop_bot()

        assert len(cards(stage, where=ALERTS)) == 1


async def test_what_somebody_else_used_stands_in_the_warning(tmp_path: Path) -> None:
    """Credits that leave the account without a call of the bot are told with the warning."""
    watch = {**WATCH, "warn": 900}
    async with staged(tmp_path, alerts={"balance": watch}) as stage:
        await stage.gateway.until(lambda: len(stage.gateway.requests) >= 2)
        stage.gateway.top_up(-182)

        await shown(stage, "not through this bot: 182", where=ALERTS)
