"""The blocks of 2025 and 2026: alerts, cards, containers, data, tasks.

Slack's own page and two libraries disagree about the rows of a data table (101 or 201): the
stricter figure is used. https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Mapping

from kwtsms_sandbox.slack.blocks.elements import BUTTON, IMAGE
from kwtsms_sandbox.slack.blocks.layout import LAYOUT, RAW_TEXT, WITH_ID
from kwtsms_sandbox.slack.blocks.objects import CONFIRM, ID, URL, plain, text
from kwtsms_sandbox.slack.blocks.rich_text import RICH_TEXT
from kwtsms_sandbox.slack.blocks.rules import (
    Rule,
    all_of,
    any_field,
    boolean,
    by_type,
    integer,
    list_of,
    not_both,
    number,
    one_of,
    shape,
    string,
)

_FEEDBACK = shape({"text": plain(75), "value": string(2000)}, {"accessibility_label": string(75)})
_CONTEXT_ACTION = by_type(
    {
        "feedback_buttons": shape(
            {"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, {"action_id": ID}
        ),
        "icon_button": shape(
            {"icon": one_of("trash"), "text": plain(75)},
            {
                "action_id": ID,
                "value": string(2000),
                "confirm": CONFIRM,
                "accessibility_label": string(75),
                "visible_to_user_ids": list_of(string(), most=10),
            },
        ),
    }
)
_CARD = all_of(
    shape(
        {},
        {
            **WITH_ID,
            "hero_image": IMAGE,
            "icon": IMAGE,
            "slack_icon": shape({"name": string(least=1)}),
            "title": text(150),
            "subtitle": text(150),
            "body": text(200),
            "subtext": text(200),
            "actions": list_of(by_type({"button": BUTTON}), most=3),
        },
    ),
    any_field("hero_image", "title", "body", "actions"),
    not_both("icon", "slack_icon"),
)
_INSIDE = "actions context divider file header image input rich_text section table video"
_FILE = shape({"external_id": string(least=1), "source": one_of("remote")}, WITH_ID)
_CONTAINER = all_of(
    shape(
        {
            "child_blocks": list_of(
                by_type(
                    {k: r for k, r in {**LAYOUT, "file": _FILE}.items() if k in _INSIDE.split()}
                ),
                least=1,
                most=10,
            )
        },
        {
            **WITH_ID,
            "title": plain(150),
            "rich_text_title": by_type({"rich_text": RICH_TEXT}),
            "subtitle": text(150),
            "width": one_of("narrow", "standard", "wide", "full"),
            "icon": IMAGE,
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
    ),
    any_field("title", "rich_text_title"),
)
_CELL = by_type(
    {
        "raw_text": RAW_TEXT,
        "raw_number": shape({"value": number, "text": string(least=1)}),
        "rich_text": RICH_TEXT,
    }
)
_LABEL = string(20, least=1)
_SERIES = shape(
    {
        "name": _LABEL,
        "data": list_of(shape({"label": _LABEL, "value": number}), least=1, most=20),
    }
)
_AXES = shape(
    {"categories": list_of(_LABEL, least=1, most=20)},
    {"x_label": string(50), "y_label": string(50)},
)
_AXIS_CHART = shape({"series": list_of(_SERIES, least=1, most=12), "axis_config": _AXES})
_CHART = by_type(
    {
        "pie": shape(
            {"segments": list_of(shape({"label": _LABEL, "value": number}), least=1, most=12)}
        ),
        "bar": _AXIS_CHART,
        "area": _AXIS_CHART,
        "line": _AXIS_CHART,
    }
)
_TASK = shape(
    {
        "task_id": string(least=1),
        "title": string(least=1),
        "status": one_of("pending", "in_progress", "complete", "error"),
    },
    {
        **WITH_ID,
        "details": RICH_TEXT,
        "output": RICH_TEXT,
        "sources": list_of(by_type({"url": shape({"url": URL, "text": string(least=1)})})),
    },
)

RECENT: Mapping[str, Rule] = {
    "alert": shape(
        {"text": text(200)},
        {**WITH_ID, "level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": _CARD,
    "carousel": shape({"elements": list_of(by_type({"card": _CARD}), least=1, most=10)}, WITH_ID),
    "container": _CONTAINER,
    "context_actions": shape({"elements": list_of(_CONTEXT_ACTION, least=1, most=5)}, WITH_ID),
    "data_table": shape(
        {
            "rows": list_of(list_of(_CELL, least=1, most=20), least=2, most=101),
            "caption": string(least=1),
        },
        {**WITH_ID, "page_size": integer(1, 100), "row_header_column_index": integer(0, 19)},
    ),
    "data_visualization": shape({"title": string(50, least=1), "chart": _CHART}, WITH_ID),
    "file": _FILE,
    "plan": shape(
        {"title": string(least=1), "tasks": list_of(_TASK, most=50)},
        WITH_ID,
    ),
    "task_card": _TASK,
}
