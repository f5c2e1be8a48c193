"""The limits of messages agree with slackblocks: at each limit, and one beyond."""

import slackblocks as sb

from kwtsms_sandbox.slack import check
from support.blockkit import actions, button, plain_text, section
from support.oracle import (
    Limit,
    Make,
    accepted,
    cells,
    confirm,
    letters,
    menu,
    option,
    row,
    sb_button,
    sb_cells,
    sb_confirm,
    sb_menu,
    sb_option,
)

MESSAGE_LIMITS: list[Limit] = [
    ("section text", 3000, lambda n: section(letters(n)), lambda n: sb.SectionBlock(letters(n))),
    (
        "section field",
        2000,
        lambda n: {"type": "section", "fields": [plain_text(letters(n))]},
        lambda n: sb.SectionBlock(fields=[sb.PlainText(letters(n))]),
    ),
    (
        "section fields",
        10,
        lambda n: {"type": "section", "fields": [plain_text("x")] * n},
        lambda n: sb.SectionBlock(fields=[sb.PlainText("x")] * n),
    ),
    (
        "header",
        150,
        lambda n: {"type": "header", "text": plain_text(letters(n))},
        lambda n: sb.HeaderBlock(letters(n)),
    ),
    (
        "block_id",
        255,
        lambda n: {"type": "divider", "block_id": letters(n)},
        lambda n: sb.DividerBlock(block_id=letters(n)),
    ),
    (
        "markdown",
        12_000,
        lambda n: {"type": "markdown", "text": letters(n)},
        lambda n: sb.MarkdownBlock(letters(n)),
    ),
    (
        "context elements",
        10,
        lambda n: {"type": "context", "elements": [plain_text("x")] * n},
        lambda n: sb.ContextBlock([sb.PlainText("x")] * n),
    ),
    (
        "actions elements",
        25,
        lambda n: actions(*(button("a", action_id=f"a{i}") for i in range(n))),
        lambda n: sb.ActionsBlock([sb.Button("a", action_id=f"a{i}") for i in range(n)]),
    ),
    ("button text", 75, lambda n: actions(button(letters(n))), lambda n: sb_button(letters(n))),
    (
        "button value",
        2000,
        lambda n: actions(button("a", value=letters(n))),
        lambda n: sb_button(value=letters(n)),
    ),
    (
        "button url",
        3000,
        lambda n: actions(button("a", url=letters(n))),
        lambda n: sb_button(url=letters(n)),
    ),
    (
        "action_id",
        255,
        lambda n: actions(button("a", action_id=letters(n))),
        lambda n: sb.ActionsBlock([sb.Button("a", action_id=letters(n))]),
    ),
    (
        "confirm title",
        100,
        lambda n: actions(button("a", confirm=confirm(title=n))),
        lambda n: sb_button(confirm=sb_confirm(title=n)),
    ),
    (
        "confirm text",
        300,
        lambda n: actions(button("a", confirm=confirm(text=n))),
        lambda n: sb_button(confirm=sb_confirm(text=n)),
    ),
    (
        "confirm button",
        30,
        lambda n: actions(button("a", confirm=confirm(yes=n))),
        lambda n: sb_button(confirm=sb_confirm(yes=n)),
    ),
    ("option text", 75, lambda n: menu(option(text=n)), lambda n: sb_menu(sb_option(text=n))),
    ("option value", 150, lambda n: menu(option(value=n)), lambda n: sb_menu(sb_option(value=n))),
    (
        "option description",
        75,
        lambda n: menu(option(description=n)),
        lambda n: sb_menu(sb_option(description=n)),
    ),
    ("options", 100, lambda n: menu(*[option()] * n), lambda n: sb_menu(*[sb_option()] * n)),
    (
        "placeholder",
        150,
        lambda n: menu(option(), placeholder=plain_text(letters(n))),
        lambda n: sb_menu(sb_option(), placeholder=letters(n)),
    ),
    (
        "overflow options",
        5,
        lambda n: actions({"type": "overflow", "action_id": "a", "options": [option()] * n}),
        lambda n: sb.ActionsBlock([sb.OverflowMenu("a", [sb_option()] * n)]),
    ),
    (
        "checkboxes",
        10,
        lambda n: actions({"type": "checkboxes", "action_id": "a", "options": [option()] * n}),
        lambda n: sb.ActionsBlock([sb.CheckboxGroup("a", [sb_option()] * n)]),
    ),
    (
        "radio buttons",
        10,
        lambda n: actions({"type": "radio_buttons", "action_id": "a", "options": [option()] * n}),
        lambda n: sb.ActionsBlock([sb.RadioButtonGroup("a", [sb_option()] * n)]),
    ),
    (
        "image alt text",
        2000,
        lambda n: {"type": "image", "image_url": "x", "alt_text": letters(n)},
        lambda n: sb.ImageBlock("x", alt_text=letters(n)),
    ),
    (
        "image title",
        2000,
        lambda n: {
            "type": "image",
            "image_url": "x",
            "alt_text": "x",
            "title": plain_text(letters(n)),
        },
        lambda n: sb.ImageBlock("x", alt_text="x", title=letters(n)),
    ),
    ("table rows", 100, lambda n: cells(n, 1), lambda n: sb_cells(n, 1)),
    ("table columns", 20, lambda n: cells(1, n), lambda n: sb_cells(1, n)),
    (
        "chart title",
        50,
        lambda n: {
            "type": "data_visualization",
            "title": letters(n),
            "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]},
        },
        lambda n: sb.DataVisualizationBlock(letters(n), sb.PieChart([sb.ChartSegment("a", 1)])),
    ),
    (
        "chart segments",
        12,
        lambda n: {
            "type": "data_visualization",
            "title": "a",
            "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}] * n},
        },
        lambda n: sb.DataVisualizationBlock("a", sb.PieChart([sb.ChartSegment("a", 1)] * n)),
    ),
    (
        "card body",
        200,
        lambda n: {"type": "card", "body": plain_text(letters(n))},
        lambda n: sb.CardBlock(body=sb.PlainText(letters(n))),
    ),
    (
        "card actions",
        3,
        lambda n: {"type": "card", "actions": [button("a")] * n},
        lambda n: sb.CardBlock(actions=[sb.Button("a", action_id="a")] * n),
    ),
]


@row(MESSAGE_LIMITS)
def test_messages(ours: Make, theirs: Make, size: int, fits: bool) -> None:  # noqa: FBT001  a column
    """Slackblocks and the sandbox agree on the limit."""
    assert (check([ours(size)]) == []) is fits
    assert accepted(theirs, size) is fits
