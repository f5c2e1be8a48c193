"""Rendering of mark-up, blocks and forms as plain lines."""

from typing import Any

import pytest

from kwtsms_sandbox.slack import OPS, Message, links, mentions, plain, readable
from support.blockkit import actions, button, plain_text, section

NAMES = {"U1": "sara", "C1": "ops", "S1": "oncall"}


def shown(*blocks: Any, text: str = "") -> str:
    """Returns the blocks as a person reads them."""
    return plain(Message("1.0", OPS.id, "U0", text, blocks), NAMES)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("plain", "plain"),
        ("*bold* and _italic_ and ~gone~", "bold and italic and gone"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("`code *stays*`", "code *stays*"),
        ("```\na\n b\n```", "a\n b"),
        ("<@U1> <@U9> <@U9|lena>", "@sara @U9 @lena"),
        ("<#C1> <#C9|far>", "#ops #far"),
        ("<!subteam^S1> <!here>", "@oncall @here"),
        ("<!channel>", "@channel"),
        ("&lt;!channel&gt;", "<!channel>"),
        ("&amp;lt;", "&lt;"),
        ("<https://x.io|site> <https://x.io>", "site (https://x.io) https://x.io"),
        ("<tel:+965|+9 65> <mailto:a@b.c|a@b.c>", "+9 65 a@b.c"),
        ("<!date^1700000000^{date}|14 Nov>", "14 Nov"),
        (":white_check_mark: :nosuch:", "✅ :nosuch:"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_mark_up_is_read_as_a_person_reads_it(raw: str, read: str) -> None:
    """Tokens become names, entities characters; an escaped mention stays text."""
    assert readable(raw, NAMES) == read


def test_live_mentions_and_links_are_found() -> None:
    """Live mentions and links are found, and escaped ones are not."""
    raw = "<!channel> <@U1> &lt;!here&gt; <https://x.io|a> <!date^1^x|y>"

    assert mentions(raw) == ["!channel", "@U1"]
    assert links(raw) == ["https://x.io"]


@pytest.mark.parametrize(
    ("block", "lines"),
    [
        ({"type": "header", "text": plain_text("SMS sent")}, "SMS sent"),
        ({"type": "header", "text": {**plain_text("No :x:"), "emoji": False}}, "No :x:"),
        (section("*To* <@U1>"), "To @sara"),
        (
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*To:*\n965"}]},
            "To: 965",
        ),
        ({**section("Text"), "accessory": button("Check now")}, "Text\n[Check now]"),
        (
            {
                "type": "context",
                "elements": [plain_text("a"), {"type": "image", "alt_text": "logo"}],
            },
            "a · (logo)",
        ),
        (actions(button("Cancel"), button("Send")), "[Cancel]  [Send]"),
        ({"type": "divider"}, "─" * 24),
        ({"type": "image", "alt_text": "chart", "image_url": "x"}, "[image: chart]"),
        ({"type": "markdown", "text": "**Bold** :x:"}, "Bold ❌"),
        ({"type": "alert", "text": plain_text("No credit")}, "! No credit"),
        (
            {"type": "card", "title": plain_text("Title"), "actions": [button("Go")]},
            "Title\n[Go]",
        ),
        (
            {
                "type": "table",
                "rows": [
                    [{"type": "raw_text", "text": "Number"}, {"type": "raw_text", "text": "State"}],
                    [{"type": "raw_text", "text": "965"}, {"type": "raw_text", "text": "sent"}],
                ],
            },
            "Number  State\n965     sent",
        ),
        ({"type": "video", "title": plain_text("x")}, "[video]"),
    ],
    ids=lambda value: value.get("type") if isinstance(value, dict) else None,
)
def test_every_block_reads_well(block: Any, lines: str) -> None:
    """Every block has its plain lines."""
    assert shown(block) == lines


def test_rich_text_stays_letter_for_letter() -> None:
    """Typed text is not mark-up; lists, quotes and code keep their shape."""
    typed = {"type": "text", "text": "*not bold* <!channel> :x:"}
    parts = [
        {"type": "rich_text_section", "elements": [typed]},
        {
            "type": "rich_text_list",
            "style": "ordered",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U1"}]}
            ],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "indent": 1,
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "emoji", "name": "x"}]}
            ],
        },
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "a\nb"}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "c"}]},
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "link", "url": "https://x.io", "text": "x"},
                {"type": "broadcast", "range": "here"},
                {"type": "channel", "channel_id": "C1"},
                {"type": "date", "timestamp": 1, "format": "{date}", "fallback": "14 Nov"},
            ],
        },
    ]

    assert shown({"type": "rich_text", "elements": parts}).split("\n") == [
        "*not bold* <!channel> :x:",
        "1. @sara",
        "  • ❌",
        "│ a",
        "│ b",
        "  c",
        "x (https://x.io)@here#ops14 Nov",
    ]


def test_menus_show_their_choices() -> None:
    """A menu shows its options, or at least that it can be opened."""
    option = {"text": plain_text("Later"), "value": "later"}
    menus = actions(
        {"type": "static_select", "placeholder": plain_text("Sender"), "options": [option]},
        {"type": "overflow", "options": [option]},
        {"type": "checkboxes", "options": [option]},
    )

    assert shown(menus) == "[Sender ▾]  [⋯ Later]  ( ) Later"


def test_the_text_shows_only_without_blocks() -> None:
    """Blocks replace the text, as in Slack."""
    assert shown(section("block"), text="text") == "block"
    assert shown(text="a *text*") == "a text"
