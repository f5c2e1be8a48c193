"""The limits of forms and views, and every block of slackblocks, agree with slackblocks."""

from typing import Any

import pytest
import slackblocks as sb

from kwtsms_sandbox.slack import check, check_view
from support.blockkit import modal, plain_text, section, text_field
from support.oracle import (
    Limit,
    Make,
    accepted,
    letters,
    row,
    sb_button,
    sb_cells,
    sb_confirm,
    sb_menu,
    sb_option,
)

FORM_LIMITS: list[Limit] = [
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
VIEW_LIMITS: list[Limit] = [
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


@row(FORM_LIMITS)
def test_forms(ours: Make, theirs: Make, size: int, fits: bool) -> None:  # noqa: FBT001  a column
    """Slackblocks and the sandbox agree on the limits of form blocks."""
    assert (check([ours(size)], "modal") == []) is fits
    assert accepted(theirs, size) is fits


@row(VIEW_LIMITS)
def test_views(ours: Make, theirs: Make, size: int, fits: bool) -> None:  # noqa: FBT001  a column
    """Slackblocks and the sandbox agree on the limits of views."""
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
def test_what_slackblocks_builds_is_accepted(block: Any) -> None:
    """Every block that slackblocks renders is accepted."""
    assert check([sb.Message(channel="C1", blocks=[block]).to_dict()["blocks"][0]]) == []
