"""The same limits, held against slackblocks: at each limit both agree, and one beyond it too."""

from collections.abc import Callable
from typing import Any

import pytest
import slackblocks as sb

from kwtsms_sandbox.slack import check, check_view
from support.blockkit import actions, button, modal, plain_text, section, text_field

Make = Callable[[int], Any]


def letters(count: int) -> str:
    """So many letters."""
    return "x" * count


def option(text: int = 1, value: int = 1, description: int = 1) -> dict[str, Any]:
    """A choice with texts of these lengths."""
    return {
        "text": plain_text(letters(text)),
        "value": letters(value),
        "description": plain_text(letters(description)),
    }


def sb_option(text: int = 1, value: int = 1, description: int = 1) -> sb.Option:
    """The same in slackblocks."""
    return sb.Option(
        text=sb.PlainText(letters(text)),
        value=letters(value),
        description=sb.PlainText(letters(description)),
    )


def confirm(title: int = 1, text: int = 1, yes: int = 1) -> dict[str, Any]:
    """A confirm dialog with texts of these lengths."""
    return {
        "title": plain_text(letters(title)),
        "text": plain_text(letters(text)),
        "confirm": plain_text(letters(yes)),
        "deny": plain_text("no"),
    }


def sb_confirm(title: int = 1, text: int = 1, yes: int = 1) -> sb.ConfirmationDialogue:
    """The same in slackblocks."""
    return sb.ConfirmationDialogue(
        title=letters(title), text=letters(text), confirm=letters(yes), deny="no"
    )


def sb_button(text: str = "a", **fields: Any) -> sb.ActionsBlock:
    """A row with one button in slackblocks."""
    return sb.ActionsBlock(elements=[sb.Button(text=text, action_id="a", **fields)])


def menu(*options: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A row with one menu."""
    return actions({"type": "static_select", "action_id": "a", "options": list(options), **fields})


def sb_menu(*options: sb.Option, placeholder: str = "a") -> sb.ActionsBlock:
    """The same in slackblocks."""
    select = sb.StaticSelectMenu(action_id="a", placeholder=placeholder, options=list(options))
    return sb.ActionsBlock(elements=[select])


def cells(rows: int, columns: int) -> dict[str, Any]:
    """A table of this size."""
    cell = {"type": "raw_text", "text": "x"}
    return {"type": "table", "rows": [[cell] * columns] * rows}


def sb_cells(rows: int, columns: int) -> sb.TableBlock:
    """The same in slackblocks."""
    return sb.TableBlock(rows=[[sb.RawText("x")] * columns for _ in range(rows)])


MESSAGE_LIMITS: list[tuple[str, int, Make, Make]] = [
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
FORM_LIMITS: list[tuple[str, int, Make, Make]] = [
    (
        "alert",
        200,
        lambda n: {"type": "alert", "text": plain_text(letters(n))},
        lambda n: sb.AlertBlock(letters(n)),
    ),
    (
        "label",
        2000,
        lambda n: text_field(letters(n), "a"),
        lambda n: sb.InputBlock(letters(n), sb.PlainTextInput(action_id="a")),
    ),
    (
        "hint",
        2000,
        lambda n: {**text_field("a", "a"), "hint": plain_text(letters(n))},
        lambda n: sb.InputBlock("a", sb.PlainTextInput(action_id="a"), hint=letters(n)),
    ),
    (
        "max_length",
        3000,
        lambda n: text_field("a", "a", max_length=n),
        lambda n: sb.InputBlock("a", sb.PlainTextInput(action_id="a", max_length=n)),
    ),
    (
        "input placeholder",
        150,
        lambda n: text_field("a", "a", placeholder=plain_text(letters(n))),
        lambda n: sb.InputBlock("a", sb.PlainTextInput(action_id="a", placeholder=letters(n))),
    ),
]
VIEW_LIMITS: list[tuple[str, int, Make, Make]] = [
    (
        "title",
        24,
        lambda n: modal(section("a"), title=plain_text(letters(n))),
        lambda n: sb.ModalView(letters(n), [sb.SectionBlock("a")]),
    ),
    (
        "submit",
        24,
        lambda n: modal(section("a"), submit=plain_text(letters(n))),
        lambda n: sb.ModalView("a", [sb.SectionBlock("a")], submit=letters(n)),
    ),
    (
        "close",
        24,
        lambda n: modal(section("a"), close=plain_text(letters(n))),
        lambda n: sb.ModalView("a", [sb.SectionBlock("a")], close=letters(n)),
    ),
    (
        "private_metadata",
        3000,
        lambda n: modal(section("a"), private_metadata=letters(n)),
        lambda n: sb.ModalView("a", [sb.SectionBlock("a")], private_metadata=letters(n)),
    ),
    (
        "blocks",
        100,
        lambda n: modal(*[section("a")] * n),
        lambda n: sb.ModalView("a", [sb.SectionBlock("a")] * n),
    ),
]


def accepted(make: Make, size: int) -> bool:
    """Slackblocks builds it."""
    try:
        make(size)
    except sb.InvalidUsageError:
        return False
    return True


def row(table: list[tuple[str, int, Make, Make]]) -> pytest.MarkDecorator:
    """Each limit, at the limit and one beyond it."""
    cases = [
        pytest.param(ours, theirs, size, size == limit, id=f"{name} {size}")
        for name, limit, ours, theirs in table
        for size in (limit, limit + 1)
    ]
    return pytest.mark.parametrize(("ours", "theirs", "size", "fits"), cases)


@row(MESSAGE_LIMITS)
def test_messages(ours: Make, theirs: Make, size: int, fits: bool) -> None:  # noqa: FBT001  a column
    """Slackblocks and the sandbox agree on the limit."""
    assert (check([ours(size)]) == []) is fits
    assert accepted(theirs, size) is fits


@row(FORM_LIMITS)
def test_forms(ours: Make, theirs: Make, size: int, fits: bool) -> None:  # noqa: FBT001  a column
    """The same for what stands in forms only."""
    assert (check([ours(size)], "modal") == []) is fits
    assert accepted(theirs, size) is fits


@row(VIEW_LIMITS)
def test_views(ours: Make, theirs: Make, size: int, fits: bool) -> None:  # noqa: FBT001  a column
    """The same for views."""
    assert (check_view(ours(size)) == []) is fits
    assert accepted(theirs, size) is fits


@pytest.mark.parametrize(
    "block",
    [
        sb.SectionBlock("a", accessory=sb.Button("a", action_id="a", style="danger")),
        sb.SectionBlock(fields=[sb.Markdown("a"), sb.PlainText("b")]),
        sb.HeaderBlock("a"),
        sb.ContextBlock([sb.Markdown("a"), sb.Image(image_url="x", alt_text="x")]),
        sb.DividerBlock(),
        sb.ImageBlock("x", alt_text="x", title="a"),
        sb.MarkdownBlock("# a"),
        sb.RichTextBlock(
            [
                sb.RichTextSection([sb.RichText("a", bold=True), sb.RichTextLink("x", "y")]),
                sb.RichTextList("bullet", [sb.RichTextSection([sb.RichText("a")])], indent=1),
                sb.RichTextQuote([sb.RichText("a")]),
                sb.RichTextCodeBlock([sb.RichText("a")]),
            ]
        ),
        sb_menu(sb_option()),
        sb_button(confirm=sb_confirm()),
        sb_cells(2, 2),
        sb.CarouselBlock([sb.CardBlock(title=sb.PlainText("a"))]),
        sb.ContainerBlock([sb.SectionBlock("a")], title="a"),
        sb.DataTableBlock([[sb.RawText("n")], [sb.RawNumber(1, "1")]], caption="a"),
        sb.PlanBlock("a", [sb.TaskCardBlock("1", "a", status="complete")]),
    ],
    ids=lambda block: type(block).__name__,
)
def test_what_slackblocks_builds_is_taken(block: Any) -> None:
    """Every block that the oracle renders passes here."""
    assert check([sb.Message(channel="C1", blocks=[block]).to_dict()["blocks"][0]]) == []
