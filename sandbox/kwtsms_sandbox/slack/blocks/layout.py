"""The blocks that every app uses. https://docs.slack.dev/reference/block-kit/blocks."""

from collections.abc import Mapping

from kwtsms_sandbox.slack.blocks.elements import IMAGE, IN_ACTIONS, IN_INPUT, IN_SECTION
from kwtsms_sandbox.slack.blocks.objects import ID, SLACK_FILE, URL, plain, text
from kwtsms_sandbox.slack.blocks.rich_text import RICH_TEXT
from kwtsms_sandbox.slack.blocks.rules import (
    Rule,
    all_of,
    any_field,
    boolean,
    by_type,
    list_of,
    not_both,
    one_of,
    shape,
    string,
)

WITH_ID: Mapping[str, Rule] = {"block_id": ID}
RAW_TEXT = shape({"text": string(least=1)}, {"emoji": boolean})
_COLUMN = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})
_SMALL_PRINT = by_type(
    {
        "image": IMAGE,
        "plain_text": shape({"text": string(3000, least=1)}, {"emoji": boolean}),
        "mrkdwn": shape({"text": string(3000, least=1)}, {"verbatim": boolean}),
    }
)

LAYOUT: Mapping[str, Rule] = {
    "actions": shape({"elements": list_of(by_type(IN_ACTIONS), least=1, most=25)}, WITH_ID),
    "context": shape({"elements": list_of(_SMALL_PRINT, least=1, most=10)}, WITH_ID),
    "divider": shape({}, WITH_ID),
    "header": shape({"text": plain(150)}, WITH_ID),
    "image": all_of(
        shape(
            {"alt_text": string(2000)},
            {**WITH_ID, "image_url": URL, "slack_file": SLACK_FILE, "title": plain(2000)},
        ),
        any_field("image_url", "slack_file"),
        not_both("image_url", "slack_file"),
    ),
    "input": shape(
        {"label": plain(2000), "element": by_type(IN_INPUT)},
        {**WITH_ID, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": shape({"text": string(12_000, least=1)}, WITH_ID),
    "rich_text": RICH_TEXT,
    "section": all_of(
        shape(
            {},
            {
                **WITH_ID,
                "text": text(3000),
                "fields": list_of(text(2000), least=1, most=10),
                "accessory": by_type(IN_SECTION),
                "expand": boolean,
            },
        ),
        any_field("text", "fields"),
    ),
    "table": shape(
        {
            "rows": list_of(
                list_of(by_type({"raw_text": RAW_TEXT, "rich_text": RICH_TEXT}), least=1, most=20),
                least=1,
                most=100,
            )
        },
        {**WITH_ID, "column_settings": list_of(_COLUMN, most=20)},
    ),
    "video": shape(
        {"alt_text": string(2000), "title": plain(200), "thumbnail_url": URL, "video_url": URL},
        {
            **WITH_ID,
            "author_name": string(50),
            "description": plain(200),
            "provider_icon_url": string(2000),
            "provider_name": string(50),
            "title_url": string(2000),
        },
    ),
}
