"""kwtsmsbridge:// posts alerts to the real endpoint: what arrives, retries and log messages."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from apprise import Apprise, NotifyType

import apprise_kwtsms
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.monitoring.health_endpoint import serve_http
from support.bridge_bench import BRIDGE
from support.bridge_endpoint import RunningEndpoint, running_endpoint
from support.cut_connections import cut_connections

TOKEN = "kwb_demo-token"
SETTINGS = {
    **BRIDGE,
    "integrations": {"backups": {"kind": "native", "token": TOKEN, "may": ["lead"]}},
    "receivers": {"ops": {"to": ["noura"]}, "lead": {"to": ["fahad"]}},
    "routes": [{"to": "ops"}],
}


def bot_url(bot: RunningEndpoint, rest: str = "", token: str = TOKEN) -> str:
    """An Apprise URL for the integration."""
    return f"kwtsmsbridge://backups:{token}@{bot.at}{rest}"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[RunningEndpoint]:
    """A bot's endpoint, with the schema known to Apprise."""
    assert apprise_kwtsms.register()
    async with running_endpoint(tmp_path, SETTINGS) as running:
        yield running


async def notify(url: str, body: str, **options: Any) -> bool:
    """Sends a notification in a thread, as Apprise does."""
    service = Apprise()
    assert service.add(url, tag=options.pop("url_tag", None))
    return bool(await asyncio.to_thread(service.notify, body, **options))


async def test_a_notification_is_an_alert_that_is_texted_once(bot: RunningEndpoint) -> None:
    """Title, text and labels arrive, and the receiver's phone gets one text."""
    url = bot_url(bot, "?:site=shuwaikh&severity=critical")
    assert await notify(url, "rsync ended with 23", title="Backup failed", url_tag="nightly")

    (stored,) = await bot.alerts("title", "text", "labels")
    (text,) = await bot.bench.advance(10)
    labels = {"site": "shuwaikh", "tag": "nightly"}
    assert stored == ("Backup failed", "rsync ended with 23", labels)
    assert text.startswith("CRIT Backup failed")


@pytest.mark.parametrize("cut", [1, 3])
async def test_a_cut_connection_and_three_retries_are_one_sms(
    bot: RunningEndpoint, cut: int
) -> None:
    """Each retry has the key of the first try, so the bot knows the notification."""
    async with cut_connections(f"http://{bot.at}", cut) as through:
        url = f"kwtsmsbridge://backups:{TOKEN}@{through}?retry=3&wait=0.01"
        assert await notify(url, "rsync ended with 23", title="Backup failed")

    assert len(await bot.bench.advance(60)) == 1
    assert len(await bot.alerts("id")) == 1


async def test_a_retry_after_somebody_resolved_it_opens_nothing(bot: RunningEndpoint) -> None:
    """The key tells a late retry from the same failure happening again."""
    service = Apprise()
    async with cut_connections(f"http://{bot.at}", 1) as through:
        assert service.add(f"kwtsmsbridge://backups:{TOKEN}@{through}")
        assert not await asyncio.to_thread(service.notify, "x", title="Backup failed")
        await bot.bench.advance(10)
        ((ref,),) = await bot.incidents("ref")
        await bot.bench.act(ref, Action.RESOLVE)
        assert await asyncio.to_thread(service.notify, "x", title="Backup failed")

    assert await bot.bench.advance(1200, step=30) == []


@pytest.mark.parametrize(
    ("notify_type", "severity"),
    [
        (NotifyType.INFO, 3),  # The integration's: error, unless it is changed.
        (NotifyType.WARNING, 2),
        (NotifyType.FAILURE, 3),
        (NotifyType.SUCCESS, 1),
    ],
)
async def test_the_type_is_the_severity(
    bot: RunningEndpoint, notify_type: NotifyType, severity: int
) -> None:
    """Apprise's four types are severities; its default leaves it to the bot."""
    assert await notify(bot_url(bot), "hello", notify_type=notify_type)

    assert await bot.alerts("title", "severity", "status") == [("hello", severity, "firing")]


async def test_a_success_resolves_the_alert_of_its_key(bot: RunningEndpoint) -> None:
    """With `key=`, a failure opens the alert and the next success ends it."""
    url = bot_url(bot, "?key=backup&severity=critical")
    assert await notify(url, "rsync ended with 23", notify_type=NotifyType.FAILURE)
    assert await notify(url, "all done", notify_type=NotifyType.SUCCESS)

    assert await bot.alerts("key", "status") == [("backup", "resolved")]


async def test_a_url_can_name_its_receiver_and_its_status(bot: RunningEndpoint) -> None:
    """The path names one of the integration's receivers; `status=` is fixed for the URL."""
    assert await notify(bot_url(bot, "/lead?key=backup"), "rsync ended with 23")
    assert await notify(bot_url(bot, "/lead?key=backup&status=resolved"), "done")

    assert await bot.incidents("receiver") == [("lead",)]
    assert await bot.alerts("status") == [("resolved",)]


async def test_a_wrong_token_is_one_warning_without_secrets(
    bot: RunningEndpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """The notification fails and says why; token, title and text are in no log line."""
    caplog.set_level(logging.DEBUG)
    token = "kwb_another-token"
    assert not await notify(bot_url(bot, token=token), "the-secret-text", title="the-secret-title")
    assert await notify(bot_url(bot), "the-secret-text", title="the-secret-title")

    ours = [one for one in caplog.records if "kwtSMS" in one.getMessage()]
    lines = [(one.levelname, one.getMessage()) for one in ours if one.levelno >= logging.INFO]
    assert [level for level, _ in lines] == ["WARNING", "INFO"]
    assert "HTTP 401" in lines[0][1]
    private = (TOKEN, token, "the-secret-text", "the-secret-title")
    assert [word for word in private if word in caplog.text] == []


async def test_no_bot_is_a_failure_that_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection fails the notification with its reason."""
    apprise_kwtsms.register()

    assert not await notify("kwtsmsbridge://backups:token@127.0.0.1:1", "hello")
    assert "no answer (ConnectionError)" in caplog.text


async def test_an_empty_text_is_not_posted(
    bot: RunningEndpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """Markup without words makes no alert."""
    assert not await notify(bot_url(bot, "?format=html"), "<b></b>")
    assert "message is empty" in caplog.text
    assert await bot.alerts("id") == []


@pytest.mark.parametrize("content", ["<html>log in</html>", "{}", '{"alerts": 1}', "[" * 100_000])
async def test_an_answer_of_something_else_is_a_failure(
    content: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A login page that says 200 has not taken the alert."""
    apprise_kwtsms.register()
    app = web.Application()
    app.router.add_post("/hooks/backups", _answer(content))
    async with serve_http(app, "127.0.0.1:0") as address:
        url = f"kwtsmsbridge://backups:{TOKEN}@{urlsplit(address).netloc}"
        assert not await notify(url, "hello")

    assert "the answer isn't the bot's" in caplog.text


def _answer(content: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=content)

    return answer
