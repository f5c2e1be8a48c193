"""Narrow screens, dark screens and screen readers."""

import pytest

from kwtsms_sandbox.slack import OPS
from support.blockkit import section
from support.browser import Browser
from support.gateway import KUWAIT, Caller
from support.page import Page
from support.page_scripts import BEYOND_THE_EDGE, CONTRAST

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("pane", ["slack", "phones", "gateway"])
async def test_a_narrow_screen_needs_no_scrolling_sideways(
    page: Page, browser: Browser, caller: Caller, pane: str
) -> None:
    """Nothing reaches beyond the edge of a narrow screen, however long a word is."""
    await caller.send(KUWAIT, "w" * 300)
    blocks = [section("w" * 300), section("`" + "c" * 200 + "`")]
    await page.api.chat_postMessage(channel=OPS.id, text="x", blocks=blocks)
    await browser.open(page.url, width=360, height=740)
    await browser.until("document.querySelector('.message')")
    await browser.click(f"[data-show={pane}]")

    assert await browser.run("return document.documentElement.scrollWidth") == 360
    assert await browser.run(BEYOND_THE_EDGE) == []


async def test_a_narrow_log_stays_readable(page: Page, browser: Browser, caller: Caller) -> None:
    """The summary of a request is whole and on one line."""
    await caller.send(KUWAIT, "x")
    await browser.open(page.url, width=390, height=844)
    await browser.click("[data-show=gateway]")
    await browser.wait_for_text("#log tr", "965•••••432")
    lines = await browser.run(
        "const range = document.createRange();"
        "range.selectNodeContents(document.querySelector('#log td.what bdi'));"
        "return range.getClientRects().length"
    )

    assert lines == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_stand_out_from_their_ground(page: Page, browser: Browser, scheme: str) -> None:
    """Text has a contrast of at least 4.5 to 1 in both colour schemes (WCAG 2.2, 1.4.3)."""
    await browser.set_color_scheme(scheme)
    await browser.open(page.url)
    await browser.until("document.querySelector('#channels .entry')")
    weak = await browser.run(CONTRAST)

    assert weak == []


async def test_everything_that_acts_has_a_name(shown: Browser) -> None:
    """Every button, field and menu has a name for a screen reader."""
    nameless = await shown.run(
        "return [...document.querySelectorAll('main button, main textarea, main select')]"
        ".filter((one) => !(one.textContent.trim() || one.ariaLabel || one.labels?.length))"
        ".map((one) => one.outerHTML)"
    )

    assert nameless == []
