"""Sending through Apprise on the sandbox gateway: deliveries, retries and log messages."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import pytest
from apprise import Apprise, __version__

import apprise_kwtsms
from apprise_kwtsms import NotifyKwtSMS
from kwtsms_sandbox.gateway import Fault, RunningGateway
from support.gateway import KUWAIT, KUWAIT_2, running_gateway

Notify = Callable[..., Any]
# What docs/apprise.md promises from Apprise 2.0 on.
apprise_2 = pytest.mark.skipif(
    int(__version__.partition(".")[0]) < 2, reason="Apprise does it from 2.0 on"
)


@pytest.fixture
async def gateway_url(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningGateway]:
    """Starts a gateway and sets its URL for the plugin."""
    apprise_kwtsms.register()
    async with running_gateway() as running:
        monkeypatch.setenv("KWTSMS_BASE_URL", running.base_url)
        yield running


def url(running: RunningGateway, *targets: str, query: str = "") -> str:
    """A URL for the sandbox's account."""
    account = running.gateway.account
    numbers = "/".join(targets or (KUWAIT,))
    return f"kwtsms://{account.username}:{account.password}@MY-APP/{numbers}{query and '?'}{query}"


async def notify(address: str, body: str, **kwargs: Any) -> bool:
    """Sends a notification in a thread, as Apprise does."""
    service = Apprise()
    assert service.add(address)
    return bool(await asyncio.to_thread(service.notify, body, **kwargs))


def texts(running: RunningGateway, number: str = KUWAIT) -> list[str]:
    """The texts that a phone has received."""
    return [sms.text for sms in running.gateway.inbox(number)]


async def test_450_numbers_need_three_paced_requests(gateway_url: RunningGateway) -> None:
    """Each number is sent to once; requests are half a second apart, well within 60 seconds."""
    numbers = [f"965{90000000 + n}" for n in range(450)]

    assert await notify(url(gateway_url, *numbers), "hello")
    entries = gateway_url.gateway.ledger
    assert [len(entry.numbers) for entry in entries] == [200, 200, 50]
    assert sorted(sum((entry.numbers for entry in entries), ())) == numbers
    starts = [request.at for request in gateway_url.gateway.requests]
    # The plugin waits half a second; on a busy machine a request may start late, the next on time.
    assert all(later - before > 0.25 for before, later in pairwise(starts))


@apprise_2
async def test_a_retry_sends_only_what_was_not_accepted(gateway_url: RunningGateway) -> None:
    """With batch 2 refused by ERR013, `retry=2` sends only batch 2 again."""
    numbers = [f"965{90000000 + n}" for n in range(250)]
    gateway_url.gateway.fault(Fault.SLOW, endpoint="send", seconds=0)
    gateway_url.gateway.fault("ERR013", endpoint="send")

    assert await notify(url(gateway_url, *numbers, query="retry=2&wait=0.1"), "hello")
    assert [len(entry.numbers) for entry in gateway_url.gateway.ledger] == [200, 50]
    assert len(gateway_url.gateway.requests) == 3


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.HTML_502_AFTER, Fault.TRUNCATED])
async def test_what_may_have_been_sent_is_never_repeated(
    gateway_url: RunningGateway, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """A lost answer fails the notification with a reason, and no retry sends it again."""
    gateway_url.gateway.fault(fault, endpoint="send")

    assert not await notify(url(gateway_url, query="retry=2&wait=0.1"), "hello")
    assert len(gateway_url.gateway.requests) == 1
    assert "may have been sent" in caplog.text


@apprise_2
async def test_it_is_repeated_where_the_url_says_so(gateway_url: RunningGateway) -> None:
    """`resend=yes` accepts the risk of a duplicate."""
    gateway_url.gateway.configure(repeat_seconds=0)
    gateway_url.gateway.fault(Fault.HTML_502, endpoint="send")

    assert await notify(url(gateway_url, query="retry=1&wait=0.1&resend=yes"), "hello")
    assert texts(gateway_url) == ["hello"]


@pytest.mark.parametrize(
    ("body", "options", "query", "expected"),
    [
        ("disk full", {}, "", "disk full"),
        ("disk full", {"title": "db-2"}, "", "db-2\ndisk full"),
        ("🔴 [DB] Down ✅", {}, "", "[DB] Down"),
        ("a < b && c > d", {}, "", "a < b && c > d"),
        pytest.param(
            '<p>Up: <b>db</b> <a href="https://x.example/1">diff</a></p>',
            {"body_format": "html"},
            "",
            "Up: db diff (https://x.example/1)",
            marks=apprise_2,
        ),
        ("A<br>B <b>x</b>", {}, "format=html", "A\nB x"),
        ("**Up** [diff](https://x.example/1)", {"body_format": "markdown"}, "", None),
        ("**Up** `db`", {}, "format=markdown", "Up db"),
        ("نجح النسخ ١٢٣", {}, "", "نجح النسخ 123"),
    ],
)
async def test_the_phone_shows_readable_text(
    gateway_url: RunningGateway,
    body: str,
    options: dict[str, Any],
    query: str,
    expected: str | None,
) -> None:
    """HTML and Markdown become text with their links, emoji are removed, Arabic stays."""
    assert await notify(url(gateway_url, query=query), body, **options)
    (text,) = texts(gateway_url)

    assert text == expected if expected else "https://x.example/1" in text


@pytest.mark.parametrize(
    ("body", "said"), [("🎉🎉", "message is empty"), ("\u200b<b></b>", "message is empty")]
)
async def test_what_cannot_be_sent_is_not_tried(
    gateway_url: RunningGateway, body: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason is logged and no request is made."""
    assert not await notify(url(gateway_url), body)
    assert said in caplog.text
    assert gateway_url.gateway.requests == []


async def test_a_text_that_is_too_long_is_the_gateways_to_refuse(
    gateway_url: RunningGateway, caplog: pytest.LogCaptureFixture
) -> None:
    """Eight pages get ERR012, with its remedy."""
    assert not await notify(url(gateway_url), "م" * 470)
    assert "ERR012" in caplog.text
    assert "469 Arabic" in caplog.text


@apprise_2
async def test_a_split_text_comes_in_numbered_parts(
    gateway_url: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part fits on seven pages in any language and begins with its number."""
    monkeypatch.setattr(NotifyKwtSMS, "seconds_between_parts", 0.0)
    gateway_url.gateway.configure(repeat_seconds=0)

    assert await notify(url(gateway_url, query="overflow=split"), "م" * 1000)
    assert [text[:6] for text in texts(gateway_url)] == ["(1/3) ", "(2/3) ", "(3/3) "]
    assert sum(text.count("م") for text in texts(gateway_url)) == 1000


def test_parts_keep_out_of_each_others_15_seconds() -> None:
    """The gateway refuses a number that was sent to less than 15 s ago."""
    assert NotifyKwtSMS.seconds_between_parts > 15


async def test_a_title_alone_is_refused_by_apprise(gateway_url: RunningGateway) -> None:
    """Apprise requires a body; nothing is sent and nothing is raised."""
    assert not await notify(url(gateway_url), "", title="disk full")
    assert gateway_url.gateway.requests == []


async def test_test_mode_delivers_nothing(gateway_url: RunningGateway) -> None:
    """With `test=yes` the gateway only queues the message."""
    assert await notify(url(gateway_url, query="test=yes"), "hello")
    assert texts(gateway_url) == []
    assert gateway_url.gateway.ledger[0].test


async def test_a_bad_number_fails_the_notification_but_not_the_others(
    gateway_url: RunningGateway,
) -> None:
    """The notification fails because the URL is wrong, but the valid number gets the alert."""
    assert not await notify(url(gateway_url, KUWAIT, "123"), "hello")
    assert texts(gateway_url) == ["hello"]


async def test_the_log_says_the_code_and_nothing_private(
    gateway_url: RunningGateway, caplog: pytest.LogCaptureFixture
) -> None:
    """A send logs one INFO line, a refusal one WARNING; no secret is logged at any level."""
    caplog.set_level(logging.DEBUG)
    await notify(url(gateway_url, KUWAIT, KUWAIT_2), "the-secret-text")
    gateway_url.gateway.fault("ERR010", endpoint="send")
    await notify(url(gateway_url, KUWAIT, KUWAIT_2), "the-secret-text")
    ours = [record for record in caplog.records if "kwtSMS" in record.getMessage()]
    lines = [(one.levelname, one.getMessage()) for one in ours if one.levelno >= logging.INFO]

    assert [level for level, _ in lines] == ["INFO", "WARNING"]
    assert "ERR010" in lines[1][1]
    assert "Top up" in lines[1][1]
    private = (gateway_url.gateway.account.password, KUWAIT, KUWAIT_2, "the-secret-text")
    assert [word for word in private if word in caplog.text] == []
