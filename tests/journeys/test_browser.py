"""The complete demo in a browser: the real bot, the page, and Chromium."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.page import PageServer
from support.bot import NUMBER, local_env
from support.browser import Browser, browser, chromium

__all__ = ["browser", "chromium"]
ENTER = "\ue007"  # WebDriver's code of the key.
pytestmark = pytest.mark.browser


@asynccontextmanager
async def page(folder: Path, browser: Browser) -> AsyncIterator[LocalEnvironment]:
    """The demo's page, open in the browser."""
    async with local_env(folder) as env:
        server = PageServer(gateway=env.gateway, slack=env.slack)
        async with serve(server.app()) as served:
            await browser.open(served.url)
            yield env


async def test_what_is_typed_on_the_left_arrives_on_the_phone(
    tmp_path: Path,
    browser: Browser,
) -> None:
    """A slash command becomes an SMS, and the card and the credits show it."""
    async with page(tmp_path, browser) as env:
        await browser.type("#composer", f"/sms send +{NUMBER} Hello مرحبا{ENTER}")
        await browser.wait_for_text("#thread .bubble", "Hello مرحبا")
        await browser.wait_for_text("#messages", "Sent to 965")
        await browser.wait_for_text("#credits", "999")

        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == ["Hello مرحبا"]
        assert browser.console_errors() == []


async def test_arabic_is_shown_from_right_to_left(
    tmp_path: Path,
    browser: Browser,
) -> None:
    """An Arabic text is displayed right to left on the phone."""
    async with page(tmp_path, browser):
        await browser.type("#composer", f"/sms send {NUMBER} نجح النسخ الاحتياطي{ENTER}")
        await browser.wait_for_text("#thread .bubble", "نجح النسخ")

        assert await browser.style("#thread .bubble", "direction") == "rtl"


async def test_an_unknown_outcome_is_decided_with_the_mouse(
    tmp_path: Path,
    browser: Browser,
) -> None:
    """The card of an unknown message has two buttons, and one click resolves it."""
    async with page(tmp_path, browser) as env:
        env.gateway.fault(Fault.HTML_502_AFTER, endpoint="send")
        await browser.type("#composer", f"/sms send {NUMBER} hi{ENTER}")
        await browser.wait_for_text("#messages", "may have been sent")
        await browser.click_words("#messages button", "Mark as sent")
        await browser.wait_for_text("#messages", "Marked as sent, not confirmed by kwtSMS")

        assert len(env.gateway.ledger) == 1


async def test_the_details_of_a_card_open_from_its_menu(
    tmp_path: Path,
    browser: Browser,
) -> None:
    """The three dots on a card lead to the modal with its steps."""
    async with page(tmp_path, browser) as env:
        await browser.type("#composer", f"/sms send {NUMBER} hi{ENTER}")
        await browser.wait_for_text("#messages", "Sent to 965")
        await browser.click("#messages .menu summary")
        await browser.click_words("#messages .item", "Show details")
        await browser.wait_for_text("dialog", "Submitted to kwtSMS")

        assert env.gateway.ledger[0].message_id in await browser.text("dialog")
        assert browser.console_errors() == []


async def test_what_a_person_types_stays_text(
    tmp_path: Path,
    browser: Browser,
) -> None:
    """Markup, mentions and entities are shown literally, in Slack and on the phone."""
    hostile = "a < b <!channel> &lt;i&gt; *x* `y`"
    async with page(tmp_path, browser):
        await browser.type("#composer", f"/sms send {NUMBER} {hostile}{ENTER}")
        await browser.wait_for_text("#thread .bubble", hostile)
        await browser.wait_for_text("#messages", hostile)

        assert browser.console_errors() == []


async def test_a_narrow_window_needs_no_sideways_scrolling(
    tmp_path: Path,
    browser: Browser,
) -> None:
    """On a phone's width, nothing requires sideways scrolling."""
    async with page(tmp_path, browser):
        await browser.open(await browser.run("return location.href"), width=390, height=844)
        await browser.type("#composer", f"/sms send {NUMBER} {'long' * 60}{ENTER}")
        await browser.wait_for_text("#messages", "Sent to 965")
        wide = await browser.run("return document.documentElement.scrollWidth > innerWidth")

        assert wide is False
