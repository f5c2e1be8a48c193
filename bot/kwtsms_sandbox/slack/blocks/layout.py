"""Block Kit's blocks and the surfaces they may stand on.

https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Mapping

from .elements import BUTTON, IMAGE, IN_ACTIONS, IN_INPUT, IN_SECTION
from .objects import ID, SLACK_FILE, URL, mrkdwn, plain, text
from .rich_text import RICH_TEXT
from .rules import (
    Rule,
    any_field,
    anything,
    by_type,
    every,
    flag,
    listed,
    one_of,
    shape,
    string,
    whole,
)

_ID: Mapping[str, Rule] = {"block_id": ID}
_CONTEXT_TEXT = string(3000, least=1)
_CELL = by_type(
    {
        "raw_text": shape({"text": string(least=1)}),
        "raw_number": shape({"value": anything}, {"text": string()}),
        "rich_text": RICH_TEXT,
    }
)
_COLUMN = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": flag})

BLOCKS: Mapping[str, Rule] = {
    "actions": shape({"elements": listed(by_type(IN_ACTIONS), least=1, most=25)}, _ID),
    "alert": shape(
        {"text": text(200)},
        {**_ID, "level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": every(
        shape(
            {},
            {
                **_ID,
                "hero_image": IMAGE,
                "icon": IMAGE,
                "title": text(150),
                "subtitle": text(150),
                "body": text(200),
                "subtext": text(200),
                "actions": listed(by_type({"button": BUTTON}), most=3),
            },
        ),
        any_field("hero_image", "title", "body", "actions"),
    ),
    "context": shape(
        {
            "elements": listed(
                by_type(
                    {
                        "image": IMAGE,
                        "plain_text": shape({"text": _CONTEXT_TEXT}, {"emoji": flag}),
                        "mrkdwn": shape({"text": _CONTEXT_TEXT}, {"verbatim": flag}),
                    }
                ),
                least=1,
                most=10,
            )
        },
        _ID,
    ),
    "divider": shape({}, _ID),
    "header": shape({"text": plain(150)}, _ID),
    "image": every(
        shape(
            {"alt_text": string(2000)},
            {**_ID, "image_url": URL, "slack_file": SLACK_FILE, "title": plain(2000)},
        ),
        any_field("image_url", "slack_file"),
    ),
    "input": shape(
        {"label": plain(2000), "element": by_type(IN_INPUT)},
        {**_ID, "hint": plain(2000), "optional": flag, "dispatch_action": flag},
    ),
    "markdown": shape({"text": string(12_000, least=1)}, _ID),
    "rich_text": RICH_TEXT,
    "section": every(
        shape(
            {},
            {
                **_ID,
                "text": text(3000),
                "fields": listed(text(2000), least=1, most=10),
                "accessory": by_type(IN_SECTION),
                "expand": flag,
            },
        ),
        any_field("text", "fields"),
    ),
    "table": shape(
        {"rows": listed(listed(_CELL, least=1, most=20), least=1, most=100)},
        {**_ID, "column_settings": listed(_COLUMN, most=20)},
    ),
    "video": shape(
        {
            "alt_text": string(2000),
            "title": plain(200),
            "thumbnail_url": URL,
            "video_url": URL,
        },
        {
            **_ID,
            "author_name": string(50),
            "description": plain(200),
            "provider_icon_url": string(2000),
            "provider_name": string(50),
            "title_url": string(2000),
        },
    ),
}
"""Every kind of block whose content is checked."""

_EVERYWHERE = (
    "actions",
    "card",
    "context",
    "divider",
    "header",
    "image",
    "input",
    "rich_text",
    "section",
    "video",
)
SURFACES: Mapping[str, frozenset[str]] = {
    "message": frozenset({*_EVERYWHERE, "markdown", "table"}),
    "modal": frozenset({*_EVERYWHERE, "alert"}),
    "home": frozenset({*_EVERYWHERE, "table"}),
}
"""Which of them may stand where."""

__all__ = ["BLOCKS", "SURFACES", "mrkdwn", "whole"]
