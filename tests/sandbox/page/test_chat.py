"""The chat in a real browser: typing and reading."""

from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from kwtsms_sandbox.gateway import Gateway
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.page import PageServer
from kwtsms_sandbox.slack import NOURA, OPS, SARA
from support.browser import Browser
from support.page import Page
from support.slack import running_slack

pytestmark = pytest.mark.browser

DOWN, ENTER, UP = Keys.ARROW_DOWN, Keys.ENTER, Keys.ARROW_UP


def answering(page: Page) -> None:
    """Makes the app repeat what is typed, visible to that person alone."""

    @page.bolt.command("/sms")
    async def reply(ack: Any, command: Any) -> None:
        await ack(f"you said {command['text']}")


async def test_a_command_is_typed_and_answered(page: Page, shown: Browser) -> None:
    """The answer is marked as ephemeral, and the line shows how fast it was acknowledged."""
    answering(page)
    await shown.type("#composer", "/sms balance" + ENTER)

    await shown.wait_for_text(".message .text", "you said balance")
    await shown.wait_for_text(".message .ephemeral", "Only visible to you")
    await shown.wait_for_text(".typed", "/sms balance")
    await shown.wait_for_text(".typed", "Received by the bot in")
    assert shown.console_errors() == []


async def test_a_message_changes_in_its_place(page: Page, shown: Browser) -> None:
    """The card of a send is one message, edited as its state changes."""
    sent = await page.api.chat_postMessage(channel=OPS.id, text="Waiting")
    await shown.wait_for_text(".message", "Waiting")
    await page.api.chat_update(channel=OPS.id, ts=sent["ts"], text="Sent")
    await shown.wait_for_text(".message", "Sent")

    assert await shown.count(".message") == 1


async def test_commands_are_suggested(page: Page, shown: Browser) -> None:
    """Commands are suggested while typing; Enter completes the chosen one and does not send it."""
    await shown.type("#composer", "/sms s")
    await shown.until("!document.getElementById('suggestions').hidden")
    assert await shown.count("#suggestions li") == 2
    await shown.type("#composer", DOWN + DOWN + ENTER)

    assert await shown.run("return document.getElementById('composer').value") == "/sms status "
    assert page.slack.visible(SARA, OPS) == []


async def test_an_exact_command_is_sent_at_once(page: Page, shown: Browser) -> None:
    """Enter sends an exact command despite the suggestions."""
    answering(page)
    await shown.type("#composer", "/sms" + ENTER)

    await shown.wait_for_text(".message", "you said")


async def test_the_last_line_comes_back(page: Page, shown: Browser) -> None:
    """The up arrow brings back the last line, as in a terminal."""
    answering(page)
    await shown.type("#composer", "/sms balance" + ENTER)
    await shown.wait_for_text(".message", "you said")
    await shown.type("#composer", UP)

    assert await shown.run("return document.getElementById('composer').value") == "/sms balance"


async def test_a_wrong_command_is_refused_in_words(shown: Browser) -> None:
    """An unknown command is refused with words, as by Slack's composer."""
    await shown.type("#composer", "/nonsense" + ENTER)

    await shown.wait_for_text("[role=alert]", "/nonsense is not a valid command.")


async def test_a_line_that_was_refused_is_not_lost(shown: Browser) -> None:
    """A refused line stays in the composer."""
    await shown.type("#composer", "/nonsense a long text" + ENTER)
    await shown.wait_for_text("[role=alert]", "not a valid command")

    await shown.until("document.getElementById('composer').value === '/nonsense a long text'")


async def test_the_first_command_is_offered(page: Page, shown: Browser) -> None:
    """One click on the empty phone types an example command, and does not send it."""
    await shown.click("[data-try]")

    typed = await shown.run("return document.activeElement.value")
    assert typed == "/sms send +96598765432 Hello مرحبا"
    assert page.slack.visible(SARA, OPS) == []


async def test_one_can_be_somebody_else(page: Page, shown: Browser) -> None:
    """Acting as another person hides what only the first one may see."""
    await page.api.chat_postEphemeral(channel=OPS.id, user=SARA.id, text="for Sara")
    await shown.wait_for_text(".message", "for Sara")
    await shown.click("#people li:nth-child(2) button")
    await shown.until("document.querySelector('#people li:nth-child(2) [aria-pressed=true]')")

    assert await shown.count(".message") == 0
    await shown.type("#composer", "hello" + ENTER)
    await shown.wait_for_text(".message", NOURA.real_name)


async def test_another_channel_shows_that_it_has_a_new_message(page: Page, shown: Browser) -> None:
    """A channel with a new message is marked until it is opened."""
    await page.api.chat_postMessage(channel="alerts", text="low balance")
    await shown.click("#channels .fresh")
    await shown.wait_for_text(".message", "low balance")

    assert await shown.count("#channels .fresh") == 0


async def test_a_page_that_lost_the_server_comes_back(gateway: Gateway, browser: Browser) -> None:
    """Without its server the page says so; with it again, it shows what it missed."""
    async with running_slack() as slack:
        server = PageServer(gateway=gateway, slack=slack)
        async with serve(server.app()) as first:
            await browser.open(first.url)
            await browser.until("document.querySelector('#channels .entry')")
        await browser.wait_for_text("#offline", "The demo has stopped")
        slack.say(SARA, OPS, "missed")
        async with serve(server.app(), port=first.port):
            await browser.wait_for_text(".message", "missed")
            await browser.until("document.getElementById('offline').hidden")
