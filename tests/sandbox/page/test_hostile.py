"""Text stays text: nothing in it becomes an element or a script on the page."""

from typing import Any

import pytest

from kwtsms_sandbox.slack import OPS, SARA
from support.blockkit import plain_text, section
from support.browser import Browser
from support.gateway import Caller
from support.page import Page

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<!channel>",
    "<https://evil.example|kwtsms.com>",
    "`x` ```y``` *z*",
    "\u202eevil\u202c and \u200fmarks\u200e",
    "&lt;b&gt; &amp;amp;",
    "</p></div></body>",
    "javascript:document.title='owned'",
)


def escaped(text: str) -> str:
    """Returns the text as an app has to escape it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rich(text: str) -> dict[str, Any]:
    """Returns rich text with only this text."""
    inside = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [inside]}


def table(text: str) -> dict[str, Any]:
    """Returns a table with this text in its only cell."""
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}]]}


async def post(page: Page, *blocks: dict[str, Any], text: str = "x") -> None:
    """Posts a message of the app."""
    await page.api.chat_postMessage(channel=OPS.id, text=text, blocks=blocks)


async def untouched(browser: Browser) -> bool:
    """Whether no element, mention or link was made from text, and no script has run."""
    alive = "main .message :is(script, img, iframe, b, .mention, a)"
    return await browser.count(alive) == 0 and (await browser.run(TITLE)) == "kwtsms-bridge demo"


TITLE = "return document.title"


async def shown_by(browser: Browser, css: str) -> list[str]:
    """Returns the text of each matching element in a message."""
    script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)"
    return list(await browser.run(script, f".message {css}"))


async def test_text_without_markup_is_shown_letter_for_letter(page: Page, shown: Browser) -> None:
    """Every block without mark-up shows its text letter for letter."""
    blocks: list[dict[str, Any]] = []
    for text in HOSTILE:
        plain = plain_text(text)
        blocks += [{"type": kind, "text": plain} for kind in ("section", "header")]
        blocks += [rich(text), table(text)]
    await post(page, *blocks)
    await shown.until("document.querySelector('.message')")
    found = {css: await shown_by(shown, css) for css in (".text", ".block-header", ".rich p", "th")}

    assert found == {css: list(HOSTILE) for css in found}
    assert await untouched(shown)


async def test_escaped_text_stays_text(page: Page, shown: Browser) -> None:
    """Text that the app escaped becomes neither an element nor a mention nor a link."""
    blocks = [section(escaped(text)) for text in HOSTILE]
    for block in blocks:
        block["text"]["verbatim"] = True
    await post(page, *blocks)
    await shown.until("document.querySelector('.message')")

    assert "<!channel>" in await shown_by(shown, ".text")
    assert await untouched(shown)


async def test_what_somebody_says_stays_text(page: Page, shown: Browser) -> None:
    """Text that a person typed stays text for everybody."""
    for text in (*HOSTILE[:2], *HOSTILE[4:]):
        page.slack.say(SARA, OPS, text)
    await shown.wait_for_text(".message", HOSTILE[-1])

    assert await untouched(shown)


async def test_a_phone_shows_what_came_letter_for_letter(
    page: Page, shown: Browser, caller: Caller
) -> None:
    """A phone shows a text that the gateway accepts letter for letter."""
    page.gateway.configure(repeat_seconds=0, requests_per_second=None)
    sent = [text for text in HOSTILE if (await caller.send(message=text))["result"] == "OK"]
    await shown.until(f"document.querySelectorAll('.bubble').length === {len(sent)}")
    found = await shown.run(
        "return [...document.querySelectorAll('.bubble')].map((one) => one.textContent)"
    )

    assert len(sent) > 3
    assert found == sent


async def test_the_browser_itself_refuses_markup(shown: Browser) -> None:
    """The page's policy refuses a string that is assigned to innerHTML."""
    refused = await shown.run(
        "try { document.body.innerHTML = '<b>x</b>'; return ''; }"
        "catch (error) { return error.name; }"
    )

    assert refused == "TypeError"


async def test_a_long_hostile_text_is_drawn_quickly(shown: Browser) -> None:
    """12,000 characters that might begin mark-up are rendered in less than 1.5 s."""
    elapsed = await shown.run(
        """
        return import("/static/mrkdwn.js").then(({ mrkdwn }) => {
          const start = performance.now();
          for (const sign of ["*", "*a", "`", "```", "<", "_a ", ":a", "&gt;", "~x~", "> \\n"]) {
            mrkdwn(sign.repeat(12000 / sign.length));
          }
          return performance.now() - start;
        });
        """
    )

    assert elapsed < 1500
