"""Balance notices reach people before the credits run out."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web
from structlog.testing import capture_logs

from kwtsms_bot.balance.apprise_notifier import AppriseNotifier
from kwtsms_bot.balance.rules import NoticeRules, Thresholds
from kwtsms_bot.balance.store import open_balance_store
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.slack.demo_workspace import ALERTS, OPS, SARA, YOUSEF
from support.bot import cards, local_env, wait_for_text
from support.database import AT, opened
from support.operator_pages import get, monitored_env

WATCH = {"channels": [ALERTS.id], "warn": 2000, "critical": 10, "every": "1s"}
RULES = NoticeRules(Thresholds(Decimal(200), Decimal(50), timedelta(days=1)), KUWAIT_TZ)


async def test_a_low_balance_is_posted_once_in_the_channel(tmp_path: Path) -> None:
    """The warning is posted when the threshold is crossed, and not again after a restart."""
    async with local_env(tmp_path, alerts={"balance": WATCH}) as env:
        await wait_for_text(env, "1,000 credits", where=ALERTS)
        await env.stop_bot()
        asked = len(env.gateway.requests)
        await env.start_bot()
        await env.gateway.until(lambda: len(env.gateway.requests) > asked)
        await env.stop_bot()

        assert len(cards(env, where=ALERTS)) == 1


async def test_any_apprise_url_can_be_notified(tmp_path: Path) -> None:
    """The real Apprise delivers the warning to its URL once, too."""
    received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def receive(request: web.Request) -> web.Response:
        await received.put(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", receive)
    async with serve(app) as other:
        watch = {**WATCH, "apprise": [f"json://127.0.0.1:{other.port}/"]}
        async with local_env(tmp_path, alerts={"balance": watch}) as env:
            notice = await asyncio.wait_for(received.get(), timeout=15)
            asked = len(env.gateway.requests)
            await env.gateway.until(lambda: len(env.gateway.requests) >= asked + 2)

    assert notice["title"] == "SMS balance low: 1,000 credits left"
    assert "Top up at kwtsms.com" in notice["message"]
    assert received.empty()


async def test_a_url_that_fails_is_tried_again(tmp_path: Path) -> None:
    """An undelivered notice stays pending for its own target only."""
    answers = [False, True]
    calls: list[str] = []

    def notify(url: str, _title: str, _body: str) -> bool:
        calls.append(url)
        return answers.pop(0)

    async with opened(tmp_path) as database:
        store = open_balance_store(database)
        notifier = AppriseNotifier(store.notices, ["json://one/"], notify=notify)
        targets = (*notifier.targets, "C1")
        await store.samples.record_sample(Decimal(100), AT, after=0, rules=RULES, targets=targets)
        for _ in range(3):
            await notifier.deliver_pending()

        assert calls == ["json://one/", "json://one/"]
        assert await store.notices.list_pending(notifier.targets[0]) == ()
        assert len(await store.notices.list_pending("C1")) == 1


async def test_a_crossing_is_notified_as_soon_as_an_answer_reports_it(tmp_path: Path) -> None:
    """The next poll may be 15 minutes away, but a bulk can empty an account in seconds."""
    watch = {"channels": [ALERTS.id], "warn": 999.5, "critical": 998.5}
    async with local_env(tmp_path, alerts={"balance": watch}) as env:
        for number in ("98765432", "55500100"):
            await env.slack.command(SARA, OPS, "/sms", f"send {number} hi")

        await wait_for_text(env, "almost empty: 998 credits", where=ALERTS)


async def test_a_warning_that_cannot_be_delivered_is_noticed(tmp_path: Path) -> None:
    """A metric, a direct message to an admin and a log entry at start report the failure."""
    watch = {**WATCH, "channels": ["C0FORGOTTEN"], "apprise": ["mailtoo://user:secret@host"]}
    with capture_logs() as logged:
        async with monitored_env(tmp_path, alerts={"balance": watch}) as env:
            theirs = env.slack.dm(YOUSEF)
            await env.slack.until(lambda: bool(env.slack.visible(YOUSEF, theirs)), timeout=10)
            page = (await get(f"{env.watched_at}/metrics")).text
            (message,) = cards(env, YOUSEF, theirs)

    assert "(channel_not_found)" in message
    assert "kwtsms_bridge_notices_undelivered 2.0" in page
    assert "Apprise 1" in [
        one["to"] for one in logged if one["event"] == "warnings not deliverable"
    ]


async def test_a_top_up_gets_one_all_clear(tmp_path: Path) -> None:
    """Once the balance is well above the threshold again, one all-clear is posted."""
    async with local_env(tmp_path, alerts={"balance": WATCH}) as env:
        await wait_for_text(env, "1,000 credits", where=ALERTS)
        env.gateway.top_up(5000)

        await wait_for_text(env, "6,000 credits", where=ALERTS)
        assert len(cards(env, where=ALERTS)) == 2


async def test_a_stop_in_the_middle_of_a_poll_is_clean(tmp_path: Path) -> None:
    """A poll in progress is completed when the bot stops."""
    async with local_env(tmp_path, alerts={"balance": WATCH}) as env:
        await wait_for_text(env, "1,000 credits", where=ALERTS)
        asked = len(env.gateway.requests)
        env.gateway.fault(Fault.SLOW, endpoint="balance", seconds=1)
        await env.gateway.until(lambda: len(env.gateway.requests) > asked)
        env.gateway.top_up(5000)
        await env.stop_bot()

        assert len(cards(env, where=ALERTS)) == 2


async def test_a_gateway_that_does_not_answer_is_no_low_balance(tmp_path: Path) -> None:
    """An unknown balance raises no low-balance warning."""
    async with local_env(tmp_path, alerts={"balance": WATCH}) as env:
        await wait_for_text(env, "1,000 credits", where=ALERTS)
        asked = len(env.gateway.requests)
        env.gateway.fault("html_502", endpoint="balance", times=2)
        await env.gateway.until(lambda: len(env.gateway.requests) >= asked + 2, timeout=10)

        assert len(cards(env, where=ALERTS)) == 1


async def test_a_digest_comes_once_a_day(tmp_path: Path) -> None:
    """The digest is posted once after its time, and not again after a restart."""
    watch = {**WATCH, "warn": 20, "digest": "00:00"}
    async with local_env(tmp_path, alerts={"balance": watch}) as env:
        await wait_for_text(env, "SMS balance today: 1,000 credits", where=ALERTS)
        await env.stop_bot()
        asked = len(env.gateway.requests)
        await env.start_bot()
        await env.gateway.until(lambda: len(env.gateway.requests) >= asked + 2)
        await env.stop_bot()

        assert len(cards(env, where=ALERTS)) == 1


async def test_the_warning_includes_what_somebody_else_used(tmp_path: Path) -> None:
    """The warning includes credits that were used outside the bot."""
    watch = {**WATCH, "warn": 900}
    async with local_env(tmp_path, alerts={"balance": watch}) as env:
        await env.gateway.until(lambda: len(env.gateway.requests) >= 2)
        env.gateway.top_up(-182)

        await wait_for_text(env, "in the last 24 hours: 182", where=ALERTS)
