"""Narrow screens, dark screens and screen readers."""

import pytest

from kwtsms_sandbox.slack import OPS
from support.blockkit import section
from support.browser import Browser
from support.gateway import KUWAIT, Caller
from support.page import Page

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


BEYOND_THE_EDGE = """
return [...document.querySelectorAll("main .room *, main .phones *, main .gateway *")]
  .filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > innerWidth)
  .filter((one) => !one.closest("#numbers"))
  .map((one) => one.className || one.tagName);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_stand_out_from_their_ground(page: Page, browser: Browser, scheme: str) -> None:
    """Text has a contrast of at least 4.5 to 1 in both colour schemes (WCAG 2.2, 1.4.3)."""
    await browser.set_color_scheme(scheme)
    await browser.open(page.url)
    await browser.until("document.querySelector('#channels .entry')")
    weak = await browser.run(CONTRAST)

    assert weak == []


CONTRAST = """
const light = (colour) => {
  const [r, g, b] = colour.map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
const brush = canvas.getContext("2d", { willReadFrequently: true });
const rgb = (colours) => {
  brush.clearRect(0, 0, 1, 1);
  for (const colour of colours) { brush.fillStyle = colour; brush.fillRect(0, 0, 1, 1); }
  return [...brush.getImageData(0, 0, 1, 1).data.slice(0, 3)];
};
const ground = (node) => getComputedStyle(node).backgroundColor;
const grounds = (node) => node ? [...grounds(node.parentElement), ground(node)] : [];
return [...document.querySelectorAll("body *")]
  .filter((one) => [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
  .filter((one) => one.getClientRects().length && !one.closest("select, .skip"))
  .map((one) => {
    const under = light(rgb(grounds(one)));
    const words = light(rgb([...grounds(one), getComputedStyle(one).color]));
    const ratio = (Math.max(under, words) + 0.05) / (Math.min(under, words) + 0.05);
    return [ratio, one.className || one.id || one.tagName];
  })
  .filter(([ratio]) => ratio < 4.5);
"""


async def test_everything_that_acts_has_a_name(shown: Browser) -> None:
    """Every button, field and menu has a name for a screen reader."""
    nameless = await shown.run(
        "return [...document.querySelectorAll('main button, main textarea, main select')]"
        ".filter((one) => !(one.textContent.trim() || one.ariaLabel || one.labels?.length))"
        ".map((one) => one.outerHTML)"
    )

    assert nameless == []
