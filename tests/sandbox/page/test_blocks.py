"""Rendering of Block Kit and its mark-up on the page."""

from typing import Any

import pytest

from kwtsms_sandbox.slack import OPS
from support.blockkit import plain_text, section
from support.browser import Browser
from support.page import Page

pytestmark = pytest.mark.browser


async def post(page: Page, *blocks: dict[str, Any], text: str = "x") -> None:
    """Posts a message of the app."""
    await page.api.chat_postMessage(channel=OPS.id, text=text, blocks=blocks)


MARKUP = [
    ("*a* _b_ ~c~ `d`", ["STRONG a", "EM b", "S c", "CODE d"]),
    ("*a _b_*", ["STRONG a b", "EM b"]),
    ("2*3*4 snake_case_name a~b~c", []),
    ("* a* *b *", []),
    ("`*a*`", ["CODE *a*"]),
    ("```\n*a*\n<@U0000NOURA>```", ["PRE *a*\n@نورة العتيبي"]),
    ("<https://a.example/x?y=1&amp;z=2|here>", ["A here"]),
    ("<javascript:alert(1)|here>", ["SPAN here (javascript:alert(1))"]),
    ("<data:text/html,x>", ["SPAN data:text/html,x"]),
    ("<mailto:a@b.example|a@b.example> <tel:+965|call>", ["A a@b.example", "A call"]),
    ("<@U0000NOURA> <@UNOBODY|who>", ["BDI @نورة العتيبي", "BDI @who"]),
    ("<#C0000ALERT> <#C1|x>", ["BDI #alerts", "BDI #x"]),
    ("<!here> <!subteam^S000ONCALL>", ["BDI @here", "BDI @oncall"]),
    ("&lt;@U0000NOURA&gt; &lt;!channel&gt; &amp;lt;", []),
    ("&gt; a\n&gt; *b*\nc", ["BLOCKQUOTE a\nb", "STRONG b"]),
    ("a\n> b > c", ["BLOCKQUOTE b > c"]),
    ("see https://a.example.", ["A https://a.example."]),
    (":no_such_name: :constructor:", []),
    (":warning:", ["svg "]),
]


async def test_markup(shown: Browser) -> None:
    """Mark-up becomes the expected elements, and everything else is text."""
    found = await shown.run(
        """
        return import("/static/mrkdwn.js").then(({ mrkdwn }) => arguments[0].map((text) => {
          const box = document.createElement("div");
          box.append(...mrkdwn(text));
          const made = [...box.querySelectorAll("*:not(use)")];
          return [text, made.map((one) => `${one.tagName} ${one.textContent}`)];
        }));
        """,
        [text for text, _ in MARKUP],
    )

    assert dict(found) == dict(MARKUP)


async def test_verbatim_text_has_no_links_of_its_own(page: Page, shown: Browser) -> None:
    """Verbatim text has no links; without it, a bare address becomes a link, as in Slack."""
    block = section("see https://a.example")
    block["text"]["verbatim"] = True
    await post(page, block)
    await shown.wait_for_text(".message", "https://a.example")

    assert await shown.count(".message a") == 0


async def test_what_cannot_be_shown_says_so(page: Page, shown: Browser) -> None:
    """A block that the page cannot show is named in its place, and the rest is shown."""
    video = {
        "type": "video",
        "alt_text": "v",
        "title": plain_text("t"),
        "thumbnail_url": "https://a.example/t",
        "video_url": "https://a.example/v",
    }
    await post(page, section("before"), video, section("after"))
    await shown.wait_for_text(".message", "after")

    assert await shown.text(".message .unknown") == "This page can't show “video”."


async def test_pictures_are_described_and_not_fetched(page: Page, shown: Browser) -> None:
    """Images are shown by their description, and nothing is loaded from elsewhere."""
    image = {"type": "image", "alt_text": "Credits by day", "image_url": "https://a.example/x.png"}
    await post(page, image)
    await shown.wait_for_text(".message figure", "Credits by day")

    assert await shown.count(".message img") == 0
    assert shown.console_errors() == []


CHART = {
    "type": "data_visualization",
    "title": "Credits",
    "chart": {
        "type": "line",
        "series": [
            {"name": "Used", "data": [{"label": "Sun", "value": 3}, {"label": "Mon", "value": 5}]}
        ],
        "axis_config": {"categories": ["Sun", "Mon"]},
    },
}


async def test_a_chart_is_drawn_with_its_figures(page: Page, shown: Browser) -> None:
    """A chart has a line, an accessible name and a table of its figures."""
    await post(page, CHART)
    await shown.until("document.querySelector('.chart polyline')")

    assert await shown.run("return document.querySelector('.chart svg').ariaLabel") == "Chart: Used"
    assert await shown.run("return document.querySelectorAll('.chart td').length") == 2
